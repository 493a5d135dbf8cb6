//! Whether a process gets on with its work: what it and all that it started have used of the processor, as `/proc` tells.

use std::{
    collections::HashMap,
    fs,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::process::Working;

/// Looks in the time that a process may stand still.
const LOOKS: u32 = 10;
/// Hundredths of a second, in which the kernel counts, that have to be used in a hundred seconds: one in a hundred. LibreOffice
/// that waits for itself uses half as much by looking again and again.
const NEEDED_IN_100_S: u128 = 100;

/// What is told of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    parent: i32,
    /// Waits for something that cannot be interrupted: most likely the disk.
    blocked: bool,
    /// Processor time in hundredths of a second, with that of its children that have ended.
    used: u64,
}

/// Comes back when a process, its descendants and what works for it have stood still for so long: they used less than a hundredth of one
/// processor, and the process did not wait for the disk, nor has anything been read from it, which `moved` counts: it may have
/// waited for us.
///
/// A look counts for the time until the next one and no longer, so that nobody has stood still who was stopped together with
/// us, as when a container is paused.
pub(super) async fn stalls(Working { pid, helper }: Working, moved: &AtomicU64, limit: Duration) {
    let needed = u64::try_from(limit.as_millis() * NEEDED_IN_100_S / 100_000).unwrap_or(u64::MAX).max(1);
    let (mut own, mut family, mut seen) = (0, 0, 0);
    let mut idle = 0;
    while idle < LOOKS {
        tokio::time::sleep(limit / LOOKS).await;
        idle += 1;
        let Some(process) = look(pid.as_raw()) else {
            // Of what cannot be seen nothing is said.
            idle = 0;
            continue;
        };
        let moved = moved.load(Ordering::Relaxed);
        if moved != seen || process.blocked || process.used.abs_diff(own) >= needed {
            (own, seen, idle) = (process.used, moved, 0);
            continue;
        }
        // Only now, as it takes a look at every process of the machine.
        let used = of_descendants(pid.as_raw()) + helper.map_or(0, |helper| of_family(helper.as_raw()));
        if used.abs_diff(family) >= needed {
            (family, idle) = (used, 0);
        }
    }
}

/// Processor time of a process and its descendants, in hundredths of a second.
fn of_family(pid: i32) -> u64 {
    look(pid).map_or(0, |process| process.used) + of_descendants(pid)
}

/// What is told of a process, if it is there.
fn look(pid: i32) -> Option<Process> {
    read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads a line of `stat`; proc(5) numbers its fields.
fn read(line: &str) -> Option<Process> {
    // The second field is a name that may hold anything, in brackets.
    let mut fields = line.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // From the fourteenth: its own time in the program and in the kernel, and the same of its children.
    let times: Vec<u64> = fields.skip(9).take(4).map(str::parse).collect::<Result<_, _>>().ok()?;
    (times.len() == 4).then(|| Process { parent, blocked: state == "D", used: times.iter().sum() })
}

/// Processor time of all descendants of a process, in hundredths of a second.
fn of_descendants(pid: i32) -> u64 {
    let mut children: HashMap<i32, Vec<(i32, u64)>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let number = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some((number, process)) = number.and_then(|number| Some((number, look(number)?))) {
            children.entry(process.parent).or_default().push((number, process.used));
        }
    }
    let mut used = 0;
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (child, time) in children.remove(&parent).unwrap_or_default() {
            used += time;
            parents.push(child);
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_name_of_the_program() {
        let line = "7 (a) R (b c) D 5 7 7 0 -1 4194560 9 0 0 0 11 12 13 14 20 0 1 0 77 1000 10";
        assert_eq!(read(line), Some(Process { parent: 5, blocked: true, used: 50 }));
        assert_eq!(read("7 (cut"), None);
        assert_eq!(read("7 (a) S 5 7 7 0 -1"), None);
    }
}
