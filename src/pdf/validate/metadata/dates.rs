//! Dates: how XMP writes them, how `Info` does, and the instant that both mean.

/// Milliseconds since the beginning of 1970.
pub(super) type Instant = i64;

/// The parts of a date, as they are written.
#[derive(Debug, Default)]
struct Parts {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    millisecond: i64,
    /// Minutes that the clock is ahead of UTC.
    offset: i64,
}

impl Parts {
    fn instant(&self) -> Instant {
        let minutes =
            (days(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)) * 24 + self.hour) * 60 + self.minute;
        ((minutes - self.offset) * 60 + self.second) * 1000 + self.millisecond
    }
}

/// Days from the beginning of 1970 to a day; a month or day out of range counts on into the next.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Whether a text is a date as XMP writes it: `2026`, `2026-01`, `2026-01-31`, `2026-01-31T12:30:00.5+01:00`. Nothing
/// at all is one, too, as readers commonly take it.
pub(super) fn is_xmp_date(text: &str) -> bool {
    xmp_parts(text).is_some()
}

/// The instant of a date as XMP writes it. Without a zone it is taken as UTC.
pub(super) fn xmp_instant(text: &str) -> Option<Instant> {
    Some(xmp_parts(text)?.instant())
}

fn xmp_parts(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    if text.is_empty() {
        return Some(parts);
    }
    let mut rest = Rest(text);
    let is_negative = rest.skip('-');
    let year = rest.number(9999)?;
    parts.year = if is_negative { -year } else { year };
    if rest.is_empty() {
        return Some(parts);
    }
    parts.month = Some(rest.after('-')?.number(12)?);
    if rest.is_empty() {
        return Some(parts);
    }
    parts.day = Some(rest.after('-')?.number(31)?);
    if rest.is_empty() {
        return Some(parts);
    }
    parts.hour = rest.after('T')?.number(23)?;
    if rest.skip(':') {
        parts.minute = rest.number(59)?;
        if rest.skip(':') {
            parts.second = rest.number(59)?;
            if rest.skip('.') {
                parts.millisecond = rest.fraction()?;
            }
        }
    }
    if rest.is_empty() || rest.skip('Z') {
        return rest.is_empty().then_some(parts);
    }
    let sign = if rest.skip('+') { 1 } else { rest.after('-').map(|_| -1)? };
    let hours = rest.number(23)?;
    let minutes = if rest.is_empty() { 0 } else { rest.after(':')?.number(59)? };
    parts.offset = sign * (hours * 60 + minutes);
    rest.is_empty().then_some(parts)
}

/// What is still to be read of a date.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn skip(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn after(&mut self, wanted: char) -> Option<&mut Self> {
        self.skip(wanted).then_some(self)
    }

    /// Digits as a number; one that is too large is taken as the largest, as readers commonly do.
    fn number(&mut self, most: i64) -> Option<i64> {
        let digits = self.digits()?;
        Some(digits.parse::<i64>().unwrap_or(most).min(most))
    }

    /// Digits of a fraction of a second, in milliseconds.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.digits()?;
        format!("{digits}000").get(..3)?.parse().ok()
    }

    fn digits(&mut self) -> Option<&str> {
        let end = self.0.find(|each: char| !each.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!digits.is_empty()).then_some(digits)
    }
}

/// The instant of a date as PDF writes it (ISO 32000-1, 7.9.4): `D:20260131123000+01'00'`, or less of it from the end.
pub(super) fn pdf_instant(text: &str) -> Option<Instant> {
    let text = text.strip_prefix("D:")?;
    let text = text.strip_suffix('\'').unwrap_or(text);
    let mut parts = Parts { year: fixed(text, 0, 4)?, ..Parts::default() };
    let mut at = 4;
    let mut next = || -> Option<Option<i64>> {
        if text.len() <= at {
            return Some(None);
        }
        let number = fixed(text, at, 2)?;
        at += 2;
        Some(Some(number))
    };
    (parts.month, parts.day) = (next()?, next()?);
    (parts.hour, parts.minute, parts.second) = (next()?.unwrap_or(0), next()?.unwrap_or(0), next()?.unwrap_or(0));
    let zone = text.get(14..).unwrap_or_default();
    let Some(sign) = zone.chars().next() else { return Some(parts.instant()) };
    let (hours, minutes) = match zone.len() {
        1 => (0, 0),
        3 => (fixed(zone, 1, 2)?, 0),
        4 if zone.ends_with('\'') => (fixed(zone, 1, 2)?, 0),
        6 if zone.get(3..4) == Some("'") => (fixed(zone, 1, 2)?, fixed(zone, 4, 2)?),
        _ => return None,
    };
    parts.offset = match sign {
        '+' => hours * 60 + minutes,
        '-' => -(hours * 60 + minutes),
        'Z' if hours == 0 && minutes == 0 => 0,
        _ => return None,
    };
    Some(parts.instant())
}

/// A number of so many digits at a place.
fn fixed(text: &str, at: usize, digits: usize) -> Option<i64> {
    let digits = text.get(at..at + digits)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{is_xmp_date, pdf_instant, xmp_instant};

    #[test]
    fn both_ways_to_write_a_date_mean_the_same_instant() {
        let cases = [
            ("1970-01-01", "D:1970", 0),
            ("1970-01-01T01:00:00+01:00", "D:19700101010000+01'00'", 0),
            ("1970-01-01T01:00+01", "D:19700101010000+01'00", 0),
            ("1969-12-31T19:00:00-05:00", "D:19691231190000-05'", 0),
            ("2000-02-29T12:30:15Z", "D:20000229123015Z", 951_827_415_000),
            ("2000-03-01", "D:200003", 951_868_800_000),
            ("2000-02-30", "D:20000230", 951_868_800_000),
        ];
        for (xmp, pdf, instant) in cases {
            assert_eq!(xmp_instant(xmp), Some(instant), "{xmp}");
            assert_eq!(pdf_instant(pdf), Some(instant), "{pdf}");
        }
        assert_eq!(xmp_instant("1970-01-01T00:00:00.25Z"), Some(250));
    }

    #[test]
    fn what_is_no_date_has_no_instant() {
        for text in [
            "x",
            "1970-",
            "1970-01-01 00:00",
            "1970-01-01T",
            "1970-01-01T00:00x",
            "1970-01-01T00:00:00ZZ",
            "1970-01-01T00:00+1x",
        ] {
            assert!(!is_xmp_date(text), "{text}");
        }
        for text in [
            "1970",
            "D:",
            "D:197",
            "D:19701",
            "D:19700101000000X",
            "D:19700101000000+1",
            "D:19700101000000Z01'00'",
            "D:1970\u{e9}",
        ] {
            assert_eq!(pdf_instant(text), None, "{text}");
        }
        assert!(is_xmp_date(""), "readers take nothing for a date");
    }
}
