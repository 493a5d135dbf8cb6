//! Which files are left, by Landlock.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};

use super::{Cage, CageError};

/// The newest rules that are known here; an older kernel enforces those that it has.
const RULES: ABI = ABI::V6;

/// What every host reads: facts about itself and the processors, for the size of thread pools.
const ALWAYS: &[&str] = &["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/urandom"];
/// What LibreOffice reads besides its own folder. Of `/etc` only what it is known to need, since secrets may lie there.
const OFFICE: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/papersize",
    "/etc/passwd",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
];

/// Takes away all files but those of the cage. What is not there is left out of the rules.
pub(super) fn confine(cage: &Cage<'_>) -> Result<(), CageError> {
    match restrict(cage) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Ok(RulesetStatus::NotEnforced) => Err(CageError::Files(None)),
        Err(error) => Err(CageError::Files(Some(error))),
    }
}

fn restrict(cage: &Cage<'_>) -> Result<RulesetStatus, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let mut readable: Vec<PathBuf> = ALWAYS.iter().map(PathBuf::from).collect();
    readable.extend_from_slice(cage.fonts);
    let mut programs = Vec::new();
    if let Some(office) = cage.office {
        programs.extend(OFFICE.iter().map(PathBuf::from));
        // The installation: `soffice.bin` is in its folder `program`.
        programs.extend(office.ancestors().nth(2).map(Path::to_path_buf));
    }
    let null: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let enforced = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .scope(Scope::from_all(RULES))?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(programs, read))?
        .add_rules(path_beneath_rules(["/dev/null"], null))?
        .add_rules(path_beneath_rules([cage.folder], AccessFs::from_all(RULES) & !AccessFs::Execute))?
        .restrict_self()?;
    Ok(enforced.ruleset)
}
