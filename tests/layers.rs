//! The order of wamp-core's rooms: a file imports only from its own room and from those before it.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of `wamp-core/src`, as ARCHITECTURE.md orders them; the plain values before the first may use each other.
const ROOMS: [&str; 10] =
    ["codec", "error", "message", "session", "realm", "auth", "handler", "router", "connection", "lib"];

/// The one import that runs up: a handler's context leads back to the router that runs it.
const EXCEPTION: (&str, &str) = ("handler/context.rs", "router");

/// The place of a room in the order; 0 for the plain values.
fn rank(room: &str) -> usize {
    ROOMS.iter().position(|name| *name == room).map_or(0, |position| position + 1)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The rooms that a file names in a path that begins with `crate::`, with the lines.
fn imports(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        let paths = line.match_indices("crate::").map(move |(at, found)| &line[at + found.len()..]);
        paths.map(move |path| {
            (number + 1, path.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap_or(path))
        })
    })
}

#[test]
fn a_room_imports_only_from_rooms_before_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wamp-core/src");
    let (mut upwards, mut exceptions) = (Vec::new(), 0);
    for path in files(&source) {
        let name =
            path.strip_prefix(&source).expect("a file of the sources").to_str().expect("UTF-8").to_owned();
        let room = name.split(['/', '.']).next().expect("a name").to_owned();
        for (line, imported) in imports(&fs::read_to_string(&path).expect("a source")) {
            if rank(imported) <= rank(&room) {
                continue;
            }
            if (name.as_str(), imported) == EXCEPTION {
                exceptions += 1;
            } else {
                upwards.push(format!("{name}:{line} imports from {imported}, a later room than its own"));
            }
        }
    }
    assert!(upwards.is_empty(), "{}", upwards.join("\n"));
    assert_eq!(exceptions, 1, "the exception is needed, and once");
}
