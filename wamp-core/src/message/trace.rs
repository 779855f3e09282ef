//! W3C trace context, which CALL and PUBLISH bring and INVOCATION and EVENT carry on.

use std::collections::HashSet;
use std::fmt;

/// The most bytes of `traceparent`, and of `tracestate`.
const MOST: usize = 512;

/// The most members of `tracestate`.
const MOST_MEMBERS: usize = 32;

/// The most bytes of a key or of a value in `tracestate`.
const MOST_OF_MEMBER: usize = 256;

/// The [trace context](https://www.w3.org/TR/trace-context/) that a client sent with a call or a
/// publication, as the options `_traceparent` and `_tracestate`. Where the realm is set to
/// [`trace(true)`](crate::RealmBuilder::trace), a handler takes it as a parameter; an
/// `Option<Trace>` is `None` for a client that sends none, where a plain `Trace` refuses the
/// request with `wamp.error.invalid_argument`.
///
/// `Display` writes `traceparent`, as the HTTP header of that name has it.
///
/// ```
/// use wamp_core::{Error, Realm, Trace};
///
/// async fn order(item: u64, realm: Realm, trace: Option<Trace>) -> Result<(), Error> {
///     // For a call of another service: the headers `traceparent` and `tracestate`.
///     let mut headers = Vec::new();
///     if let Some(trace) = &trace {
///         headers.push(("traceparent", trace.to_string()));
///         headers.extend(trace.tracestate().map(|state| ("tracestate", state.to_owned())));
///     }
///     realm.publish("orders").arg(item).trace(trace).send()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    parent: Box<str>,
    state: Option<Box<str>>,
}

impl Trace {
    /// Creates a trace context of the texts in the headers `traceparent` and `tracestate`; `None`
    /// if the former is not valid. A `tracestate` that is not valid is left out.
    ///
    /// ```
    /// use wamp_core::Trace;
    ///
    /// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// let trace = Trace::new(parent, Some("vendor=1")).expect("it is valid");
    /// assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    /// assert_eq!(trace.tracestate(), Some("vendor=1"));
    /// assert!(Trace::new("00-0-0-01", None).is_none());
    /// ```
    #[must_use]
    pub fn new(traceparent: &str, tracestate: Option<&str>) -> Option<Self> {
        let state = tracestate.filter(|state| is_state(state)).map(Into::into);
        is_parent(traceparent).then(|| Self { parent: traceparent.into(), state })
    }

    /// Returns `traceparent`: version, trace id, id of the parent span and flags.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        &self.parent
    }

    /// Returns `tracestate`, the part that belongs to vendors.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Returns the id of the trace, 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.parent[3..35]
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parent)
    }
}

/// Returns whether the text has the form of version 00. Later versions may have more behind it.
fn is_parent(text: &str) -> bool {
    let mut fields = text.splitn(5, '-');
    let mut next = || fields.next().unwrap_or_default();
    let (version, trace, span, flags) = (next(), next(), next(), next());
    let has_form = is_hex(version, 2)
        && version != "ff"
        && is_id(trace, 32)
        && is_id(span, 16)
        && is_hex(flags, 2);
    has_form && fields.next().is_none_or(|_| version != "00" && is_visible(text))
}

fn is_id(text: &str, digits: usize) -> bool {
    is_hex(text, digits) && text.bytes().any(|digit| digit != b'0')
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_visible(text: &str) -> bool {
    text.len() <= MOST && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Returns whether the text is a list of members, `key=value`, whose keys differ.
fn is_state(text: &str) -> bool {
    if !is_visible(text) {
        return false;
    }
    let members = text.split(',').map(|member| member.trim_matches(' '));
    let members: Vec<_> = members.filter(|member| !member.is_empty()).collect();
    let keys: HashSet<_> = members.iter().filter_map(|member| key_of(member)).collect();
    (1..=MOST_MEMBERS).contains(&members.len()) && keys.len() == members.len()
}

/// Returns the key of a member; `None` if the member is not valid.
fn key_of(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    (is_key(key) && is_value(value)).then_some(key)
}

fn is_key(key: &str) -> bool {
    let is_first = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    key.len() <= MOST_OF_MEMBER
        && key.as_bytes().first().is_some_and(is_first)
        && key.bytes().all(|byte| is_first(&byte) || b"_-*/@".contains(&byte))
}

fn is_value(value: &str) -> bool {
    (1..=MOST_OF_MEMBER).contains(&value.len()) && !value.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_parent_is_taken_as_it_is_tc_03() {
        for parent in [
            PARENT.to_owned(),
            PARENT.replace("-01", "-00"),
            PARENT.replace("-01", "-ff"),
            PARENT.replace("00-4b", "cc-4b"),
            PARENT.replace("00-4b", "01-4b") + "-",
            PARENT.replace("00-4b", "01-4b") + "-what comes later",
        ] {
            let trace = Trace::new(&parent, None).unwrap_or_else(|| panic!("{parent}"));
            assert_eq!(trace.to_string(), parent);
            assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        }
    }

    #[test]
    fn an_invalid_parent_counts_as_absent_tc_03() {
        for parent in [
            String::new(),
            "00".into(),
            PARENT.to_uppercase(),
            PARENT.replace("00-4b", "ff-4b"),
            PARENT.replace("00-4b", "0-4b"),
            PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            PARENT.replace("4bf9", "4bf"),
            PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)),
            PARENT.replace("b7-", "b7"),
            PARENT.replace("-01", ""),
            PARENT.replace("-01", "-1"),
            PARENT.replace("-01", "-0g"),
            PARENT.replace("4bf9", "4bfé"),
            format!("{PARENT}-"),
            format!(" {PARENT}"),
            PARENT.replace("00-4b", "01-4b") + "more",
            PARENT.replace("00-4b", "01-4b") + "-\n",
            PARENT.replace("00-4b", "01-4b") + "-" + &"a".repeat(MOST),
        ] {
            assert_eq!(Trace::new(&parent, Some("a=1")), None, "{parent}");
        }
    }

    fn state(text: &str) -> Option<String> {
        let trace = Trace::new(PARENT, Some(text)).expect("the parent is valid");
        trace.tracestate().map(str::to_owned)
    }

    #[test]
    fn a_valid_state_is_taken_as_it_is_tc_04() {
        let longest = format!("{}={}", "k".repeat(255), "v".repeat(256));
        let many: Vec<_> = (0..32).map(|number| format!("k{number}=v")).collect();
        for text in [
            "a=1",
            "a=1,b=2",
            "a=1 , b=2,",
            "0a/_-*@x= v!",
            "tenant@vendor=~",
            &longest,
            &many.join(","),
        ] {
            assert_eq!(state(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_invalid_state_is_left_out_and_the_parent_stays_tc_04() {
        let too_long = format!("{}={}", "k".repeat(256), "v".repeat(256));
        let many: Vec<_> = (0..33).map(|number| format!("k{number}=v")).collect();
        let long_key = format!("{}=v", "k".repeat(257));
        let long_value = format!("k={}", "v".repeat(257));
        for text in [
            "",
            ",",
            " ",
            "a",
            "=1",
            "a=",
            "a=1=2",
            "A=1",
            "_a=1",
            "a b=1",
            "a=1,a=2",
            "a=\u{7f}",
            "a=é",
            "a=\t",
            "a=1\r\n",
            "a=1,b",
            &too_long,
            &many.join(","),
            &long_key,
            &long_value,
        ] {
            assert_eq!(state(text), None, "{text:?}");
        }
    }
}
