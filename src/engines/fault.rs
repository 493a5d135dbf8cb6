//! The fault engine: misbehaves on demand, inside the real cage, so that tests can show what comes of it.
//!
//! A document asks for it by its name, as in `fault-hang.txt`, once its host has found out what it is; any other one is
//! converted. Only a worker that was started for tests lists this engine among those of its machine.

use std::{
    fs::{self, File},
    hint::black_box,
    io::{self, Write as _},
    os::{fd::AsFd as _, unix::fs::symlink},
    path::Path,
    process::abort,
    time::Duration,
};

use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, getpgid, getppid, setpgid};

use super::{
    Error,
    children::Fate,
    process,
    protocol::{self, Answer, Convert, Response},
};
use crate::domain::{self, words::words};

/// How a name begins that asks for a fault.
const PREFIX: &str = "fault-";
/// Bytes that are taken or written at once.
const BLOCK: usize = 1 << 20;
/// Pages of which a result cannot have so many.
const PAGES: usize = 1_000_000_000;

words! {
    /// What goes wrong.
    pub enum Fault {
        /// Waits for ever.
        Hang = "hang",
        /// Uses the processor for ever.
        Spin = "spin",
        /// Takes memory until there is none.
        Leak = "leak",
        /// Makes processes, and when it gets none, ends as a program does that is broken.
        Fork = "fork",
        /// Ends by a signal.
        Crash = "crash",
        /// Writes to standard output for ever.
        Stdout = "stdout",
        /// Writes to standard error for ever.
        Stderr = "stderr",
        /// Answers with bytes that are no answer, and says that all went well.
        Garbage = "garbage",
        /// Says that all went well, and nothing else.
        Silent = "silent",
        /// Answers, and then waits for ever.
        Linger = "linger",
        /// Closes its pipes and goes on.
        Closed = "closed",
        /// Leaves its process group for that of its parent, and waits for ever.
        Leave = "leave",
        /// Tells of a PDF that has more pages than can be.
        Pages = "pages",
        /// Tells of documents with names that lead elsewhere.
        Names = "names",
        /// Tells of documents that are not there.
        Absent = "absent",
        /// Says that a rule leaves the document out, which the client added itself.
        Drop = "drop",
        /// Sends the document to a lane that there is not.
        Lane = "lane",
        /// Sends the document from lane to lane.
        Circle = "circle",
        /// Tells of a PDF that is not there.
        Nothing = "nothing",
        /// Tells of a PDF that is empty.
        Empty = "empty",
        /// Tells of a PDF that is a text.
        Text = "text",
        /// Leaves a link to a file outside in the place of the PDF.
        Link = "link",
        /// Leaves a folder in the place of the PDF.
        Folder = "folder",
        /// Writes a file that is larger than it may be.
        File = "file",
        /// Writes until the disk is full, and then waits for ever; only for a small disk of its own.
        Disk = "disk",
        /// Leaves folders inside each other, more than can be opened at once.
        Deep = "deep",
    }
}

impl Fault {
    /// The fault that a file name asks for, if it does.
    fn of(file_name: &str) -> Option<Self> {
        file_name.strip_prefix(PREFIX)?.split('.').next()?.parse().ok()
    }
}

/// Does what the name of a document asks for; nothing when it does not, or does not come back.
///
/// # Errors
/// When the machine does not let it misbehave.
pub(super) fn misbehave(convert: &Convert) -> Result<Option<Answer>, Error> {
    let Some(fault) = Fault::of(&convert.file_name) else { return Ok(None) };
    let acted = act(fault, convert);
    acted
        .map(Some)
        .map_err(|source| Error::Internal { doing: format!("commit the fault {fault}"), source: Some(source) })
}

