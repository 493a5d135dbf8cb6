//! What `/proc` says about processes.

use std::{fs, path::Path};

use nix::unistd::Pid;

/// A process.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Its id.
    pub(crate) pid: Pid,
    /// Its arguments, separated by spaces.
    pub(crate) command: String,
}

/// The processes whose parent is the given one.
pub(crate) fn children(parent: Pid) -> Vec<Found> {
    let is_child = |status: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        line.is_some_and(|line| line.trim() == parent.to_string())
    };
    let mut found: Vec<_> = all()
        .into_iter()
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| is_child(&status)))
        .map(|pid| Found { pid, command: command(pid) })
        .collect();
    found.sort_by_key(|child| child.pid);
    found
}

/// The processes that work in a folder or below it.
pub(crate) fn working_in(folder: &Path) -> Vec<Found> {
    all()
        .into_iter()
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder)))
        .map(|pid| Found { pid, command: command(pid) })
        .collect()
}

/// The memory that a process has in use, in bytes.
pub(crate) fn resident_bytes(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn all() -> Vec<Pid> {
    let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str()?.parse().ok().map(Pid::from_raw)).collect()
}

fn command(pid: Pid) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned()
}
