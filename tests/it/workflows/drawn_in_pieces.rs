//! TIFFs of more pages than one task draws.

use std::{fs, io::Cursor};

use bindery::{
    domain::limits::TIFF_PIECE_PAGES,
    pdf::{
        self, Shape,
        tiff::{DotsPerInch, TiffSettings, write_tiff},
    },
};
use lopdf::{Object, dictionary};
use time::{OffsetDateTime, format_description};

use crate::support::{
    Client, Document, Site,
    documents::{self, file},
    wait::{seconds, until},
};

const TIFF: &str = "?workflow=Archive%20TIFF";

/// As many dots to the inch as there are points, which is quick and still shows which page is which.
const COARSE: &str = r#"{ "tiff": { "resolution": 72 } }"#;

/// Widths of pages in points, each its own.
fn sizes(count: usize) -> Vec<u32> {
    (40..).take(count).collect()
}

/// More pages than fit in two pieces.
fn long() -> Vec<u32> {
    sizes(2 * TIFF_PIECE_PAGES + 3)
}

fn document(sizes: &[u32]) -> Document {
    let sizes: Vec<i64> = sizes.iter().copied().map(i64::from).collect();
    documents::pdf("long.pdf", &sizes)
}

/// A service that draws coarsely.
async fn site() -> Site {
    let site = Site::new().await;
    site.set_profile("Archive TIFF", &serde_json::from_str(COARSE).unwrap()).await;
    site
}

/// The pixels across each page of a TIFF.
fn widths(bytes: &[u8]) -> Vec<u32> {
    let mut read = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    let mut widths = vec![read.dimensions().unwrap().0];
    while read.more_images() {
        read.next_image().unwrap();
        widths.push(read.dimensions().unwrap().0);
    }
    widths
}

async fn started(client: &Client, inputs: &[Document]) -> String {
    let job = client.create_with(TIFF, &[]).await;
    for input in inputs {
        client.add(&job, input).await;
    }
    client.start(&job).await;
    job
}

#[tokio::test]
async fn a_long_tiff_is_byte_for_byte_the_one_that_is_drawn_in_one_go() {
    let site = site().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let mut document = pdf::read(document(&long()).bytes, &[]).unwrap().document;
    let info = document.add_object(dictionary! { "Title" => Object::string_literal("Long") });
    document.trailer.set("Info", info);
    let input = file("long.pdf", pdf::write(&mut document, Shape::Packed).unwrap());
    let done = client.convert_with(TIFF, &[], &[input]).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    let bytes = done.file.as_ref().unwrap().body.to_vec();
    assert_eq!(widths(&bytes), long());
    // The same from what was converted, at the time that it says.
    let said =
        tiff::decoder::Decoder::new(Cursor::new(&bytes)).unwrap().get_tag_ascii_string(tiff::tags::Tag::DateTime);
    let form = format_description::parse_borrowed::<2>("[year]:[month]:[day] [hour]:[minute]:[second]").unwrap();
    let now = time::PrimitiveDateTime::parse(&said.unwrap(), &form).unwrap().assume_utc();
    assert!(OffsetDateTime::UNIX_EPOCH < now);
    let mut conn = site.db.connect().await;
    let blob: String = sqlx::query_scalar("select converted_blob from documents").fetch_one(&mut conn).await.unwrap();
    let mut document = pdf::read(fs::read(site.blobs().join(blob)).unwrap(), &[]).unwrap().document;
    let written = pdf::write(&mut document, Shape::Packed).unwrap();
    let mut out = Cursor::new(Vec::new());
    let settings = TiffSettings { resolution: DotsPerInch::try_from(72).unwrap(), ..TiffSettings::default() };
    write_tiff(&document, &written, "long", &settings, now, &mut out).unwrap();
    assert!(out.into_inner() == bytes, "other bytes");
    let tasks = "select count(*) from attempts where kind = 'draw' and ending = 'succeeded'";
    assert_eq!(site.db.count(tasks).await, 3);
    assert_eq!(site.db.count("select count(*) from jobs where pages = 67 and pages_open = 0").await, 1);
}

