use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::postgres::PgPool;

use crate::{
    domain::TenantId,
    storage::{self, Error},
};

/// How long a count is good for.
const FRESH: Duration = Duration::from_secs(1);

/// How many open jobs each tenant has, as far as this process knows: counting thousands of rows for every new job would
/// cost more than the job.
///
/// Near the limit it counts anew each time, so one process keeps to it exactly; several together may pass it by what they create
/// within a second.
#[derive(Debug, Clone, Default)]
pub struct OpenJobs {
    counts: Arc<Mutex<HashMap<TenantId, (i64, Instant)>>>,
}

impl OpenJobs {
    /// Whether a tenant may have one more, which is then counted.
    pub(super) async fn admit(&self, pool: &PgPool, tenant: TenantId, max: i64) -> Result<bool, Error> {
        if self.take(tenant, max) {
            return Ok(true);
        }
        let mut conn = pool.acquire().await.map_err(Error::of("connect"))?;
        let count = storage::jobs::count_open(&mut conn, tenant, max).await?;
        self.counts().insert(tenant, (count, Instant::now()));
        Ok(self.take(tenant, max))
    }

    fn take(&self, tenant: TenantId, max: i64) -> bool {
        let mut counts = self.counts();
        let Some((count, at)) = counts.get_mut(&tenant) else { return false };
        let free = at.elapsed() < FRESH && *count < max;
        *count += i64::from(free);
        free
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, (i64, Instant)>> {
        // A count is whole at any moment.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
