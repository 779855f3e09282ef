//! What the peers share: their command line, their runtime, and the line that says where they listen.

use std::error::Error;
use std::net::SocketAddr;
use std::num::NonZero;

/// Any failure ends a peer with its message.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Runs `server` on the port that the command line asks for, and on as many workers.
///
/// `--port N`: 0 (the default) picks one; `--workers N`: threads, one unless told otherwise.
pub fn serve(server: impl AsyncFnOnce(u16) -> Result) -> Result {
    let (port, workers) = options().unwrap_or_else(|error| {
        eprintln!("{error}; usage: [--port N] [--workers N]");
        std::process::exit(2)
    });
    let mut runtime = match workers {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.worker_threads(workers).enable_all().build()?.block_on(server(port))
}

/// The port and the number of workers.
fn options() -> std::result::Result<(u16, usize), lexopt::Error> {
    use lexopt::prelude::*;

    let (mut port, mut workers) = (0, NonZero::<usize>::MIN);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            Long("workers") => workers = arguments.value()?.parse()?,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok((port, workers.get()))
}

/// Says where the peer listens, once it does.
pub fn announce(address: SocketAddr, path: &str) {
    println!("listening on ws://{address}{path}");
}
