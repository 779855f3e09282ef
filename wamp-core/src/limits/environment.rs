//! Limits from the environment of the process.

use std::ffi::OsStr;
use std::fmt;

use super::Limits;

/// The beginning of each variable that sets a limit. `WAMP_` alone would not do: Kubernetes sets
/// `WAMP_PORT=tcp://…` for a service that is named `wamp`.
const PREFIX: &str = "WAMP_LIMIT_";

/// All faults of the environment variables that set limits: [`Limits::from_env`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub struct LimitsError {
    faults: Vec<String>,
}

impl LimitsError {
    /// Returns one text for each fault, in the order of the variables' names.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(String::as_str)
    }
}

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the limits in the environment cannot be read:")?;
        self.faults().try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

/// Writes the same as `Display`, which is shown when `main` returns the error.
impl fmt::Debug for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Limits {
    /// Returns the defaults, replaced by what the environment of the process says.
    ///
    /// Each field has its variable: `WAMP_LIMIT_` and the field's name in capitals. A size is a
    /// number of bytes, or one of `KiB`, `MiB` or `GiB`; a time has the unit `ms`, `s`, `m` or `h`;
    /// everything else is a plain number:
    ///
    /// ```sh
    /// WAMP_LIMIT_MAX_MESSAGE_BYTES=2MiB
    /// WAMP_LIMIT_PING_INTERVAL=20s
    /// WAMP_LIMIT_SESSIONS=10000
    /// ```
    ///
    /// Other variables are not looked at, whether or not they begin with `WAMP_`. A limit that is
    /// set afterwards by its method counts more than its variable.
    ///
    /// ```
    /// use wamp_core::{Limits, Router};
    ///
    /// fn router() -> Result<Router, Box<dyn std::error::Error>> {
    ///     let limits = Limits::from_env()?.calls_in_flight(16);
    ///     Ok(Router::builder().handlers([]).limits(limits).build()?)
    /// }
    /// # router().unwrap();
    /// ```
    ///
    /// # Errors
    /// All faults together: variables that begin with `WAMP_LIMIT_` and name no limit, each with
    /// the name that is nearest to it, and values that cannot be read, each with what is expected.
    /// A value with which the router could not work is a fault of
    /// [`RouterBuilder::build`](crate::RouterBuilder::build).
    pub fn from_env() -> Result<Self, LimitsError> {
        Self::from_vars(std::env::vars_os())
    }

    /// Returns the defaults, replaced by what these variables say: [`from_env`](Self::from_env) for
    /// an environment that is not the process' own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wamp_core::Limits;
    ///
    /// let limits = Limits::from_vars([("WAMP_LIMIT_PING_INTERVAL", "5s"), ("WAMP_PORT", "tcp://")])?;
    /// assert_eq!(limits, Limits::default().ping_interval(Duration::from_secs(5)));
    ///
    /// let error = Limits::from_vars([("WAMP_LIMIT_PING_INTERVALS", "5s")]).unwrap_err();
    /// let expected = "`WAMP_LIMIT_PING_INTERVALS` is no limit; \
    ///                 the nearest is `WAMP_LIMIT_PING_INTERVAL`";
    /// assert_eq!(error.faults().next(), Some(expected));
    /// # Ok::<(), wamp_core::LimitsError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_vars<N, V>(variables: impl IntoIterator<Item = (N, V)>) -> Result<Self, LimitsError>
    where
        N: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let (mut limits, mut faults) = (Self::default(), Vec::new());
        for (variable, value) in variables {
            let variable = variable.as_ref().to_string_lossy();
            if let Some(name) = variable.strip_prefix(PREFIX) {
                faults.extend(limits.set(name, value.as_ref()).err());
            }
        }
        faults.sort();
        if faults.is_empty() { Ok(limits) } else { Err(LimitsError { faults }) }
    }

    /// Sets the limit whose name in capitals this is. The error says what is wrong.
    fn set(&mut self, capitals: &str, value: &OsStr) -> Result<(), String> {
        let name = Self::NAMES.iter().find(|name| name.to_ascii_uppercase() == capitals);
        let name = name.ok_or_else(|| {
            let nearest = nearest(capitals);
            format!("`{PREFIX}{capitals}` is no limit; the nearest is `{PREFIX}{nearest}`")
        })?;
        // A text that is no Unicode has U+FFFD in it, which no value has.
        let value = value.to_string_lossy();
        self.read(name, &value).map_err(|expected| {
            format!("`{PREFIX}{capitals}` is {value:?}, but must be {expected}")
        })
    }
}

/// Returns the name of a limit, in capitals, that takes the fewest edits to become the given one.
fn nearest(capitals: &str) -> String {
    let names = Limits::NAMES.iter().map(|name| name.to_ascii_uppercase());
    names.min_by_key(|name| edits(name, capitals)).unwrap_or_default()
}

