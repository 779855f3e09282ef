//! Rules of the house: checks of the sources and pages themselves, without a socket.

mod comments;
mod layers;
mod layout;
mod logs;
mod parts;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are not the project's own text.
const FOREIGN: [&str; 7] =
    ["target", "node_modules", ".venv", ".git", "debian", "__pycache__", "vectors"];

/// Returns the root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the text files under a folder of the repository that end with one of these, with their
/// paths in the repository.
fn sources(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    collect(&root.join(folder), &mut found);
    found.retain(|path| {
        path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one))
    });
    found.sort();
    assert!(!found.is_empty(), "no file in {folder}");
    let name = |path: &Path| {
        path.strip_prefix(&root).expect("inside of the repository").display().to_string()
    };
    found.iter().map(|path| (name(path), fs::read_to_string(path).expect("UTF-8"))).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let is_foreign = FOREIGN.iter().any(|name| path.ends_with(name));
        match path.is_dir() {
            true if is_foreign => {}
            true => collect(&path, found),
            false => found.push(path),
        }
    }
}

/// Fails with all complaints, a line each.
#[track_caller]
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
