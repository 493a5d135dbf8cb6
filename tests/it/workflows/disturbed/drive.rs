//! Jobs whose tasks are taken one after the other, by hand.

use std::{collections::BTreeSet, fs, path::PathBuf};

use bindery::{
    domain::{JobId, Lane, TenantId, WorkerId},
    queue::{self, Ending, Handler as _, Lease, Stop, lease::How, step::step, worker::Registration},
    workflows::{
        Context, Kind, add,
        certificates::Certificates,
        create::{self, NewJob},
        delete, start,
        work::{Done, Work},
    },
};
use bytes::Bytes;
use futures_util::stream;
use sqlx::PgConnection;

use super::{
    super::time_stamps::Authority,
    cases::Case,
    faults::{self, Faults},
    picture::{self, Picture},
};
use crate::support::{
    Document, Site,
    inside::{context, worker},
    remote::{Remote, egress},
    scripted::{lose, register, take_in},
    wait::seconds,
};

/// What happens to each task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// Nothing.
    None,
    /// Its worker is killed when the work is done and nothing is settled. What it left stays.
    Killed,
    /// Its worker is slow and loses its lease: another one does the task, and it comes with what it has, before and afterwards.
    Overtaken,
    /// The connection is cut at each statement of its settlement, and when that was committed before the answer.
    Cut,
}

/// Expects that a settlement does not count.
#[track_caller]
fn is_lost(settled: Result<(), queue::Error>) {
    assert!(matches!(settled, Err(queue::Error::LeaseLost { .. })), "{settled:?}");
}

/// A service whose worker is the test.
pub(super) struct Workshop {
    case: &'static Case,
    ctx: Context,
    work: Work,
    me: Registration,
    conn: PgConnection,
    faults: Faults,
    _stamps: Remote,
    // Dropped last: the others have their files in its folder.
    site: Site,
}

impl Workshop {
    pub(super) async fn open(case: &'static Case) -> Self {
        let site = Site::new().await;
        let faults = Faults::of(&site.db).await;
        let folder = site.folder.path();
        let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/pdf/sign/testdata");
        fs::copy(keys.join("p256.p12"), folder.join("office.p12")).unwrap();
        fs::write(folder.join("office.password"), "secret").unwrap();
        let stamps = Authority::new().serve(<[u8]>::to_vec).await;
        site.set_profile(case.workflow, &(case.settings)(&stamps.url("/"))).await;
        let ctx = context(&site.db, folder, egress(&stamps.entry()));
        let work = worker(&ctx, folder, Certificates::in_folder(Some(folder.to_owned())));
        let mut conn = site.db.connect().await;
        let me = register(&mut conn, seconds(300)).await;
        Self { case, ctx, work, me, conn, faults, _stamps: stamps, site }
    }

    /// Does a job from its creation to its purge, and tells what was to be seen of it.
    pub(super) async fn run(&mut self, disturbance: Disturbance) -> Picture {
        let job = self.begin().await;
        let mut kinds = BTreeSet::new();
        self.tasks(disturbance, &mut kinds).await;
        let mut picture = picture::of(&self.site, job).await;
        let (named, stored) = (picture::named_blobs(&self.site, job).await, self.stored());
        match disturbance {
            // Nobody was left to remove what was made in vain.
            Disturbance::Killed => assert!(stored.is_superset(&named)),
            Disturbance::None | Disturbance::Overtaken | Disturbance::Cut => {
                assert_eq!(stored, named, "{disturbance:?}")
            }
        }
        delete::delete(&self.ctx, TenantId::DEFAULT, job).await.unwrap();
        self.tasks(disturbance, &mut kinds).await;
        picture.kinds = kinds;
        assert_eq!(self.stored(), BTreeSet::new(), "{disturbance:?}: blobs are left");
        let rows =
            "select (select count(*) from jobs) + (select count(*) from documents) + (select count(*) from tasks)
                         + (select count(*) from events) + (select count(*) from results)
                         + (select count(*) from drawings)";
        assert_eq!(self.site.db.count(rows).await, 0, "{disturbance:?}: rows are left");
        picture
    }

    async fn begin(&self) -> JobId {
        let tenant = TenantId::DEFAULT;
        let new = NewJob { workflow: Some(self.case.workflow.to_owned()), ..NewJob::default() };
        let job = create::create(&self.ctx, tenant, &new).await.unwrap();
        for Document { name, bytes } in (self.case.documents)() {
            let accepted = add::accept(&self.ctx, tenant, job, None).await.unwrap();
            let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
            let uploaded = add::upload(&self.ctx, &accepted, &name, None, bytes).await.unwrap();
            add::finish(&self.ctx, accepted, uploaded, &[]).await.unwrap();
        }
        start::start(&self.ctx, tenant, job).await.unwrap();
        job
    }

