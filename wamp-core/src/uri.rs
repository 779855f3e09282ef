//! URIs of procedures, topics, realms and errors: which are valid, and which are reserved.

/// The longest URI in bytes. Longer ones are refused as invalid, so that no table holds a URI of a
/// megabyte.
pub(crate) const MAX_BYTES: usize = 1024;

/// Loosely checks an exact URI (U-01): its components are not empty, and have no white space, `#`
/// or `.`.
///
/// White space includes all that `\s` matches in any client's language: U+001C to U+001F in Python,
/// U+FEFF in JavaScript.
pub(crate) fn is_valid(uri: &str) -> bool {
    uri.len() <= MAX_BYTES
        && uri.split('.').all(|component| !component.is_empty() && is_component(component))
}

/// Loosely checks a wildcard pattern (U-05): as [`is_valid`], but components may be empty.
pub(crate) fn is_valid_pattern(uri: &str) -> bool {
    uri.len() <= MAX_BYTES && uri.split('.').all(is_component)
}

/// Loosely checks a prefix (U-05): as [`is_valid`], but the last component may be empty, and so may
/// the prefix.
pub(crate) fn is_valid_prefix(uri: &str) -> bool {
    uri.len() <= MAX_BYTES && (uri.is_empty() || is_valid(uri.strip_suffix('.').unwrap_or(uri)))
}

fn is_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    if bytes.is_ascii() {
        !bytes.iter().any(|&byte| matches!(byte, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f | b'#'))
    } else {
        !component
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '#' | '\u{1c}'..='\u{1f}' | '\u{feff}'))
    }
}

/// Returns whether the URI belongs to the protocol itself: its first component is `wamp` (U-06).
// Called twice for each call. Without `split`, which would look for the first `.` in every URI: 4 %
// of a call.
pub(crate) fn is_reserved(uri: &str) -> bool {
    uri.strip_prefix("wamp").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loose_check_takes_everything_but_empty_components_white_space_and_hash_u_01() {
        for valid in ["a", "a.b", "A-b.ü", "com.myapp:getDoc", "wamp.x", "1.2", "a\u{0}b"] {
            assert!(is_valid(valid), "{valid:?}");
        }
        for invalid in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "a b",
            "a#b",
            "a\tb",
            "a\u{b}b",
            "a\u{a0}b",
            "a.b\n",
            "a\u{1c}b",
            "ü\u{1f}b",
            "\u{feff}a",
        ] {
            assert!(!is_valid(invalid), "{invalid:?}");
        }
        assert!(is_valid(&"a".repeat(MAX_BYTES)));
        assert!(!is_valid(&"a".repeat(MAX_BYTES + 1)));
    }

    #[test]
    fn a_wildcard_may_have_empty_components_u_05() {
        assert!(
            is_valid_pattern("a..b")
                && is_valid_pattern("")
                && is_valid_pattern(".a")
                && is_valid_pattern("a.")
        );
        assert!(!is_valid_pattern("a. .b"));
    }

    #[test]
    fn only_the_last_component_of_a_prefix_may_be_empty_u_05() {
        assert!(["", "a", "a.", "a.b", "a.b."].iter().all(|prefix| is_valid_prefix(prefix)));
        assert!(
            [".", ".a", "a..", "a..b", "a b", "a#."].iter().all(|prefix| !is_valid_prefix(prefix))
        );
        assert!(!is_valid_prefix(&format!("{}.", "a".repeat(MAX_BYTES))));
    }

    #[test]
    fn the_reserved_prefix_is_a_component_not_a_string_u_06() {
        assert!(is_reserved("wamp") && is_reserved("wamp.session.get"));
        assert!(!is_reserved("wampx.y") && !is_reserved("a.wamp"));
    }
}