/// Returns how many characters have to be added, dropped or replaced to make one text of the other.
fn edits(from: &str, to: &str) -> usize {
    // The edits from the part of `from` that was seen to each beginning of `to`.
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (seen, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], seen + 1);
        for (at, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn variable(name: &str) -> String {
        format!("{PREFIX}{}", name.to_ascii_uppercase())
    }

    fn faults(variables: &[(&str, &str)]) -> Vec<String> {
        let error = Limits::from_vars(variables.iter().copied()).expect_err("a fault");
        error.faults().map(str::to_owned).collect()
    }

    /// Returns the names and values of the fields, as `Debug` shows them.
    fn fields(limits: &Limits) -> Vec<(String, String)> {
        let shown = format!("{limits:#?}");
        let fields = shown.lines().filter_map(|line| line.trim_end_matches(',').split_once(": "));
        fields.map(|(name, value)| (name.trim().to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn each_field_has_a_variable_that_sets_it_and_no_other() {
        let usual = fields(&Limits::default());
        assert_eq!(usual.len(), Limits::NAMES.len());
        for (name, value) in &usual {
            let is_time = value.ends_with('s');
            let value = if is_time { "7s" } else { "7" };
            let limits = Limits::from_vars([(variable(name), value)]).expect("a known limit");
            let set = fields(&limits).into_iter().filter(|field| !usual.contains(field));
            assert_eq!(set.map(|(name, _)| name).collect::<Vec<_>>(), [name.as_str()]);
        }
    }

    #[test]
    fn sizes_times_and_numbers_are_read_with_their_units() {
        let limits = Limits::from_vars([
            ("WAMP_LIMIT_MAX_MESSAGE_BYTES", "2MiB"),
            ("WAMP_LIMIT_QUEUED_BYTES_TOTAL", "3GiB"),
            ("WAMP_LIMIT_PING_INTERVAL", "20s"),
            ("WAMP_LIMIT_DENIAL_DELAY", "0ms"),
            ("WAMP_LIMIT_CONNECTIONS", "100"),
            ("WAMP_LIMIT_SESSIONS", "90"),
        ]);
        let expected = Limits::default()
            .max_message_bytes(2 << 20)
            .queued_bytes_total(3 << 30)
            .ping_interval(Duration::from_secs(20))
            .denial_delay(Duration::ZERO)
            .connections(Some(100))
            .sessions(90);
        assert_eq!(limits, Ok(expected));
    }

    #[test]
    fn a_variable_without_the_prefix_is_not_looked_at() {
        let others = [("WAMP_PORT", "tcp://10.0.0.1:80"), ("WAMP_LIMIT", "x"), ("PATH", "/bin")];
        assert_eq!(Limits::from_vars(others), Ok(Limits::default()));
    }

    #[test]
    fn an_unknown_variable_is_a_fault_that_names_the_nearest() {
        let nearest = [
            ("MAX_MESSAGES_BYTES", "MAX_MESSAGE_BYTES"),
            ("MAX_MESSAGE_SIZE", "MAX_MESSAGE_BYTES"),
            ("PONG_INTERVAL", "PING_INTERVAL"),
            ("CALLS_INFLIGHT", "CALLS_IN_FLIGHT"),
        ];
        for (wrong, right) in nearest {
            let fault = format!("`{PREFIX}{wrong}` is no limit; the nearest is `{PREFIX}{right}`");
            assert_eq!(faults(&[(&format!("{PREFIX}{wrong}"), "1")]), [fault]);
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_a_fault_that_says_what_is_expected() {
        let found = faults(&[
            ("WAMP_LIMIT_SESSIONS", "many"),
            ("WAMP_LIMIT_PING_INTERVAL", "20"),
            ("WAMP_LIMIT_OUTGOING_BYTES", "2MB"),
        ]);
        let expected = [
            "`WAMP_LIMIT_OUTGOING_BYTES` is \"2MB\", but must be a number of bytes such as 65536, \
             64KiB, 2MiB or 1GiB",
            "`WAMP_LIMIT_PING_INTERVAL` is \"20\", but must be a time such as 500ms, 20s, 5m or 1h",
            r#"`WAMP_LIMIT_SESSIONS` is "many", but must be a plain number such as 512"#,
        ];
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_unicode_is_a_fault_only_of_a_limit() {
        use std::os::unix::ffi::OsStrExt as _;

        let value = OsStr::from_bytes(b"20s\xff");
        assert_eq!(Limits::from_vars([("WAMP_MOTTO", value)]), Ok(Limits::default()));
        let error = Limits::from_vars([("WAMP_LIMIT_PING_INTERVAL", value)]).expect_err("a fault");
        assert!(
            error.to_string().contains("- `WAMP_LIMIT_PING_INTERVAL` is \"20s\u{fffd}\""),
            "{error}"
        );
    }
}