    /// Does tasks until there are none.
    async fn tasks(&mut self, disturbance: Disturbance, kinds: &mut BTreeSet<Kind>) {
        while let Some(lease) = self.claim().await {
            kinds.insert(lease.task.kind.parse().unwrap());
            match disturbance {
                Disturbance::None => {
                    let done = self.execute(&lease).await;
                    self.settle(&lease, &done).await.unwrap();
                }
                Disturbance::Killed => {
                    drop(self.execute(&lease).await);
                    let lease = self.again(&lease).await;
                    let done = self.execute(&lease).await;
                    self.settle(&lease, &done).await.unwrap();
                }
                Disturbance::Overtaken => self.overtaken(&lease).await,
                Disturbance::Cut => self.cut(&lease).await,
            }
        }
    }

    async fn overtaken(&mut self, slow: &Lease) {
        let late = self.execute(slow).await;
        let lease = self.again(slow).await;
        let done = self.execute(&lease).await;
        is_lost(self.settle(slow, &late).await);
        self.settle(&lease, &done).await.unwrap();
        is_lost(self.settle(slow, &late).await);
        assert!(!slow.has_ended(&mut self.conn).await.unwrap(), "it was not the one that counts");
        self.work.discard(slow, late).await;
    }

    async fn cut(&mut self, lease: &Lease) {
        let (lease, done) = &self.execute_cut_off(lease).await;
        let Self { faults, work, ctx, me, .. } = self;
        faults.at_each_statement(async || settle(work, ctx, me.id, lease, done).await).await;
        // The answer to the commit was lost, too, so it is settled again; and then it is seen that it was the one that counts.
        is_lost(self.settle(lease, done).await);
        // A purge takes its history with it, and has nothing that could be dropped.
        assert!(lease.task.kind == Kind::Purge.as_str() || lease.has_ended(&mut self.conn).await.unwrap());
    }

    /// Does a task with the connection cut where the work first writes, which costs no attempt, and once more.
    async fn execute_cut_off(&mut self, lease: &Lease) -> (Lease, Done) {
        self.faults.arm(1).await;
        let done = self.execute(lease).await;
        self.faults.arm(0).await;
        let is_released = |ending: &Ending| matches!(ending.how, How::Released(_));
        // A purge writes nothing before it is settled.
        if !self.work.ending(lease, &done).as_ref().is_some_and(is_released) {
            assert_eq!(lease.task.kind, Kind::Purge.as_str());
            return (lease.clone(), done);
        }
        self.settle(lease, &done).await.unwrap();
        let lease = self.same(lease).await;
        let done = self.execute(&lease).await;
        (lease, done)
    }

    async fn execute(&self, lease: &Lease) -> Done {
        self.work.execute(lease, &Stop::default()).await
    }

    async fn settle(&self, lease: &Lease, done: &Done) -> Result<(), queue::Error> {
        settle(&self.work, &self.ctx, self.me.id, lease, done).await
    }

    async fn claim(&mut self) -> Option<Lease> {
        for lane in Lane::ALL {
            let claimed = take_in(&mut self.conn, &self.me, *lane, 1).await;
            if let Some(lease) = claimed.into_iter().next() {
                return Some(lease);
            }
        }
        None
    }

    /// Takes the task of a worker that is dead in the eyes of the others, as another one.
    async fn again(&mut self, lost: &Lease) -> Lease {
        assert_eq!(lose(&mut self.conn, self.me.id).await, 1);
        self.me = register(&mut self.conn, seconds(300)).await;
        self.same(lost).await
    }

    /// Claims a task again, which may have to wait after what became of it: as if that time had gone by.
    async fn same(&mut self, before: &Lease) -> Lease {
        self.site.db.execute("update tasks set run_at = now() where state = 'later'").await;
        queue::rescue::release_due(&mut self.conn).await.unwrap();
        let lease = self.claim().await.expect("the task is there again");
        let (task, attempt) = (before.task.id, before.task.attempt);
        assert_eq!((lease.task.id, lease.task.attempt), (task, attempt), "and no attempt was counted");
        lease
    }

    /// The blobs that there are.
    fn stored(&self) -> BTreeSet<String> {
        let folder = self.site.blobs();
        let name = |file: PathBuf| file.strip_prefix(&folder).unwrap().display().to_string();
        self.site.blob_files().into_iter().map(name).collect()
    }
}

/// Settles as the pump does: by a statement of its own what concerns the queue alone.
async fn settle(work: &Work, ctx: &Context, me: WorkerId, lease: &Lease, done: &Done) -> Result<(), queue::Error> {
    let Some(ending) = work.ending(lease, done) else { return work.settle(lease, done).await };
    let mut conn = ctx.pool.acquire().await.map_err(faults::connect)?;
    let settled = step(&mut conn, me, &[(lease, &ending)], &[]).await?.settled;
    let lost = queue::Error::LeaseLost { task: lease.task.id, fence: lease.fence };
    if settled.contains(&lease.fence) { Ok(()) } else { Err(lost) }
}