#[tokio::test]
async fn the_pages_of_many_documents_are_drawn_in_pieces_in_their_order() {
    let site = site().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let inputs: Vec<_> = long().chunks(5).map(document).collect();
    let done = client.convert_with(TIFF, &[], &inputs).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(widths(&done.file.as_ref().unwrap().body), long());
    assert_eq!(site.db.count("select count(*) from drawings").await, 3);
}

#[tokio::test]
async fn a_tiff_of_as_many_pages_as_one_task_draws_has_no_other_task() {
    let site = site().await;
    let (_serve, client) = site.serve().await;
    let _work = site.work();
    let sizes = sizes(TIFF_PIECE_PAGES);
    let done = client.convert_with(TIFF, &[], &[document(&sizes)]).await;
    assert_eq!(widths(&done.file.as_ref().unwrap().body), sizes);
    assert_eq!(site.db.count("select count(*) from attempts").await, 2);
}

#[tokio::test]
async fn workers_share_the_pieces_and_one_that_is_killed_loses_none_while_the_status_tells_of_the_pages() {
    let site = site().await;
    let (_serve, client) = site.serve().await;
    let slots = ("BINDERY_SLOTS", "native=1");
    let killed = site.start("work", &[slots]);
    let sizes: Vec<u32> = long().iter().map(|size| size + 900).cycle().take(5 * TIFF_PIECE_PAGES).collect();
    let job = started(&client, &[document(&sizes)]).await;
    let total = sizes.len();
    until("a piece is drawn and another is begun", seconds(120), async || {
        let sql = "select least((select count(*) from drawings where blob is not null), \
                                (select count(*) from tasks where kind = 'draw' and state = 'running'))";
        (site.db.count(sql).await > 0).then_some(())
    })
    .await;
    killed.kill();
    let said = client.get(&format!("/jobs/{job}")).await.text();
    assert!(said.contains(&format!("of {total} pages drawn")) && !said.contains(" 0 of"), "{said}");
    // As if its lease had run out.
    site.db.execute("update workers set alive_until = now() - interval '1 s'").await;
    let _two = [site.start("work", &[slots]), site.start("work", &[slots])];
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(widths(&done.file.as_ref().unwrap().body), sizes);
    let sql = "select count(distinct worker_id) from attempts where kind = 'draw' and ending = 'succeeded'";
    assert_eq!(site.db.count(sql).await, 3);
    assert_eq!(site.db.count("select count(*) from attempts where kind = 'draw' and ending = 'succeeded'").await, 5);
}

#[tokio::test]
async fn a_piece_that_fails_ends_the_job_once_and_it_can_be_tried_again() {
    let site = site().await;
    let (_serve, client) = site.serve().await;
    // As if each piece but the first had killed its workers.
    site.db
        .execute(
            "create function deadly() returns trigger language plpgsql as
             $$ begin if new.kind = 'draw' and exists (select from tasks where kind = 'draw') then new.crashes := 3; end if; return new; end $$",
        )
        .await;
    site.db.execute("create trigger deadly before insert on tasks for each row execute function deadly()").await;
    let _work = site.work();
    let job = started(&client, &[document(&long())]).await;
    let (code, message) = client.finish(&job).await.error();
    assert!(code == "internal" && message.contains("workers died"), "{code}: {message}");
    until("nothing of it is under way", seconds(60), async || {
        (site.db.count("select count(*) from tasks").await == 0).then_some(())
    })
    .await;
    site.db.execute("drop trigger deadly on tasks").await;
    site.db.execute("select ops.retry(id) from jobs where outcome = 'error'").await;
    let done = client.finish(&job).await;
    assert_eq!(done.result["status"], "success", "{}", done.result);
    assert_eq!(widths(&done.file.as_ref().unwrap().body), long());
    assert_eq!(site.db.count("select count(*) from drawings").await, 3);
    assert_eq!(site.db.count("select count(*) from jobs where pages = 67 and pages_open = 0").await, 1);
}
