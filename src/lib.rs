//! Bindery: a durable document-conversion service on PostgreSQL. This page is the map of the code.
//!
//! Clients create jobs over HTTP ([`api`]), workers claim tasks from PostgreSQL ([`queue`]) and have documents converted
//! in engine hosts ([`engines`]), which bring every PDF to PDF/A ([`pdf`]). What a job does from create to purge is in
//! [`workflows`]; rows and blobs are in [`storage`]; [`cli`] puts it all together as one program.
//!
//! # Floors
//!
//! | floor | folder | may name | must never |
//! | --- | --- | --- | --- |
//! | 0 | [`domain`] | nothing of ours | do I/O, know serde or HTTP |
//! | 1 | [`storage`] | domain | start jobs, know HTTP, decide policy |
//! | 1 | [`egress`] | domain | know jobs, the database, the environment |
//! | 2 | [`queue`] | domain, storage | name a kind of task, an engine or HTTP |
//! | 3 | [`pdf`] | domain | know an engine, the clock, the environment |
//! | 3 | [`engines`] | domain, pdf | see PostgreSQL, the queue, HTTP, the environment, the clock |
//! | 4 | [`workflows`] | domain, storage, egress, queue, engines | know HTTP or the environment |
//! | 5 | [`api`] | domain, storage (reads), egress, workflows | contain SQL, call an engine, open a transaction |
//! | 6 | [`cli`] | all | be imported |
//!
//! `queue` and `engines` do not see each other: they meet only in [`workflows::work`]. [`log`] is free for all.
//! The test `tidy` holds the code against this table.
//!
//! # One job, from POST to download
//!
//! 1. `POST /jobs` → [`api::server`] → [`api::router`] → [`workflows::create`]: one transaction with the job and its options. It keeps
//!    the version of its profile ([`workflows::profiles`]), from which its workflow makes a line ([`workflows::workflow`]): how
//!    documents are converted, and the steps to the files of the job.
//! 2. `POST /jobs/{id}/data` → [`workflows::add`]: `accept` takes the next place in the order, `upload` streams the bytes
//!    into [`storage::blobs`], `finish` commits document, options and a `convert` task together, then rings the bell. With
//!    `?url=` the bytes come through [`egress`] instead of from the client.
//! 3. A worker's [`queue::pump`] hears the bell and claims ([`queue::step`]): one statement settles what has ended, another
//!    draws a fence for each task that it claims.
//! 4. [`workflows::work`] executes: it fetches the blob into a work folder and asks an engine host
//!    ([`engines::host`] → [`engines::serve`]), which detects the type ([`engines::detect`]), lets an engine make a PDF
//!    ([`engines::native`], [`engines::office`], [`engines::browser`]; in tests also [`engines::fault`]) and brings it through
//!    the gate ([`pdf::gate`]): [`pdf::archive`] changes its objects, [`pdf::validate`] says whether it is PDF/A now, and
//!    [`pdf::redraw`] stands behind both. A document in the wrong lane is sent on. The PDF goes into the blob store under a name that holds
//!    the fence. A container ([`engines::unpack`], [`engines::mail`]) becomes documents of
//!    their own, with a task each; which of them are converted, [`engines::children`] judges by the rules of the profile.
//!    Where the profile wants their text ([`workflows::text_recognition`]), pages that are pictures get tasks of their own, too.
//! 5. The same module settles: one transaction locks the job, ends the task by its fence, records the document, its events,
//!    and takes the job's next step ([`workflows::advance`]).
//! 6. `POST /jobs/{id}:start` → [`workflows::start`]. Whoever comes last, the start or the last document, enqueues
//!    `assemble` in its own transaction.
//! 7. The `assemble` task has a host do the steps of the job ([`engines::assemble`]): merge, stamp, make smaller, sign, set a
//!    title page, take XML out, draw a TIFF, and, for a PDF, the same gate. Where signatures
//!    get time stamps, there are two hosts, and the worker asks for the stamps between them through [`egress`]. A TIFF of many pages is drawn in pieces by tasks of their own, and
//!    joined when the last of them has ended. The files are published; settling it completes the
//!    job and rings for those who wait.
//! 8. `GET /jobs/{id}/result` → [`workflows::result`] waits without holding a connection, `GET …/events` follows the job
//!    ([`workflows::progress`]); for all of them one registry looks ([`workflows::watch`]). `GET …/result/{resultId}` streams
//!    the blob, to the client or, with `:put` and `:post`, through [`egress`] to a URL.
//! 9. A call of the Simple API ([`api::simple_router`]) does steps 1 to 8 by itself, for a job that ends with it ([`workflows::errand`]); what job
//!    that is, a row says ([`workflows::connections`]).
//! 10. `DELETE /jobs/{id}` → [`workflows::delete`] hides the job and enqueues `purge`.
//!
//! What the operations are is told at one place and used twice: the lists in [`api`] make the routes and, by `api::openapi`, the
//! OpenAPI document ([`api::document`]) and its page.
//!
//! # What holds when a process dies
//!
//! | who, when | what is left | who mends it |
//! | --- | --- | --- |
//! | API during an upload | bytes without a row, or half of them | the client gets no 201; the job's purge removes the bytes |
//! | API after the commit, before the answer | the document is in | nothing to mend; the client sees it in the job, or repeats the call under its idempotency key |
//! | API during a call of the Simple API | a job that nobody asks for | it goes when its time is over |
//! | API during an upload with a key | the key is taken, by a lease | the lease runs out after 15 s; the next call with the key is processed anew |
//! | an engine host, or it hangs | nothing but an attempt | the worker kills its group and removes its folder; the task runs again, three times in all |
//! | worker while an engine runs | a claimed task, a work folder | rescue returns the task; the next worker on the machine removes the folder; the kernel kills the engine host |
//! | a browser | a host without an answer | the task runs again, with another browser |
//! | a zygote | hosts that the kernel kills with it | their tasks run again; the next document of its lane starts another zygote, also in place of one that hangs |
//! | worker after storing the PDF, before settling | a blob that no row names | the task runs again under another fence; the purge removes the blob |
//! | worker during the commit | either all or nothing of it | the attempt's row tells which |
//! | a connection during a claim | claimed tasks nobody knows of | the worker hands back what it holds and does not know |
//! | a worker that was only slow | a lease that is lost | its settle matches no row, and what it made is dropped; what it makes after the purge of its job is swept ([`workflows::sweep`]) |
//! | PostgreSQL | committed transactions, but perhaps not the last claims | API answers 503, workers keep converting and settle later; all reconnect. A claim that is gone is a lost lease; fences leap |
//! | everything | rows and blobs | `bindery up` finds them and goes on |
//!
//! # Rules across floors
//!
//! - A transaction holds no await on anything but the database, and no connection is held while an engine runs.
//! - Who changes a job and its tasks locks the job first.
//! - Bells ring after the commit, or with it in quiet times; the table is the truth.
//! - All times are the database's. Limits have names, in [`domain::limits`].
//! - `unsafe` stands in [`engines::process`], for fork and what runs between it and exec, where a zygote's code is put into large
//!   pages and its copies get memory of their own, where libraries are opened, and in the bindings to LibreOffice in [`engines::office`], libheif in [`engines::native`], Tesseract in [`engines::ocr`] and Ghostscript.

pub mod api;
pub mod cli;
pub mod domain;
pub mod egress;
pub mod engines;
pub mod log;
pub mod pdf;
pub mod queue;
pub mod storage;
pub mod workflows;
