//! The order of wamp-core's rooms: a file imports only from its own room and from those before it.

use crate::{expect_none, sources};

const SOURCE: &str = "wamp-core/src";

/// The rooms of `wamp-core/src`, as ARCHITECTURE.md orders them; the plain values before the first
/// may use each other.
const ROOMS: [&str; 10] = [
    "codec",
    "error",
    "message",
    "session",
    "realm",
    "auth",
    "handler",
    "router",
    "connection",
    "lib",
];

/// The one import that runs up: a handler's context leads back to the router that runs it.
const EXCEPTION: (&str, &str) = ("handler/context.rs", "router");

/// The most lines of `ls wamp-core/src`.
const ENTRIES: usize = 18;

/// Returns the place of a room in the order; 0 for the plain values.
fn rank(room: &str) -> usize {
    ROOMS.iter().position(|name| *name == room).map_or(0, |position| position + 1)
}

/// Returns the rooms that a file names in a path that begins with `crate::`, with the lines.
fn imports(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        let paths = line.match_indices("crate::").map(move |(at, found)| &line[at + found.len()..]);
        let is_end = |c: char| c != '_' && !c.is_alphanumeric();
        paths.map(move |path| (number + 1, path.split(is_end).next().unwrap_or(path)))
    })
}

#[test]
fn a_room_imports_only_from_rooms_before_it() {
    let (mut upwards, mut exceptions) = (Vec::new(), 0);
    for (path, text) in sources(SOURCE, &["rs"]) {
        let name = path.strip_prefix(SOURCE).expect("one of the sources").trim_start_matches('/');
        let room = name.split(['/', '.']).next().expect("a name");
        for (line, imported) in imports(&text) {
            if rank(imported) <= rank(room) {
                continue;
            }
            if (name, imported) == EXCEPTION {
                exceptions += 1;
            } else {
                upwards.push(format!("{name}:{line} imports from {imported}, a later room"));
            }
        }
    }
    expect_none(&upwards);
    assert_eq!(exceptions, 1, "the exception is needed, and once");
}

#[test]
fn an_entry_of_the_source_is_a_room_or_a_plain_value() {
    let entries = std::fs::read_dir(crate::root().join(SOURCE)).expect("the sources").count();
    assert!(entries <= ENTRIES, "{entries} entries in {SOURCE}, of {ENTRIES}");
}
