//! Points in time for humans and other programs. No decision depends on them: the protocol's own
//! clock is the `Instant` that the host passes in.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The time of an event, to the microsecond; on the wire RFC 3339 in UTC.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(OffsetDateTime);

impl Timestamp {
    pub(crate) fn now() -> Self {
        SystemTime::now().into()
    }

    /// Parses RFC 3339, with any offset.
    fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        Self::parse(text).ok_or_else(|| serde::de::Error::custom("not a time in RFC 3339"))
    }
}

/// Converts a system time; one that is off by centuries becomes the year 1970.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i128::try_from(since.as_micros()).unwrap_or_default();
        Self(
            OffsetDateTime::from_unix_timestamp_nanos(micros * 1000)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timestamp_is_written_and_read_as_rfc_3339() {
        let time = Timestamp::from(UNIX_EPOCH + Duration::from_micros(1_500_000_000_000_001));
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, r#""2017-07-14T02:40:00.000001Z""#);
        assert_eq!(Timestamp::parse(text.trim_matches('"')), Some(time));
        assert_eq!(Timestamp::parse("2017-07-14T04:40:00.000001+02:00"), Some(time));
        assert!(
            Timestamp::parse("yesterday").is_none() && Timestamp::parse("2017-07-14").is_none()
        );
        assert!(Timestamp::parse("2017-07-14T02:40:00.000002Z") > Some(time));
    }
}
