//! URIs as handlers declare them. The authority when the router is built is
//! `wamp-core/src/realm/pattern.rs`: the same rules, here with a message for each mistake.

/// The maximum length of a URI; the router refuses longer ones.
const MAX_BYTES: usize = 1024;

/// A declared URI without its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uri {
    /// The URI in WAMP's form: captures are empty components, a prefix ends with a dot.
    pub(crate) pattern: String,
    pub(crate) captures: Vec<Capture>,
}

/// A named part of a URI, which becomes a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) place: Place,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A component, counted from 0.
    Component(usize),
    /// Everything from this byte offset on.
    Rest(usize),
}

impl Uri {
    /// Reads the declaration of a procedure or a topic.
    pub(crate) fn parse(declared: &str) -> Result<Self, String> {
        if declared.is_empty() {
            return Err(
                "the URI is empty: write what clients name, such as `\"com.example.add\"`".into()
            );
        }
        if declared.len() > MAX_BYTES {
            return Err(format!("the URI has {} bytes, {MAX_BYTES} are allowed", declared.len()));
        }
        let components = components(declared)?;
        let mut uri = Self { pattern: String::new(), captures: Vec::new() };
        let mut from = 0;
        for (at, component) in components.iter().enumerate() {
            if at > 0 {
                uri.pattern.push('.');
            }
            match part(component)? {
                Part::Literal => uri.pattern.push_str(component),
                Part::Capture(name) => uri.add(name, Place::Component(at))?,
                Part::Rest(_) if at + 1 < components.len() => {
                    return Err(format!(
                        "`{component}` takes the rest of the URI: it has to be the last component"
                    ));
                }
                Part::Rest(_) if !uri.captures.is_empty() => {
                    return Err(format!(
                        "`{component}` makes the URI a prefix, which has no other captures: write \
                         either `{{name}}` for single components or one `{{rest..}}` at the end"
                    ));
                }
                Part::Rest(name) => uri.add(name, Place::Rest(from))?,
            }
            from += component.len() + 1;
        }
        Ok(uri)
    }

    fn add(&mut self, name: &str, place: Place) -> Result<(), String> {
        if self.captures.iter().any(|capture| capture.name == name) {
            return Err(format!("the capture `{{{name}}}` occurs twice: give each its own name"));
        }
        self.captures.push(Capture { name: name.to_owned(), place });
        Ok(())
    }

    /// Returns whether the URI belongs to the protocol itself.
    pub(crate) fn is_reserved(&self) -> bool {
        self.pattern.split('.').next() == Some("wamp")
    }
}

/// Checks the URI of an error, which has no captures.
pub(crate) fn check_error(declared: &str) -> Result<(), String> {
    let uri = Uri::parse(declared)?;
    if !uri.captures.is_empty() {
        return Err("an error's URI has no captures: fields are sent as keyword arguments".into());
    }
    if uri.is_reserved() {
        return Err(
            "URIs that begin with `wamp.` belong to the protocol: name the error otherwise, or \
                    pass on an `Error` of that URI with `#[wamp(transparent)]`"
                .into(),
        );
    }
    Ok(())
}

