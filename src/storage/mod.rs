//! Floor 1: rows and blobs. One file an aggregate; the only floor besides `queue` that holds SQL.
//!
//! Must not know: HTTP, engines, what a workflow does. It decides no policy and opens no transaction: every function
//! takes a connection, so that calls compose inside the transaction of the floor above.
//!
//! 1. A job with `deleted_at` is invisible to every read here but those of the purge.
//! 2. All times are the database's.
//! 3. A row that names a blob is committed after the blob is durable (see [`blobs`]).

pub mod blobs;
pub mod connections;
pub mod documents;
pub mod drawings;
pub mod events;
pub mod installation;
pub mod job_lists;
pub mod jobs;
pub mod migrate;
pub mod options;
pub mod overview;
pub mod pool;
pub mod profiles;
pub mod recognitions;
pub mod results;
pub mod upload_keys;

mod error;

pub use error::Error;
pub use migrate::migrate;
