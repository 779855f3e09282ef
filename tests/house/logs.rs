//! The targets of log lines, by which applications filter them.

use crate::{expect_none, sources};

const MACROS: [&str; 7] = ["error!", "warn!", "info!", "debug!", "trace!", "enabled!", "span!"];

#[test]
fn each_line_of_the_log_has_one_of_the_documented_targets() {
    let (mut without, mut lines) = (Vec::new(), 0);
    for crate_name in ["wamp-core", "wamp-actix"] {
        for (path, text) in sources(&format!("{crate_name}/src"), &["rs"]) {
            for (at, _) in text.match_indices("tracing::") {
                let call = &text[at + "tracing::".len()..];
                let Some(name) = MACROS.into_iter().find(|name| call.starts_with(name)) else {
                    continue;
                };
                lines += 1;
                if !call[name.len() + 1..].trim_start().starts_with("target: log::") {
                    let line = text[..at].lines().count().max(1);
                    without.push(format!("{path}:{line} writes to the log without a target"));
                }
            }
        }
    }
    expect_none(&without);
    assert!(lines > 20, "{lines} lines: the test looks at none");
}
