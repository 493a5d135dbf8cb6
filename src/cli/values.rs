//! Readers of single values, each with a message that says what would be right.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use sqlx::postgres::PgConnectOptions;

use super::config::LogFormat;
use crate::domain::Lane;

/// Reads a list of paths with colons in between.
pub(super) fn paths(list: &str) -> Vec<PathBuf> {
    list.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// Reads the address of a database.
pub(super) fn database(value: &str) -> Result<PgConnectOptions, &'static str> {
    // The driver takes a URL of any kind. The text may hold a password, so neither it nor the driver's message is shown.
    let is_ours = value.starts_with("postgres://") || value.starts_with("postgresql://");
    let problem = "not a URL of the form postgres://user:password@host:5432/name";
    if !is_ours {
        return Err(problem);
    }
    // PgBouncer refuses a connection that brings this setting, and nothing of ours reads a float as text.
    PgConnectOptions::from_str(value).map(|options| options.extra_float_digits(None)).map_err(|_| problem)
}

/// Reads the folder that a URL names.
pub(super) fn folder_of_url(value: &str) -> Result<PathBuf, String> {
    let path = value.strip_prefix("file://").ok_or("not a file:// URL; other stores are not built in yet")?;
    if path.starts_with('/') {
        Ok(path.into())
    } else {
        Err(format!("`{value}` is not an absolute path, as in file:///srv/bindery"))
    }
}

/// Reads an address to listen on.
pub(super) fn address(value: &str) -> Result<SocketAddr, String> {
    value.parse().map_err(|_| format!("`{value}` is not an address and a port, as in 127.0.0.1:13033"))
}

/// Reads slots a lane, as in `native=2,office=1`.
pub(super) fn slots(value: &str) -> Result<BTreeMap<Lane, usize>, String> {
    let mut slots = BTreeMap::new();
    for entry in value.split(',') {
        let (lane, count) = entry.split_once('=').ok_or_else(|| format!("`{entry}` is not lane=number"))?;
        let lane = lane.trim().parse::<Lane>().map_err(|error| error.to_string())?;
        let count = count.trim().parse::<usize>().map_err(|_| format!("`{count}` is not a number of slots"))?;
        slots.insert(lane, count);
    }
    if slots.values().sum::<usize>() == 0 { Err("there is no slot at all".to_owned()) } else { Ok(slots) }
}

/// Reads a time like `90s` or `24h`.
pub(super) fn duration(value: &str) -> Result<Duration, String> {
    let digits = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("`{value}` is not a time, as in 90s, 15m, 24h or 7d"))?;
    let seconds = match value.strip_prefix(digits).unwrap_or_default() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        unit => return Err(format!("`{unit}` is not a unit of time; s, m, h and d are")),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| format!("`{value}` is too long"))
}

/// Reads a time that is more than none.
pub(super) fn some_time(value: &str) -> Result<Duration, String> {
    let time = duration(value)?;
    if time.is_zero() { Err(format!("`{value}` is no time at all")) } else { Ok(time) }
}

/// Reads a size like `500MiB`, in bytes.
pub(super) fn size(value: &str) -> Result<u64, String> {
    let digits = value.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("`{value}` is not a size, as in 500MiB"))?;
    let shift = match value.strip_prefix(digits).unwrap_or_default() {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        unit => return Err(format!("`{unit}` is not a unit of size; KiB, MiB and GiB are")),
    };
    number.checked_mul(1 << shift).ok_or_else(|| format!("`{value}` is too large"))
}

/// Reads a number of connections.
pub(super) fn connections(value: &str) -> Result<u32, String> {
    value.parse().ok().filter(|count| *count > 1).ok_or_else(|| format!("`{value}` is not a number above 1"))
}

/// Reads a number above 0.
pub(super) fn count(value: &str) -> Result<i64, String> {
    value.parse().ok().filter(|count| *count > 0).ok_or_else(|| format!("`{value}` is not a number above 0"))
}

/// Reads what is to be logged.
pub(super) fn filter(value: &str) -> Result<String, String> {
    value.parse::<tracing_subscriber::EnvFilter>().map(|_| value.to_owned()).map_err(|error| error.to_string())
}

/// Reads how it is logged.
pub(super) fn log_format(value: &str) -> Result<LogFormat, String> {
    match value {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("`{other}` is neither text nor json")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert!(duration("1y").is_err() && duration("").is_err());
        assert_eq!(size("2MiB"), Ok(2 << 20));
        assert!(size("99999999999GiB").is_err());
    }
}
