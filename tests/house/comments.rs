//! The first word of a comment: a verb or a noun, and no riddle.

use crate::{expect_none, sources};

/// Words with which a comment would leave the reader to find out of what it speaks.
const RIDDLES: [&str; 7] = ["What", "Whether", "Who", "Whoever", "That", "Nobody", "Somebody"];

/// Returns the text of a line that is a comment.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("//")?;
    Some(line.trim_start_matches(['/', '!']).trim_start())
}

/// Returns the lines that begin a comment with one of the riddles.
fn riddles(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut is_inside = false;
    for (number, line) in text.lines().enumerate() {
        let comment = comment(line);
        if let Some(comment) = comment.filter(|_| !is_inside) {
            let word = comment.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if RIDDLES.contains(&word) {
                found.push(number + 1);
            }
        }
        is_inside = comment.is_some();
    }
    found
}

#[test]
fn no_comment_begins_with_a_riddle() {
    let mut complaints = Vec::new();
    for folder in ["wamp-core", "wamp-macros", "wamp-actix", "examples", "benches", "tests"] {
        for (path, text) in sources(folder, &["rs"]) {
            let lines = riddles(&text);
            complaints
                .extend(lines.iter().map(|line| format!("{path}:{line} begins with a riddle")));
        }
    }
    expect_none(&complaints);
}

#[test]
fn a_riddle_is_seen_on_the_first_line_of_a_comment_alone() {
    assert_eq!(
        riddles("/// What it is.\n/// Who it is.\nfn a() {} // That\n    // Whether.\n"),
        [1, 4]
    );
    assert_eq!(riddles("//! Whatever.\n\n/// Returns\n/// What"), []);
}
