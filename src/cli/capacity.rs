//! What this machine has for engines, and what follows for a worker: its slots, and the bound of its memory.

use std::{collections::BTreeMap, fs, path::Path};

use crate::domain::{Lane, limits};

/// Lanes that every worker serves unless it is told otherwise.
const LANES: [Lane; 4] = [Lane::Native, Lane::Office, Lane::Browser, Lane::Ocr];

/// Slots for a worker that is not told how many: one a core and lane, half as many with browsers, fewer where there is not the memory for them.
pub(super) fn slots() -> BTreeMap<Lane, usize> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    slots_of(cores, memory(Path::new("/")))
}

fn slots_of(cores: usize, memory: Option<u64>) -> BTreeMap<Lane, usize> {
    let of_memory = |bytes: u64| usize::try_from(bytes / limits::SLOT_MEMORY_BYTES).unwrap_or(usize::MAX) / LANES.len();
    let slots = memory.map_or(cores, of_memory).clamp(1, cores.max(1));
    // Chromium uses more than one core by itself.
    let of_lane = |lane| if lane == Lane::Browser { slots.div_ceil(2) } else { slots };
    LANES.into_iter().map(|lane| (lane, of_lane(lane))).collect()
}

/// The bound of the memory of all engines of a worker at once, in words.
pub(super) fn bound(slots: &BTreeMap<Lane, usize>) -> String {
    let gibibytes = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    let count = slots.values().sum::<usize>();
    let bytes = limits::ENGINE_MEMORY_BYTES_MAX.saturating_mul(count as u64);
    let here = memory(Path::new("/")).map_or_else(String::new, |memory| format!("; there are {}", gibibytes(memory)));
    let each = gibibytes(limits::ENGINE_MEMORY_BYTES_MAX);
    format!("at most {} for {count} slots, {each} each{here}", gibibytes(bytes))
}

/// Bytes of memory that this process and its engines may use together: those of the machine or of the control group they are
/// in. `root` is where both are described.
fn memory(root: &Path) -> Option<u64> {
    let machine = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    });
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(|line| group_limits(root, line));
    limits.chain(machine).min()
}

/// Limits of a control group, by its line, and of all groups around it. Inside a container only the innermost may be there to
/// be seen, at the top.
fn group_limits(root: &Path, line: &str) -> Vec<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (folder, file) = match parts.next() {
        Some("") => ("sys/fs/cgroup", "memory.max"),
        Some("memory") => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        Some(_) | None => return Vec::new(),
    };
    let group = Path::new(parts.next().unwrap_or_default().trim_start_matches('/'));
    let limits = group.ancestors().map(|group| fs::read_to_string(root.join(folder).join(group).join(file)));
    // One without a limit says `max`, or a number beyond every machine.
    limits.filter_map(|text| text.ok()?.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn lanes(most: usize, browsers: usize) -> BTreeMap<Lane, usize> {
        BTreeMap::from([(Lane::Native, most), (Lane::Office, most), (Lane::Browser, browsers), (Lane::Ocr, most)])
    }

    #[test]
    fn slots_are_one_a_core_or_fewer_where_memory_is_short_and_never_none() {
        assert_eq!(slots_of(4, Some(64 * GIB)), lanes(4, 2));
        assert_eq!(slots_of(64, Some(128 * GIB)), lanes(32, 16));
        assert_eq!(slots_of(8, Some(8 * GIB)), lanes(2, 1));
        assert_eq!(slots_of(8, Some(GIB / 2)), lanes(1, 1));
        assert_eq!(slots_of(8, None), lanes(8, 4));
    }

    #[test]
    fn the_memory_is_that_of_the_machine_or_of_the_smallest_control_group_around() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(memory(root.path()), None);
        put("proc/meminfo", "MemTotal:       8388608 kB\nMemFree:        1 kB\n");
        assert_eq!(memory(root.path()), Some(8 * GIB));
        put("proc/self/cgroup", "4:memory:/pod/a\n2:cpu:/b\n0::/service/worker\n");
        put("sys/fs/cgroup/service/worker/memory.max", "max\n");
        put("sys/fs/cgroup/service/memory.max", "4294967296\n");
        assert_eq!(memory(root.path()), Some(4 * GIB));
        put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
        assert_eq!(memory(root.path()), Some(2 * GIB));
        put("sys/fs/cgroup/memory/pod/a/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(memory(root.path()), Some(2 * GIB));
    }
}