/// Splits the URI at the dots outside braces.
fn components(declared: &str) -> Result<Vec<&str>, String> {
    let (mut components, mut start, mut open) = (Vec::new(), 0, false);
    for (at, character) in declared.char_indices() {
        match character {
            '{' if open => return Err(unbalanced('{')),
            '{' => open = true,
            '}' if !open => return Err(unbalanced('}')),
            '}' => open = false,
            '.' if !open => {
                components.push(&declared[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if open {
        return Err(unbalanced('{'));
    }
    components.push(&declared[start..]);
    Ok(components)
}

fn unbalanced(brace: char) -> String {
    format!("unbalanced `{brace}` in the URI: a capture is a name in braces, such as `{{name}}`")
}

enum Part<'a> {
    Literal,
    Capture(&'a str),
    Rest(&'a str),
}

fn part(component: &str) -> Result<Part<'_>, String> {
    if component.is_empty() {
        return Err(
            "the URI has an empty component: remove a dot, or name a capture such as `{name}` if \
             any component fits"
                .into(),
        );
    }
    if !component.contains('{') {
        return match component
            .chars()
            .find(|c| c.is_whitespace() || matches!(c, '#' | '\u{1c}'..='\u{1f}' | '\u{feff}'))
        {
            Some(character) => Err(format!("a URI must not contain {character:?}")),
            None => Ok(Part::Literal),
        };
    }
    let Some(inner) = component.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return Err(format!("`{component}`: a capture has to be a whole component, between dots"));
    };
    let (name, part) = match inner.strip_suffix("..") {
        Some(name) => (name, Part::Rest(name)),
        None => (inner, Part::Capture(inner)),
    };
    if is_name(name) {
        Ok(part)
    } else {
        Err(format!("`{component}`: a capture is the name of a parameter in braces"))
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use wamp_actix::{Realm, Router, Topic};

    /// Returns whether the router accepts a declaration.
    fn is_accepted(declared: &str) -> bool {
        let realm = Realm::new("realm1").topic(declared, Topic::open());
        Router::builder().realm(realm).handlers([]).build().is_ok()
    }

    #[test]
    fn the_rules_are_those_of_the_router() {
        let long = "x".repeat(MAX_BYTES);
        let longer = format!("{long}x");
        for declared in [
            "a",
            "a.b",
            "myapp:getDoc",
            "a-b.\u{fc}",
            "{a}",
            "{a..}",
            "{_}.b",
            "users.{name}.get",
            "files.{path..}",
            "{a}.{b}",
            "wampx.a",
            "a.wamp",
            &long,
            &longer,
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "a\tb",
            "a\u{b}",
            "a\u{a0}",
            "a#b",
            "wamp",
            "wamp.a",
            "wamp.{a}",
            "a.{}",
            "a.{..}",
            "a.{1x}",
            "a.{x y}",
            "a.{x}.{x}",
            "a.{x..}.b",
            "a.{x..}.",
            "a{x..}",
            "a.b{x}",
            "a.{x}b",
            "a.{x.b",
            "a.x}",
            "a.{{x}}",
            "a.{x}{y}",
            "{a}.b.{c..}",
            "a b.{c..}",
            "a..{c..}",
            "..}",
        ] {
            let read = Uri::parse(declared).is_ok_and(|uri| !uri.is_reserved());
            assert_eq!(read, is_accepted(declared), "{declared:?}");
        }
    }

    const PIECES: &[&str] = &[
        "a", "wamp", "{a}", "{b}", "{a..}", "{", "}", "..", ".", " ", "#", "\u{fc}", "\u{1c}",
        "\u{feff}",
    ];

    proptest! {
        /// Declarations of the pieces in which the two grammars might differ.
        #[test]
        fn any_declaration_is_read_as_the_router_reads_it(
            pieces in vec(select(PIECES), 0..6),
            dots in any::<bool>(),
        ) {
            let declared = pieces.join(if dots { "." } else { "" });
            let read = Uri::parse(&declared).is_ok_and(|uri| !uri.is_reserved());
            prop_assert_eq!(read, is_accepted(&declared), "{:?}", declared);
        }
    }

    #[test]
    fn a_capture_knows_its_place() {
        let place = |name: &str, place| Capture { name: name.to_owned(), place };
        let uri = Uri::parse("users.{first}.{last}").expect("valid");
        assert_eq!(
            uri.captures,
            [place("first", Place::Component(1)), place("last", Place::Component(2))]
        );
        assert_eq!(uri.pattern, "users..");
        let uri = Uri::parse("\u{fc}.files.{path..}").expect("valid");
        assert_eq!(uri.captures, [place("path", Place::Rest(9))]);
        assert_eq!(uri.pattern, "\u{fc}.files.");
    }
}
