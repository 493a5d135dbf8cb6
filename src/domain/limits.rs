//! Every limit of the service, with its unit and its reason.

use std::time::Duration;

/// Most bytes of one uploaded document, unless `BINDERY_MAX_UPLOAD` says otherwise. The contract names no limit;
/// four gibibytes is past what any engine turns into a PDF.
pub const UPLOAD_BYTES_MAX: u64 = 4 << 30;

/// Most bytes of a JSON or XML body or of the `options` part of an upload: 1,000 options of 1 KiB fit.
pub const OPTIONS_BYTES_MAX: usize = 1 << 20;

/// Most bytes of the headers of one part of an upload. A file name of 255 letters, every one escaped and all of it said
/// twice, has 5 KiB.
pub const PART_HEADER_BYTES_MAX: usize = 16 << 10;

/// Most bytes of an upload that are neither the document nor its options: headers, and fields that a form sends along.
pub const FORM_OVERHEAD_BYTES_MAX: usize = 1 << 20;

/// Most bytes of the JSON of a call of the Simple API without the contents of its documents: 10,000 of them with a long name each.
pub const STRUCTURED_BYTES_MAX: usize = 4 << 20;

/// Most elements inside each other in a list of options that comes as XML. The list itself needs three.
pub const XML_DEPTH_MAX: usize = 32;

/// Most elements of such a list: each of the most options that there may be has three, and as many again are skipped.
pub const XML_ELEMENTS_MAX: usize = 6 * OPTIONS_MAX + 1;

/// Most attributes of one of its elements; looking for one that is there twice takes the square of their number.
pub const XML_ATTRIBUTES_MAX: usize = 64;

/// Most bytes of a request's first line and headers together.
pub const REQUEST_HEAD_BYTES_MAX: usize = 64 << 10;

/// Most headers of a request.
pub const REQUEST_HEADERS_MAX: usize = 100;

/// Most bytes of a request's path and query: ten times the longest names that a job may have.
pub const REQUEST_TARGET_BYTES_MAX: usize = 16 << 10;

/// How long a client may take from the first to the last byte of a request's head, and with the first one on a new connection.
pub const REQUEST_HEAD_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a body may make no progress: a client whose network is gone never says so. How long it takes in all is not limited: large uploads over slow lines are fine.
pub const REQUEST_BODY_STALL_MAX: Duration = Duration::from_secs(60);

/// Most bytes of a body that are taken although nobody wants them, so that its connection can go on.
pub const REQUEST_REST_BYTES_MAX: u64 = 64 << 10;

/// How long they may take. Most often there are none, and only the end of a body in pieces has not been looked at.
pub const REQUEST_REST_TIME_MAX: Duration = Duration::from_millis(100);

/// How long a client may take nothing of an answer that is ready for it.
pub const ANSWER_STALL_MAX: Duration = Duration::from_secs(60);

/// How long a connection stays open between two requests: longer than the 60 s and 90 s after which proxies and clients
/// close theirs, so that none of them sends a request into a connection that is being closed.
pub const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(120);

/// How long bytes are still taken from a client that was refused before it had sent all; closing at once would take the
/// answer away from under it.
pub const CONNECTION_LINGER_MAX: Duration = Duration::from_secs(5);

/// Most options of one job or document.
pub const OPTIONS_MAX: usize = 1_000;

/// Most characters of an option's name.
pub const OPTION_NAME_CHARS_MAX: usize = 256;

/// Most characters of an option's value.
pub const OPTION_VALUE_CHARS_MAX: usize = 65_536;

/// Most bytes that the files in one PDF may unpack to when they are taken out.
pub const EXTRACTED_BYTES_MAX: u64 = 512 << 20;

/// Most files of one job: as many as there can be documents.
pub const RESULTS_MAX: usize = 10_000;

/// Most documents a client may add to one job.
pub const DOCUMENTS_PER_JOB_MAX: i32 = 10_000;

/// Most characters kept of a file name or a job name; longer ones are cut in the middle of nowhere by file systems.
pub const NAME_CHARS_MAX: usize = 1_000;

/// Most characters of what counts as an extension, with its dot, when a file name is cut.
pub const EXTENSION_CHARS_MAX: usize = 17;

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

/// Most rules for what comes out of containers in one profile.
pub const CHILD_RULES_MAX: usize = 200;

/// Most patterns of names in one of them: there are some hundred extensions of programs.
pub const CHILD_PATTERNS_MAX: usize = 500;

/// Most characters of one pattern.
pub const CHILD_PATTERN_CHARS_MAX: usize = 256;

/// Most bytes that come out of one upload with all that is nested in it: four times what may be uploaded.
pub const UNPACK_BYTES_MAX: u64 = 4 * UPLOAD_BYTES_MAX;

