//! Programs of Debian's packages, extracted by `scripts/test` or installed.

use std::env;
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

/// Returns the program that `scripts/test` has unpacked to this path, with its libraries, or else
/// an installed one. Returns `None`, with a line on stderr, if there is neither; in CI there must
/// be. The program ends with success when it is asked for its version.
pub(crate) fn program(path: &str, version: &str) -> Option<Command> {
    if command(path).arg(version).output().is_ok_and(|output| output.status.success()) {
        return Some(command(path));
    }
    let name = name(path);
    assert!(env::var_os("CI").is_none(), "there is no {name}: scripts/test gets it");
    // `eprintln!` would be shown only if the test fails.
    writeln!(io::stderr(), "SKIPPED: there is no {name} to test with; scripts/test gets it").ok();
    None
}

fn command(path: &str) -> Command {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/debian");
    let program = unpacked.join(path);
    let mut command = Command::new(if program.exists() { &program } else { Path::new(name(path)) });
    command.env("LD_LIBRARY_PATH", unpacked.join("libraries"));
    command
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns a free port on a loopback address of its own, for a program that cannot pick a port
/// itself. On 127.0.0.1 another test might take the port before the program does.
pub(crate) fn free_address() -> String {
    static NUMBER: AtomicU16 = AtomicU16::new(1);
    let [high, low] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let process = std::process::id() % 250 + 1;
    let address = format!("127.{process}.{high}.{low}");
    let listener = TcpListener::bind((address.as_str(), 0)).expect("Linux has all of 127.0.0.0/8");
    listener.local_addr().expect("it is bound").to_string()
}
