//! The rules that tests and comments cite are in `docs/conformance.md`.

use std::collections::HashSet;

use crate::{expect_none, sources};

const PAGE: &str = "docs/conformance.md";

/// Returns whether a word is the code of a rule: one or two letters, a hyphen, two digits, and
/// perhaps a letter (`PI-07`).
fn is_code(word: &str) -> bool {
    let Some((letters, digits)) = word.split_once('-') else { return false };
    let digits = digits.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(digits);
    (1..=2).contains(&letters.len())
        && letters.chars().all(|c| c.is_ascii_uppercase())
        && digits.len() == 2
        && digits.chars().all(|c| c.is_ascii_digit())
}

/// Returns the codes that a line names.
fn codes(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c != '-' && !c.is_alphanumeric()).filter(|word| is_code(word))
}

/// Returns the rules of findings that a comment of a test names in brackets: `(C11)`.
fn findings(line: &str) -> impl Iterator<Item = &str> {
    let is_comment = line.trim_start().starts_with("//");
    let words = line.split(['(', ')', ',', ' ', ':']).filter(move |_| is_comment);
    words.filter(|word| {
        let (letter, number) = word.split_at_checked(1).unwrap_or_default();
        matches!(letter, "A" | "B" | "C" | "D") && matches!(number.parse(), Ok(1..=13_u8))
    })
}

/// Returns the anchors of the page.
fn anchors(page: &str) -> HashSet<&str> {
    page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn each_rule_that_is_cited_has_an_anchor() {
    let pages = sources("docs", &["md"]);
    let (_, page) = pages.iter().find(|(path, _)| path == PAGE).expect("the page of the rules");
    let anchors = anchors(page);
    let mut complaints = Vec::new();
    for (path, text) in sources("", &["rs", "md", "mjs", "py"]) {
        for (number, line) in text.lines().enumerate() {
            let cited = codes(line).chain(findings(line).filter(|_| path.contains("tests/")));
            let missing = cited.filter(|code| !anchors.contains(code.to_lowercase().as_str()));
            let line = number + 1;
            complaints
                .extend(missing.map(|code| format!("{path}:{line} cites {code}: not in {PAGE}")));
        }
    }
    expect_none(&complaints);
}

#[test]
fn the_page_has_an_anchor_once() {
    let pages = sources("docs", &["md"]);
    let (_, page) = pages.iter().find(|(path, _)| path == PAGE).expect("the page of the rules");
    assert_eq!(page.matches("<a id=\"").count(), anchors(page).len());
}

#[test]
fn a_code_is_told_from_other_words() {
    let line = "UTF-16, PI-07: (Z-05) and E-1, SHA-256, X-06.";
    assert_eq!(codes(line).collect::<Vec<_>>(), ["PI-07", "Z-05", "X-06"]);
    assert_eq!(findings("/// A cut (C11, D6): B3").collect::<Vec<_>>(), ["C11", "D6", "B3"]);
}
