//! What the peers share: their command line, their runtime, and the line that says where they listen.

use std::error::Error;
use std::net::SocketAddr;

/// Any failure ends a peer with its message.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Runs `server` on the port that the command line asks for, and on as many workers.
///
/// `--port N`: 0 (the default) picks one; `--workers N`: threads, one unless told otherwise.
pub fn serve(server: impl AsyncFnOnce(u16) -> Result) -> Result {
    let [port, workers] = options().unwrap_or_else(|message| {
        eprintln!("{message}; usage: [--port N] [--workers N]");
        std::process::exit(2)
    });
    let mut runtime = match workers {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.worker_threads(workers.into()).enable_all().build()?.block_on(server(port))
}

/// The port and the number of workers.
fn options() -> std::result::Result<[u16; 2], String> {
    let (mut port, mut workers) = (0, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments.next().and_then(|value| value.parse().ok());
        match (option.as_str(), value) {
            ("--port", Some(value)) => port = value,
            ("--workers", Some(value)) if value > 0 => workers = value,
            _ => return Err(format!("cannot read option {option}")),
        }
    }
    Ok([port, workers])
}

/// Says where the peer listens, once it does.
pub fn announce(address: SocketAddr, path: &str) {
    println!("listening on ws://{address}{path}");
}
