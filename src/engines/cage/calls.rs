//! Which system calls are left, by seccomp: a list of what is refused, since what LibreOffice needs changes with each version.

use std::{collections::BTreeMap, io};

use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::{CageError, Engine};

/// Calls by number, each refused when one of its rules matches, or always when it has none.
type Rules = BTreeMap<libc::c_long, Vec<SeccompRule>>;

/// What no engine needs: sockets, programs, the memory and handles of other processes, the machine, kernel interfaces with a history of holes.
const NEVER: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    libc::SYS_mknodat,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    libc::SYS_vhangup,
];
/// What is given to a browser all the same: it starts itself again, speaks to its own processes, and makes a sandbox of its own
/// of the rest.
const BROWSER: &[libc::c_long] = &[
    libc::SYS_chroot,
    libc::SYS_execve,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    libc::SYS_kcmp,
    libc::SYS_socketpair,
    libc::SYS_unshare,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];
/// Namespaces in which a process has rights that it has not outside.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Takes away the calls, for this thread and all that it starts.
pub(super) fn filter(engine: Option<Engine<'_>>) -> Result<(), CageError> {
    let browser = matches!(engine, Some(Engine::Browser(_)));
    let filters = || -> Result<[BpfProgram; 2], BackendError> {
        // Its flags lie in memory, where a filter does not see them. "Not implemented" makes the C library use the other one.
        let unseen = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
        Ok([refuse(unseen, libc::ENOSYS)?, refuse(refused(browser)?, libc::EPERM)?])
    };
    for program in filters().map_err(|error| CageError::Calls(io::Error::other(error)))? {
        apply_filter(&program).map_err(|error| CageError::Calls(io::Error::other(error)))?;
    }
    Ok(())
}

fn refused(browser: bool) -> Result<Rules, BackendError> {
    let mut rules: Rules = NEVER.iter().map(|call| (*call, Vec::new())).collect();
    if browser {
        for given in BROWSER {
            rules.remove(given);
        }
        return Ok(rules);
    }
    // Threads are made by the same call as processes.
    let mut clone = vec![when(&[(0, masked(libc::CLONE_THREAD), 0)])?];
    for namespace in NAMESPACES {
        clone.push(when(&[(0, masked(namespace), namespace)])?);
    }
    rules.insert(libc::SYS_clone, clone);
    Ok(rules)
}

fn masked(bits: libc::c_int) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(u64::from(bits.cast_unsigned()))
}

/// A rule on arguments: place, comparison, value.
fn when(conditions: &[(u8, SeccompCmpOp, libc::c_int)]) -> Result<SeccompRule, BackendError> {
    let conditions = conditions.iter().map(|(place, comparison, value)| {
        SeccompCondition::new(*place, Dword, comparison.clone(), u64::from(value.cast_unsigned()))
    });
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn refuse(rules: Rules, error: libc::c_int) -> Result<BpfProgram, BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(error.cast_unsigned()), arch)?.try_into()
}
