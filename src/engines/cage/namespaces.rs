//! What a browser gets besides: a network without anything in it, and a user that owns nothing.

use std::{fs, io, path::Path};

use nix::{
    sched::{CloneFlags, unshare},
    unistd::{Gid, Uid, chown, getgid, getuid, setgid, setgroups, setuid},
};

/// The user and the group that own nothing, by their number on every Linux.
const NOBODY: u32 = 65534;

/// Which kind of separation there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// This process is in an empty network.
    Yes,
    /// The kernel gives it no network of its own; that it may make no sockets has to do.
    No,
}

/// Leaves the network for an empty one, where not even loopback is up.
pub fn leave_network() -> Apart {
    if unshare(CloneFlags::CLONE_NEWNET).is_ok() {
        return Apart::Yes;
    }
    // Whoever may not, may as the owner of a namespace of users in which nobody but itself is known.
    let (user, group) = (getuid(), getgid());
    let entered = unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(io::Error::from);
    let mapped = entered.and_then(|()| {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
    });
    if mapped.is_ok() { Apart::Yes } else { Apart::No }
}

/// Goes on as a user who owns nothing but the folder, if this process is root's.
///
/// # Errors
/// When the kernel refuses what root may do.
pub fn leave_root(folder: &Path) -> io::Result<()> {
    if !getuid().is_root() {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    chown(folder, Some(user), Some(group))?;
    setgroups(&[group])?;
    setgid(group)?;
    Ok(setuid(user)?)
}
