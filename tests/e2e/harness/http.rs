//! A request without a WebSocket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Returns the head and the body of the answer to a GET, or `None` if nobody answers.
pub(crate) fn get(address: &str, path: &str, accept: &str) -> Option<(String, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    // The answer to HTTP/1.0 has no chunks, and ends with the connection.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.to_ascii_lowercase(), body.to_owned()))
}