/// Most bytes of one mail message, which is held in memory some times over. Servers refuse mails of a tenth of it.
pub const MAIL_BYTES_MAX: u64 = 512 << 20;

/// Most messages in a message, beside and inside each other. Digests of mailing lists have fifty.
pub const MAIL_MESSAGES_MAX: usize = 1_000;

/// Most parts of a message inside each other. Forwarded and signed ones reach six.
pub const MAIL_PARTS_DEPTH_MAX: usize = 50;

/// Most people that one field of a mail's header is shown with: forty pages.
pub const MAIL_PEOPLE_SHOWN_MAX: usize = 5_000;

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

/// How long an engine may stand still. What waits for nothing but itself uses the processor; what waits for the disk is told
/// apart.
pub const ENGINE_STALL_MAX: Duration = Duration::from_secs(30);

/// How long a warm process without work is kept; starting it anew takes half a second.
pub const ENGINE_IDLE_MAX: Duration = Duration::from_secs(300);

/// Most bytes of a PKCS#12 file, and of its password. One with a key and three certificates has 5 KiB.
pub const CERTIFICATE_BYTES_MAX: u64 = 1 << 20;

/// Most characters of the name of a certificate.
pub const CERTIFICATE_NAME_CHARS_MAX: usize = 100;

/// Most characters of each of the texts of a signature: its reason, its place, and how to reach who signs.
pub const SIGNATURE_TEXT_CHARS_MAX: usize = 1_000;

/// Most bytes of a PDF behind the title page or the table of contents of a dossier. A letterhead has some hundred KiB.
pub const BACKGROUND_BYTES_MAX: usize = 4 << 20;

/// Most bytes of the images of all stamps of a profile together. A photograph of 16 megapixels has 8 MiB.
pub const STAMP_IMAGES_BYTES_MAX: usize = 16 << 20;

/// Most bytes that an engine may write to its standard error. LibreOffice in a bad mood writes some hundred lines.
pub const STDERR_BYTES_MAX: usize = 16 << 20;

/// Most bytes that are kept of what an engine writes to its standard error.
pub const STDERR_TAIL_BYTES_MAX: usize = 4 * 1024;

/// Most bytes of what an engine host is asked. Base 64 makes 22 MiB of the images of a profile and 11 of its two backgrounds.
pub const ENGINE_REQUEST_BYTES_MAX: u32 = 64 << 20;

/// Most bytes of what it answers: a host may have been taken over by its document.
pub const ENGINE_ANSWER_BYTES_MAX: u32 = 16 << 20;

/// Most bytes an engine may write to one file.
pub const ENGINE_FILE_BYTES_MAX: u64 = 4 << 30;

/// Most bytes of memory an engine host may map. LibreOffice needs 500 MiB for the largest ordinary document seen.
pub const ENGINE_MEMORY_BYTES_MAX: u64 = 6 << 30;

/// Bytes of memory that there have to be for each slot of a worker that is not told how many it has: twice what the largest
/// ordinary document needs.
pub const SLOT_MEMORY_BYTES: u64 = 1 << 30;

/// How often a document may be sent on into another lane: its type is found once, but hosts may be made to say anything.
pub const REROUTES_MAX: i64 = 4;

/// Most bytes of a plain-text document that is set in type: 1,700 pages, 2.5 GiB of memory and half a minute.
pub const TEXT_BYTES_MAX: u64 = 8 << 20;

/// Most fields of a table in a text file that is set as a table: 60,000 take 1.1 GiB of memory.
pub const TABLE_FIELDS_MAX: usize = 150_000;

/// Most bytes of a drawing, unpacked.
pub const DRAWING_BYTES_MAX: u64 = 64 << 20;

/// Most pixels of one picture that has to be decoded: 1 GiB as RGBA.
pub const PIXELS_MAX: u64 = 256 << 20;

/// Most frames of an animation that are shown: half a minute of it.
pub const FRAMES_MAX: usize = 1_000;

/// Most pixels of all of these together: 1,000 frames of 1,024 x 1,024.
pub const FRAMES_PIXELS_MAX: u64 = 1 << 30;

/// Most pixels of a picture in which text is recognised: an A2 page at 300 dots per inch, a quarter of a GiB while it is drawn.
pub const OCR_PIXELS_MAX: u64 = 64 << 20;

/// Most pixels of one of its sides; Tesseract counts with 16 bits, one of them for the sign.
pub const OCR_SIDE_MAX: u32 = 32_000;

/// Most languages that are looked for at once: each takes its own time.
pub const OCR_LANGUAGES_MAX: usize = 8;

/// Fewest dots per inch with which a page may be looked at.
pub const OCR_DOTS_PER_INCH_MIN: u32 = 72;

/// Most dots per inch with which a page may be looked at; more shows nothing that Tesseract could use.
pub const OCR_DOTS_PER_INCH_MAX: u32 = 600;

