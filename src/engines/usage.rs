//! What running processes use, as the kernel tells it in `/proc`.

use std::fs;

use nix::unistd::{Pid, SysconfVar, sysconf};

/// Memory that the processes of a group have each for itself, in bytes; nothing when there are none.
pub(super) fn memory_of_group(group: Pid) -> u64 {
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok()).unwrap_or(4096);
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    processes.filter(|pid| group_of(*pid) == Some(group)).filter_map(own_pages).sum::<u64>().saturating_mul(page)
}

fn group_of(pid: i32) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may hold blanks; after it: state, parent, group.
    let group = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(2)?.parse().ok()?;
    Some(Pid::from_raw(group))
}

/// Pages in memory that no file and no other process stands behind.
fn own_pages(pid: i32) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let mut fields = statm.split_ascii_whitespace().map(str::parse::<u64>);
    let (_, resident, shared) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
    Some(resident.saturating_sub(shared))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_group_is_that_of_its_processes() {
        let group = nix::unistd::getpgrp();
        let before = memory_of_group(group);
        let taken = vec![1_u8; 64 << 20];
        let after = memory_of_group(group);
        assert!(before > 0 && after >= before + (60 << 20), "{before} {after} {}", taken.len());
    }

    #[test]
    fn a_group_of_nobody_has_no_memory() {
        assert_eq!(memory_of_group(Pid::from_raw(i32::MAX)), 0);
    }
}
