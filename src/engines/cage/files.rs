//! Which files are left, by Landlock.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};

use super::{Cage, CageError, Engine};

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

/// What Chromium reads besides its own folder; the libraries that it is linked to are in the first ones.
const BROWSER: &[&str] = &[
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/fonts",
    "/usr/share/fontconfig",
    "/usr/share/zoneinfo",
    "/usr/share/icu",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/var/cache/fontconfig",
    "/sys/devices/system/cpu",
];
/// Where Chromium says who is who in the namespaces that it makes for its sandbox.
const PROCESSES: &str = "/proc";
/// What starts programs that are linked to libraries.
const LOADERS: &[&str] = &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

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
    let mut started: Vec<PathBuf> = Vec::new();
    let mut processes = None;
    match cage.engine {
        Some(Engine::Office(program)) => {
            readable.extend(OFFICE.iter().map(PathBuf::from));
            // The installation: `soffice.bin` is in its folder `program`.
            readable.extend(program.ancestors().nth(2).map(Path::to_path_buf));
        }
        Some(Engine::Libraries(folders)) => readable.extend_from_slice(folders),
        Some(Engine::Browser(program)) => {
            readable.extend(BROWSER.iter().map(PathBuf::from));
            started.extend(LOADERS.iter().map(PathBuf::from));
            started.push(program.to_path_buf());
            processes = Some(PROCESSES);
            readable.extend(program.parent().map(Path::to_path_buf));
        }
        Some(Engine::Ocr(data)) => readable.push(data.to_path_buf()),
        None => {}
    }
    let null: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let enforced = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .scope(Scope::from_all(RULES))?
        .create()?
        .add_rules(path_beneath_rules(readable, read))?
        .add_rules(path_beneath_rules(processes, read | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(started, AccessFs::ReadFile | AccessFs::Execute))?
        .add_rules(path_beneath_rules(["/dev/null"], null))?
        .add_rules(path_beneath_rules([cage.folder], AccessFs::from_all(RULES) & !AccessFs::Execute))?
        .restrict_self()?;
    Ok(enforced.ruleset)
}
