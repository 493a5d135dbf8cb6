//! Every limit of the service, with its unit and its reason.

use std::time::Duration;

/// Most bytes of one uploaded document, unless `BINDERY_MAX_UPLOAD` says otherwise. The contract names no limit;
/// four gibibytes is past what any engine turns into a PDF.
pub const UPLOAD_BYTES_MAX: u64 = 4 << 30;

/// Most bytes of a JSON body or of the `options` part of an upload: 1,000 options of 1 KiB fit.
pub const OPTIONS_BYTES_MAX: usize = 1 << 20;

/// Most options of one job or document.
pub const OPTIONS_MAX: usize = 1_000;

/// Most characters of an option's name.
pub const OPTION_NAME_CHARS_MAX: usize = 256;

/// Most characters of an option's value.
pub const OPTION_VALUE_CHARS_MAX: usize = 65_536;

/// Most documents a client may add to one job.
pub const DOCUMENTS_PER_JOB_MAX: i32 = 10_000;

/// Most characters kept of a file name or a job name; longer ones are cut in the middle of nowhere by file systems.
pub const NAME_CHARS_MAX: usize = 1_000;

/// Most open jobs (not completed) of one tenant, unless `BINDERY_MAX_OPEN_JOBS` says otherwise.
pub const OPEN_JOBS_MAX: i64 = 10_000;

/// Most jobs in the answer of a list call.
pub const LIST_JOBS_MAX: i64 = 10_000;

/// Most characters of an idempotency key, all of them ASCII. Room for any identifier, and for a hash or two.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// How long the key of an upload is held for a process that gives no sign of life; as long as the lease of a worker.
pub const UPLOAD_LEASE: Duration = Duration::from_secs(15);

/// How often a process gives that sign while the bytes of the upload arrive.
pub const UPLOAD_RENEW: Duration = Duration::from_secs(5);

/// Most characters of a request id that a client brings along; a longer one would only blow up the log.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// Most files in one container, and most documents that come out of one upload with all that is nested in it.
pub const CONTAINER_ENTRIES_MAX: usize = 10_000;

/// Most containers inside each other. Mails that were forwarded many times over reach four.
pub const CONTAINER_DEPTH_MAX: usize = 8;

/// How many times its own bytes an upload may unpack to. Real archives of text reach 20.
pub const UNPACK_RATIO_MAX: u64 = 100;

/// Bytes that any upload may unpack to, however small it is.
pub const UNPACK_BYTES_FREE: u64 = 64 << 20;

/// Most bytes that come out of one upload with all that is nested in it: four times what may be uploaded.
pub const UNPACK_BYTES_MAX: u64 = 4 * UPLOAD_BYTES_MAX;

/// How long a completed job is kept, unless `BINDERY_RETENTION` says otherwise.
pub const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// How long a job may stay `creating` without anything being added.
pub const CREATING_IDLE_MAX: Duration = Duration::from_secs(3600);

/// How long a blocking result call waits at most; clients give up at two minutes.
pub const RESULT_WAIT_MAX: Duration = Duration::from_secs(110);

/// How long one attempt of a task may take. The slowest ordinary document seen, 738 pages, takes 20 s.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(300);

/// How often a task is tried before its document fails.
pub const ATTEMPTS_MAX: i16 = 3;

/// How many workers may die while they hold a task before it is given up. Not two: a worker also dies by other hands, and
/// of ten thousand tasks a few are twice in its slots when that happens.
pub const CRASHES_MAX: i16 = 3;

/// Most bytes that are kept of what an engine writes to its standard error.
pub const STDERR_TAIL_BYTES_MAX: usize = 4 * 1024;

/// Most bytes of one message between a worker and an engine host.
pub const ENGINE_MESSAGE_BYTES_MAX: u32 = 16 << 20;

/// Most bytes an engine may write to one file.
pub const ENGINE_FILE_BYTES_MAX: u64 = 4 << 30;

/// Most bytes of memory an engine host may map. LibreOffice needs 500 MiB for the largest ordinary document seen.
pub const ENGINE_MEMORY_BYTES_MAX: u64 = 6 << 30;

/// Most bytes of a plain-text document that is set in type: 1,700 pages, 2.5 GiB of memory and half a minute.
pub const TEXT_BYTES_MAX: u64 = 8 << 20;

/// Most pixels of one picture that has to be decoded: 1 GiB as RGBA.
pub const PIXELS_MAX: u64 = 256 << 20;

/// Most bytes that one stream of a PDF may unpack to while it is being worked on.
pub const STREAM_BYTES_MAX: u64 = 512 << 20;

/// Most pages of one result.
pub const PAGES_MAX: usize = 100_000;

/// Longest side of a page in points that PDF/A allows (ISO 19005-2, 6.1.13, by ISO 32000-1, Annex C).
pub const PAGE_POINTS_MAX: f32 = 14_400.0;
