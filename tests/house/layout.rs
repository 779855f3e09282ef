//! The length of lines, where rustfmt does not see to it: literals, macros, comments and pages.

use crate::{expect_none, sources};

/// The most columns of a line, as in rustfmt.toml.
const COLUMNS: usize = 100;

/// Longer lines that are better whole: a file, and a part of the line.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("wamp-actix/tests/ui/several_faults_at_once.rs", "fn handler<T>("),
    ("wamp-actix/tests/ui/uri_too_long.rs", "#[rpc(\"xxx"),
];

/// Returns whether a line may be long: a row of a table, or one with a URL.
fn is_free(path: &str, line: &str) -> bool {
    line.contains("://") || path.ends_with(".md") && line.trim_start().starts_with('|')
}

/// Returns the lines of a text that are too long, with their numbers.
fn long_lines<'t>(path: &str, text: &'t str) -> Vec<(usize, &'t str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| line.chars().count() > COLUMNS && !is_free(path, line)).collect()
}

#[test]
fn a_line_fits_a_hundred_columns() {
    let (mut complaints, mut used) = (Vec::new(), vec![false; EXCEPTIONS.len()]);
    for (path, text) in sources("", &["rs", "md"]) {
        let path = path.trim_start_matches('/');
        for (number, line) in long_lines(path, &text) {
            let mut exceptions = EXCEPTIONS.iter();
            match exceptions.position(|(file, part)| *file == path && line.contains(part)) {
                Some(exception) => used[exception] = true,
                None => complaints.push(format!("{path}:{number} has over {COLUMNS} columns")),
            }
        }
    }
    let idle = EXCEPTIONS.iter().zip(used).filter(|(_, is_used)| !is_used);
    complaints.extend(idle.map(|((file, part), _)| format!("{file} has no long line of {part}")));
    expect_none(&complaints);
}

#[test]
fn a_long_line_is_told_from_a_table_and_a_url() {
    let (whole, long) = ("é".repeat(COLUMNS), "é".repeat(COLUMNS + 1));
    assert_eq!(long_lines("a.rs", &format!("{whole}\n{long}")), [(2, long.as_str())]);
    assert_eq!(long_lines("a.md", &format!("| {long} |\n<https://{long}>")), []);
    assert_eq!(long_lines("a.rs", &format!("| {long} |")).len(), 1);
}
