//! The URI or pattern that a client named, and the application's declaration under which it falls.

use crate::log;
use crate::message::MatchPolicy;
use crate::uri;

/// A URI or pattern that a client named, with the application's declaration under which it falls.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Matched<'m> {
    policy: MatchPolicy,
    /// In WAMP's form.
    named: &'m str,
    declared: Option<&'m str>,
}

/// The text that a client put in the place of a capture: `{room}` of the declaration
/// `"chat.{room}"`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a decision has to cover all cases")]
pub enum Capture<'m> {
    /// The client put this text there.
    Value(&'m str),
    /// The client's pattern leaves it open, and matches every value.
    Open,
    /// There is no capture of that name, or no declaration.
    Unknown,
}

impl Capture<'_> {
    /// Returns whether the client put this text there: never for a pattern that leaves it open, nor
    /// for an unknown capture.
    ///
    /// ```
    /// use wamp_core::Capture;
    /// assert!(Capture::Value("lobby").is("lobby"));
    /// assert!(!Capture::Open.is("lobby") && !Capture::Open.is(""));
    /// ```
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        matches!(self, Self::Value(value) if *value == text)
    }
}

impl<'m> Matched<'m> {
    pub(crate) fn new(policy: MatchPolicy, named: &'m str) -> Self {
        Self { policy, named, declared: None }
    }

    /// Adds the declaration, as the application wrote it.
    pub(crate) fn under(self, declared: Option<&'m str>) -> Self {
        Self { declared, ..self }
    }

    /// Returns the URI; `None` for a pattern, whose text must not be mistaken for a URI.
    pub(crate) fn uri(self) -> Option<&'m str> {
        (self.policy == MatchPolicy::Exact).then_some(self.named)
    }

    pub(crate) fn pattern(self) -> Option<(&'m str, MatchPolicy)> {
        (self.policy != MatchPolicy::Exact).then_some((self.named, self.policy))
    }

    pub(crate) fn declared(self) -> Option<&'m str> {
        self.declared
    }

    /// Returns the text in the place of a capture. A name that is not declared goes to the log.
    pub(crate) fn capture(self, name: &str) -> Capture<'m> {
        let Some(declared) = self.declared else { return Capture::Unknown };
        let Some(place) = place(declared, name) else {
            tracing::error!(
                target: log::AUTH,
                declared,
                capture = name,
                "the application asked for a capture that is not declared"
            );
            return Capture::Unknown;
        };
        let text = match place {
            // URIs that a prefix matches continue after it, also within its last component.
            _ if self.policy == MatchPolicy::Prefix => None,
            Place::Component(at) => self.named.split('.').nth(at),
            Place::Rest(from) => self.named.get(from..),
        };
        // Components of a URI are never empty, so this is a pattern.
        text.filter(|text| uri::is_valid(text)).map_or(Capture::Open, Capture::Value)
    }
}

/// The position of a capture in a declaration.
enum Place {
    /// A component, counted from 0.
    Component(usize),
    /// All text from this byte on.
    Rest(usize),
}

fn place(declared: &str, name: &str) -> Option<Place> {
    if let Some(before) = declared.strip_suffix("..}") {
        let (prefix, rest) = before.rsplit_once('{')?;
        return (rest == name).then_some(Place::Rest(prefix.len()));
    }
    let is_it = |component: &str| {
        component.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) == Some(name)
    };
    declared.split('.').position(is_it).map(Place::Component)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture<'m>(
        declared: &'m str,
        policy: MatchPolicy,
        named: &'m str,
        name: &str,
    ) -> Capture<'m> {
        Matched::new(policy, named).under(Some(declared)).capture(name)
    }

    #[test]
    fn a_uri_has_a_value_for_each_capture_of_its_declaration() {
        let (chat, files) = ("chat.{room}.{kind}", "files.{path..}");
        assert_eq!(
            capture(chat, MatchPolicy::Exact, "chat.lobby.text", "room"),
            Capture::Value("lobby")
        );
        assert_eq!(
            capture(chat, MatchPolicy::Exact, "chat.lobby.text", "kind"),
            Capture::Value("text")
        );
        assert_eq!(capture(files, MatchPolicy::Exact, "files.a.b", "path"), Capture::Value("a.b"));
        assert_eq!(capture("{all..}", MatchPolicy::Exact, "a.b", "all"), Capture::Value("a.b"));
    }

    #[test]
    fn a_pattern_has_no_value_for_what_it_leaves_open() {
        let chat = "chat.{room}.{kind}";
        assert_eq!(capture(chat, MatchPolicy::Wildcard, "chat..text", "room"), Capture::Open);
        assert_eq!(
            capture(chat, MatchPolicy::Wildcard, "chat..text", "kind"),
            Capture::Value("text")
        );
        for (policy, named) in [
            (MatchPolicy::Prefix, "files."),
            (MatchPolicy::Prefix, "files.a"),
            (MatchPolicy::Prefix, "files.a."),
            (MatchPolicy::Wildcard, "files."),
            (MatchPolicy::Wildcard, "files.a."),
            (MatchPolicy::Wildcard, "files..a"),
        ] {
            assert_eq!(
                capture("files.{path..}", policy, named, "path"),
                Capture::Open,
                "{policy:?} {named:?}"
            );
        }
    }

    #[test]
    fn what_is_not_declared_has_no_captures() {
        for name in ["rooms", "", "chat", "room.", "{room}", "..", "path.."] {
            assert_eq!(
                capture("chat.{room}", MatchPolicy::Exact, "chat.a", name),
                Capture::Unknown,
                "{name:?}"
            );
            assert_eq!(
                capture("files.{path..}", MatchPolicy::Exact, "files.a", name),
                Capture::Unknown
            );
        }
        assert_eq!(Matched::new(MatchPolicy::Exact, "chat.a").capture("room"), Capture::Unknown);
    }

    #[test]
    fn what_is_open_or_unknown_is_no_text_at_all() {
        for text in ["", "a", "open"] {
            assert!(!Capture::Open.is(text) && !Capture::Unknown.is(text));
        }
    }

    #[test]
    fn a_pattern_is_never_a_uri() {
        let pattern = Matched::new(MatchPolicy::Prefix, "");
        assert_eq!((pattern.uri(), pattern.pattern()), (None, Some(("", MatchPolicy::Prefix))));
        let uri = Matched::new(MatchPolicy::Exact, "a").under(Some("a"));
        assert_eq!((uri.uri(), uri.pattern(), uri.declared()), (Some("a"), None, Some("a")));
    }
}
