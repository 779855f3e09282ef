//! The common parts of the peers: command line, runtime, and the line with their address.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZero;

/// Any failure ends a peer with its message.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Runs `server` on the port that the command line asks for, and on as many workers.
///
/// `--port N`: 0 (the default) picks one. The runtime is that of `#[tokio::main]`, with
/// `--workers N` worker threads, one unless told otherwise, beside the main thread; or with
/// `--current-thread` that of one thread, whatever `--workers` says.
pub fn serve(server: impl AsyncFnOnce(u16) -> Result) -> Result {
    let Options { port, workers, is_current_thread } = Options::from_env().unwrap_or_else(|error| {
        eprintln!("{error}; usage: [--port N] [--workers N] [--current-thread]");
        std::process::exit(2)
    });
    let mut runtime = if is_current_thread {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    runtime.worker_threads(workers.get()).enable_all().build()?.block_on(server(port))
}

struct Options {
    port: u16,
    workers: NonZero<usize>,
    is_current_thread: bool,
}

impl Options {
    fn from_env() -> std::result::Result<Self, lexopt::Error> {
        use lexopt::prelude::*;

        let mut options =
            Self { port: 0, workers: NonZero::<usize>::MIN, is_current_thread: false };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("port") => options.port = arguments.value()?.parse()?,
                Long("workers") => options.workers = arguments.value()?.parse()?,
                Long("current-thread") => options.is_current_thread = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(options)
    }
}

/// Says where the peer listens, once it does.
pub fn announce(address: SocketAddr, path: &str) {
    println!("listening on ws://{address}{path}");
}
