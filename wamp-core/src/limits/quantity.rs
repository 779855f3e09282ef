//! Numbers, sizes and times as people write them: `512`, `2MiB`, `20s`.

use std::time::Duration;

/// The form that a text should have had, as a person reads it.
pub(super) type Expected = &'static str;

/// Reads a plain number.
pub(super) fn count(text: &str) -> Result<usize, Expected> {
    quantity(text, &[("", 1)])
        .and_then(|count| usize::try_from(count).ok())
        .ok_or("a plain number such as 512")
}

/// Reads a number of bytes, plain or in KiB, MiB or GiB.
pub(super) fn bytes(text: &str) -> Result<usize, Expected> {
    quantity(text, &[("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)])
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or("a number of bytes such as 65536, 64KiB, 2MiB or 1GiB")
}

/// Reads a time in milliseconds, seconds, minutes or hours.
pub(super) fn time(text: &str) -> Result<Duration, Expected> {
    quantity(text, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)])
        .map(Duration::from_millis)
        .ok_or("a time such as 500ms, 20s, 5m or 1h")
}

/// Returns a whole number times its unit; `None` if the text is none, or the product is too large.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_whole_number_and_a_unit_that_belongs_to_it() {
        assert_eq!([count("0"), count(" 512 ")], [Ok(0), Ok(512)]);
        let sizes = ["65536", "64KiB", "2 MiB", "1GiB"].map(bytes);
        assert_eq!(sizes, [Ok(65_536), Ok(64 << 10), Ok(2 << 20), Ok(1 << 30)]);
        let times = ["500ms", "20s", "5m", "1h", "0s"].map(time);
        assert_eq!(
            times,
            [500, 20_000, 300_000, 3_600_000, 0].map(|ms| Ok(Duration::from_millis(ms)))
        );
    }

    #[test]
    fn a_text_that_is_no_quantity_is_refused() {
        for text in ["", "-1", "+1", "1.5", "1_000", "many", "1KiB", "18446744073709551616"] {
            assert!(count(text).is_err(), "{text:?}");
        }
        for text in ["", "MiB", "2MB", "2mib", "2 Mi B", "17179869184GiB", "20s"] {
            assert!(bytes(text).is_err(), "{text:?}");
        }
        for text in ["", "20", "0", "s", "1.5s", "20sec", "-1s", "1h30m", "18446744073709551615h"] {
            assert!(time(text).is_err(), "{text:?}");
        }
    }
}
