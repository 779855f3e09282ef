//! The parts of an open session: each keeps its functions in its own module.

use crate::{expect_none, sources};

const CONNECTION: &str = "wamp-core/src/connection";

/// The core, the parts that use it, and their modules: a file, or a folder beside it.
const PARTS: [(&str, &str); 7] = [
    ("Core", "core"),
    ("AskedRequests", "asked"),
    ("Calls", "calls"),
    ("Invocations", "invocations"),
    ("Publications", "publications"),
    ("Registrations", "registrations"),
    ("Subscriptions", "subscriptions"),
];

#[test]
fn a_part_of_the_session_has_no_function_outside_its_module() {
    let mut complaints = Vec::new();
    let files = sources(CONNECTION, &["rs"]);
    for (part, module) in PARTS {
        let (file, folder) =
            (format!("{CONNECTION}/{module}.rs"), format!("{CONNECTION}/{module}/"));
        let is_own = |path: &str| path == file || path.starts_with(&folder);
        let block = format!("impl {part} {{");
        let having = files.iter().filter(|(_, text)| text.lines().any(|line| line == block));
        let (own, foreign): (Vec<_>, Vec<_>) = having.partition(|(path, _)| is_own(path));
        if own.is_empty() {
            complaints.push(format!("{part} has no functions in {file}"));
        }
        complaints.extend(foreign.iter().map(|(path, _)| format!("{path} has an `impl {part}`")));
    }
    expect_none(&complaints);
}

#[test]
fn a_part_of_the_session_imports_the_core_and_no_other_part() {
    let mut complaints = Vec::new();
    for (path, text) in sources(CONNECTION, &["rs"]) {
        let own = path[CONNECTION.len() + 1..].split(['/', '.']).next().unwrap_or_default();
        if !PARTS.iter().any(|(_, module)| *module == own) {
            continue; // The session that owns the parts names them all.
        }
        let others = PARTS.iter().filter(|(_, module)| *module != own && *module != "core");
        for (_, other) in others {
            let imports = [format!("use super::{other}::"), format!("connection::{other}::")];
            if imports.iter().any(|import| text.contains(import)) {
                complaints.push(format!("{path} imports from {other}"));
            }
        }
    }
    expect_none(&complaints);
}
