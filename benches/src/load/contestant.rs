//! The servers measured: the raw echo server, the server under test in each serializer, and its
//! peers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::dialect::Dialect;
use crate::serializer::Serializer;

/// A server and how it is spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The program and its first arguments.
    pub(crate) command: Vec<OsString>,
    pub(crate) dialect: Dialect,
}

/// The role of a contestant's figures.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    /// The yardstick: what the stack costs without a protocol.
    Reference,
    /// The server under test, in the first serializer.
    Ours,
    /// The same server in another serializer.
    OtherSerializer,
    /// Another build of the server, in the first serializer.
    OtherBuild,
    /// Another framework's server.
    Peer {
        /// It forwards calls to a callee, which the generator plays.
        is_router: bool,
        /// By scenario, how many times our CPU its own must be.
        bars: &'static [(&'static str, f64)],
    },
}

/// A peer, as `scripts/peers` builds it.
struct Peer {
    name: &'static str,
    /// Below `benches/peers`.
    command: &'static [&'static str],
    options: &'static [&'static str],
    dialect: Dialect,
    is_router: bool,
    bars: &'static [(&'static str, f64)],
}

const WAMP: Dialect = Dialect::Wamp(Serializer::Json);
const PYTHON: &str = "python/.venv/bin/python";

/// Another runtime than documentation has, whatever the number of workers: at `16x16` both peers
/// cost less on it. They are held to the same bars.
const ONE_THREAD: &[&str] = &["--current-thread"];

const PEERS: [Peer; 8] = [
    Peer {
        name: "tungstenite echo",
        command: &["target/release/tungstenite"],
        options: &[],
        dialect: Dialect::Echo(Serializer::Json),
        is_router: false,
        bars: &[],
    },
    Peer {
        name: "jsonrpsee",
        command: &["target/release/jsonrpsee"],
        options: &[],
        dialect: Dialect::JsonRpc,
        is_router: false,
        bars: &[("16x16", 7.0)],
    },
    Peer {
        name: "jsonrpsee, one thread",
        command: &["target/release/jsonrpsee"],
        options: ONE_THREAD,
        dialect: Dialect::JsonRpc,
        is_router: false,
        bars: &[("16x16", 7.0)],
    },
    Peer {
        name: "socketioxide",
        command: &["target/release/socketioxide"],
        options: &[],
        dialect: Dialect::SocketIo,
        is_router: false,
        bars: &[("16x16", 2.4)],
    },
    Peer {
        name: "socketioxide, one thread",
        command: &["target/release/socketioxide"],
        options: ONE_THREAD,
        dialect: Dialect::SocketIo,
        is_router: false,
        bars: &[("16x16", 2.4)],
    },
    Peer {
        name: "battler-wamp",
        command: &["target/release/battler-wamp"],
        options: &[],
        dialect: WAMP,
        is_router: true,
        bars: &[("64x1", 4.0)],
    },
    Peer {
        name: "serverwamp",
        command: &[PYTHON, "python/serverwamp_server.py"],
        options: &[],
        dialect: Dialect::ServerWamp,
        is_router: false,
        bars: &[("64x1", 9.0)],
    },
    Peer {
        name: "crossbar",
        command: &[PYTHON, "python/crossbar_server.py"],
        options: &[],
        dialect: WAMP,
        is_router: true,
        bars: &[("64x1", 4.0)],
    },
];

impl Contestant {
    /// The serializer in which it forwards calls to a callee, if it is a router.
    pub(crate) fn forwards_in(&self) -> Option<Serializer> {
        match (self.role, self.dialect) {
            (Role::Peer { is_router: true, .. }, Dialect::Wamp(serializer)) => Some(serializer),
            _ => None,
        }
    }
}

/// Returns all contestants, in their order. A peer that is not built is named on stderr and left
/// out.
pub(crate) fn assemble(
    serializers: &[Serializer],
    server: Option<&Path>,
    against: Option<&Path>,
    with_peers: bool,
) -> Result<Vec<Contestant>> {
    let first = *serializers.first().ok_or("no serializer")?;
    let ours = under_test(server)?;
    let mut contestants = vec![Contestant {
        name: "raw echo".to_owned(),
        role: Role::Reference,
        command: vec![built(beside_this_program("raw-echo")?)?.into()],
        dialect: Dialect::Echo(first),
    }];
    contestants.extend(serializers.iter().map(|&serializer| Contestant {
        name: format!("ours, {}", serializer.name()),
        role: if serializer == first { Role::Ours } else { Role::OtherSerializer },
        command: vec![ours.clone().into()],
        dialect: Dialect::Wamp(serializer),
    }));
    if let Some(other) = against {
        contestants.push(Contestant {
            name: "another build".to_owned(),
            role: Role::OtherBuild,
            command: vec![built(other.to_owned())?.into()],
            dialect: Dialect::Wamp(first),
        });
    }
    if with_peers {
        contestants.extend(PEERS.iter().filter_map(Peer::contestant));
    }
    Ok(contestants)
}

/// The server under test: what the command line names, or the program beside this one.
pub(crate) fn under_test(server: Option<&Path>) -> Result<PathBuf> {
    built(match server {
        Some(path) => path.to_owned(),
        None => beside_this_program("testbed")?,
    })
}

impl Peer {
    fn contestant(&self) -> Option<Contestant> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let mut command: Vec<OsString> =
            self.command.iter().map(|part| home.join(part).into()).collect();
        if let Some(missing) = command.iter().find(|part| !Path::new(part).is_file()) {
            eprintln!(
                "{} is left out: no {}; see scripts/peers",
                self.name,
                Path::new(missing).display()
            );
            return None;
        }
        command.extend(self.options.iter().map(OsString::from));
        let role = Role::Peer { is_router: self.is_router, bars: self.bars };
        Some(Contestant { name: self.name.to_owned(), role, command, dialect: self.dialect })
    }
}

fn beside_this_program(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn built(path: PathBuf) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path);
    }
    let shown = path.display();
    Err(format!("no server at {shown}; build it: cargo build --release -p testbed -p wamp-benches")
        .into())
}