/// Most words on one page. A page of a newspaper has 5,000; so many fill half of what a host may answer.
pub const OCR_WORDS_MAX: usize = 50_000;

/// Most pixels of a page that is drawn anew as a picture: an A1 page at 200 dots per inch, 128 MiB while it is drawn.
pub const REDRAW_PIXELS_MAX: u64 = 32 << 20;

/// Most pixels of one of its sides; they are counted with 16 bits.
pub const REDRAW_SIDE_MAX: u32 = 32_000;

/// Most pixels of a picture that is decoded to be stored in a way that PDF/A-1 takes: 256 MiB of CMYK.
pub const FLAT_PIXELS_MAX: u64 = 64 << 20;

/// Most pixels of a page of a TIFF: an A4 page at 1,200 dots per inch, 560 MiB while it is drawn.
pub const TIFF_PIXELS_MAX: u64 = 140 << 20;

/// Most pixels of one of its sides; they are counted with 16 bits.
pub const TIFF_SIDE_MAX: u32 = 65_000;

/// Most bytes of a TIFF, whose places are counted with 32 bits.
pub const TIFF_BYTES_MAX: u64 = u32::MAX as u64;

/// Most pages of a TIFF of up to [`TIFF_PIECE_DOTS_PER_INCH`] that are drawn in one go; more are drawn in pieces of so many. A page takes a tenth of
/// a second to one.
pub const TIFF_PIECE_PAGES: usize = 32;

/// Dots per inch beyond which a piece of a TIFF has the fewer pages the more pixels each of them has.
pub const TIFF_PIECE_DOTS_PER_INCH: u32 = 300;

/// Most characters of each of the texts that a TIFF has on each of its pages.
pub const TIFF_TEXT_CHARS_MAX: usize = 1_000;

/// Most elements of the logical structure of a document that are written as XML. A book of 1,000 pages has 50,000.
pub const XML_STRUCTURE_MAX: usize = 1 << 20;

/// Most bytes of the text of a document that are held for its logical structure: a hundred thick books.
pub const XML_MARKED_BYTES_MAX: usize = 128 << 20;

/// Most characters of one attribute of a document written as XML.
pub const XML_VALUE_CHARS_MAX: usize = 32_000;

/// Most items of an outline, and most attachments, that are written as XML.
pub const XML_ITEMS_MAX: usize = 100_000;

/// Most glyphs of one page whose text is read; what comes after them is no text. The fullest page of a map has 100,000.
pub const PAGE_GLYPHS_MAX: usize = 1 << 20;

/// Most bytes of the text of one page. One glyph may stand for any number of characters.
pub const PAGE_TEXT_BYTES_MAX: usize = 8 << 20;

/// Most bytes that one stream of a PDF may unpack to while it is being worked on.
pub const STREAM_BYTES_MAX: u64 = 512 << 20;

/// Most pages of one result.
pub const PAGES_MAX: usize = 100_000;

/// Longest side of a page in points that PDF/A allows (ISO 19005-2, 6.1.13, by ISO 32000-1, Annex C).
pub const PAGE_POINTS_MAX: f32 = 14_400.0;

/// Most bytes of a URL that a client gives. Browsers and proxies give up at about as many.
pub const EGRESS_URL_BYTES_MAX: usize = 8 << 10;

/// How long an outbound request may take with all redirects, up to its last byte: 4 GiB at 10 Mbit/s take 57 minutes.
pub const EGRESS_TIME_MAX: Duration = Duration::from_secs(3600);

/// How long a server of time stamps may take for an answer, with all redirects. Public ones take less than a second.
pub const TIME_STAMP_TIME_MAX: Duration = Duration::from_secs(15);

/// Most bytes of what a server of time stamps is asked. We write 80.
pub const TIME_STAMP_REQUEST_BYTES_MAX: usize = 1 << 10;

/// Most bytes of its answer. Those of public servers have 6 KiB with their certificates.
pub const TIME_STAMP_ANSWER_BYTES_MAX: u64 = 32 << 10;

/// How long finding a host may take, and again connecting to it.
pub const EGRESS_CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// How long an outbound request waits while next to nothing moves, and for its answer.
pub const EGRESS_IDLE_TIME_MAX: Duration = Duration::from_secs(60);

/// Fewer bytes than this in that time are next to nothing: 273 a second, a twentieth of a modem.
pub const EGRESS_IDLE_BYTES_MIN: u64 = 16 << 10;

/// Most redirects that an outbound request follows.
pub const EGRESS_REDIRECTS_MAX: usize = 10;

/// Most bytes in the head of an answer to an outbound request. Servers themselves take at most so much from their clients.
pub const EGRESS_HEADER_BYTES_MAX: usize = 64 << 10;

/// Names that one process looks up at once: the system holds a thread for each, up to half a minute.
pub const EGRESS_LOOKUPS_MAX: usize = 32;