fn act(fault: Fault, convert: &Convert) -> io::Result<Answer> {
    let output = convert.output.as_path();
    match fault {
        Fault::Hang => hang(),
        Fault::Spin => loop {
            black_box(());
        },
        Fault::Leak => leak(),
        Fault::Fork => fork_bomb(),
        Fault::Crash => abort(),
        Fault::Stdout => flood(io::stdout()),
        Fault::Stderr => flood(io::stderr()),
        Fault::Garbage => {
            io::stdout().write_all(b"\0\0\0\x02{]")?;
            io::stdout().flush()?;
            process::leave(true)
        }
        Fault::Silent => process::leave(true),
        Fault::Linger => {
            fs::write(output, "%PDF-")?;
            let response = Response {
                answer: done(1),
                format: None,
                engine: None,
                engine_version: None,
                peak_memory_bytes: 0,
                browser_in_order: false,
            };
            io::stdout().write_all(&protocol::encode(&response).map_err(io::Error::other)?)?;
            io::stdout().flush()?;
            hang()
        }
        Fault::Closed => {
            let null = File::open("/dev/null")?;
            dup2_stdin(null.as_fd())?;
            dup2_stdout(null.as_fd())?;
            dup2_stderr(null.as_fd())?;
            hang()
        }
        Fault::Leave => {
            setpgid(Pid::from_raw(0), getpgid(Some(getppid()))?)?;
            hang()
        }
        Fault::Pages => written(output, b"%PDF-", PAGES),
        Fault::Names => {
            fs::write(super::unpack::file_of(0), "A text.")?;
            Ok(Answer::Unpacked { names: vec!["../../../escaped.txt".to_owned()], bodies: 0, events: Vec::new() })
        }
        Fault::Absent => Ok(Answer::Unpacked { names: vec!["a.txt".to_owned()], bodies: 0, events: Vec::new() }),
        Fault::Drop => Ok(Answer::Spared { fate: Fate::Drop, what: "a program".to_owned() }),
        Fault::Lane => Ok(Answer::Reroute { lane: "nowhere".to_owned() }),
        // From there it is sent back, since it is really of this one.
        Fault::Circle => Ok(Answer::Reroute { lane: domain::Lane::Office.to_string() }),
        Fault::Nothing => Ok(done(1)),
        Fault::Empty => written(output, b"", 1),
        Fault::Text => written(output, b"This is no PDF.", 1),
        Fault::Link => {
            symlink("/etc/hostname", output)?;
            Ok(done(1))
        }
        Fault::Folder => {
            fs::create_dir(output)?;
            Ok(done(1))
        }
        Fault::File => {
            File::create("large")?.set_len(u64::MAX / 4)?;
            Ok(done(1))
        }
        Fault::Disk => fill(),
        Fault::Deep => deep(),
    }
}

fn done(pages: usize) -> Answer {
    Answer::Done { pages, events: Vec::new(), conformance: None, rung: None, scans: Vec::new() }
}

fn written(output: &Path, bytes: &[u8], pages: usize) -> io::Result<Answer> {
    fs::write(output, bytes)?;
    Ok(done(pages))
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::MAX);
    }
}

fn leak() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; BLOCK]));
    }
}

fn fork_bomb() -> ! {
    // Where the cage holds, the first one is refused; where it does not, there must be an end of it.
    for _ in 0..1_000 {
        match process::fork_alone() {
            Ok(ForkResult::Child) => hang(),
            Ok(ForkResult::Parent { .. }) => {}
            Err(_) => process::leave(false),
        }
    }
    hang()
}

fn flood(mut pipe: impl io::Write) -> ! {
    let block = vec![b'x'; BLOCK];
    loop {
        if pipe.write_all(&block).is_err() {
            // Whoever floods does not look whether anybody reads.
            black_box(());
        }
    }
}

fn fill() -> ! {
    let block = vec![b'x'; BLOCK];
    for number in 0_u64.. {
        let filled = File::create(format!("ballast-{number}"))
            .and_then(|mut file| (0..64).try_for_each(|_| file.write_all(&block)));
        if filled.is_err() {
            break;
        }
    }
    hang()
}

fn deep() -> io::Result<Answer> {
    for _ in 0..5_000 {
        fs::create_dir("d")?;
        std::env::set_current_dir("d")?;
    }
    hang()
}
