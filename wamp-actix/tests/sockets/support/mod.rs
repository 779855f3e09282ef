//! A client on a socket of its own that reads when its test wants it to, and what it sends.

#![allow(dead_code, reason = "each test uses its part")]

#[path = "../../../../wamp-core/tests/protocol/support/log.rs"]
pub(crate) mod log;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Returns a frame of a client, masked with zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len();
    let mut frame = match length {
        0..126 => vec![first, 0x80 | length as u8],
        126..0x1_0000 => [&[first, 0x80 | 126], &(length as u16).to_be_bytes()[..]].concat(),
        _ => [&[first, 0x80 | 127], &(length as u64).to_be_bytes()[..]].concat(),
    };
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A session, with its unread messages.
pub(crate) struct Client {
    socket: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// Opens a session in `realm1`, of an endpoint at `/ws`.
    pub(crate) fn join(address: SocketAddr) -> Self {
        Self::join_at(address, "/ws", "")
    }

    /// Like [`join`](Self::join), at another path, with more lines in the head of the upgrade.
    pub(crate) fn join_at(address: SocketAddr, path: &str, lines: &str) -> Self {
        Self::join_on(TcpStream::connect(address).unwrap(), path, lines)
    }

    /// Like [`join`](Self::join), with a small receive buffer in the kernel.
    pub(crate) fn join_narrow(address: SocketAddr) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        socket.connect(&address.into()).unwrap();
        Self::join_on(socket.into(), "/ws", "")
    }

    fn join_on(socket: TcpStream, path: &str, lines: &str) -> Self {
        let upgraded = Self::upgrade_at(socket, path, lines);
        let mut client = upgraded.unwrap_or_else(|refusal| panic!("{refusal}"));
        client.hello();
        client
    }

    /// Opens a WebSocket without a session, by a request with additional header lines (each with
    /// its end). An error is the response that refuses it.
    pub(crate) fn upgrade(socket: TcpStream, lines: &str) -> Result<Self, String> {
        Self::upgrade_at(socket, "/ws", lines)
    }

    fn upgrade_at(socket: TcpStream, path: &str, lines: &str) -> Result<Self, String> {
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut client = Self { socket, unread: Vec::new() };
        let upgrade = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\n\
            Connection: upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            Sec-WebSocket-Protocol: wamp.2.json\r\n{lines}\r\n"
        );
        client.send_bytes(upgrade.as_bytes());
        let head = loop {
            client.fill();
            if let Some(end) = client.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        if !client.unread.starts_with(b"HTTP/1.1 101") {
            return Err(String::from_utf8(client.read_to_end()).unwrap());
        }
        client.unread.drain(..head);
        Ok(client)
    }

    /// Opens the session.
    pub(crate) fn hello(&mut self) {
        self.send(r#"[1,"realm1",{"roles":{"caller":{},"publisher":{},"subscriber":{}}}]"#);
        assert!(self.message().starts_with("[2,"));
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.send_bytes(&frame(0x81, text.as_bytes()));
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).unwrap();
    }

    fn fill(&mut self) {
        let mut buffer = [0; 16_384];
        let count = self.socket.read(&mut buffer).unwrap();
        assert!(count > 0, "the server has closed");
        self.unread.extend_from_slice(&buffer[..count]);
    }

    /// Returns the next message, which must be shorter than 64 KiB.
    pub(crate) fn message(&mut self) -> String {
        loop {
            let (length, rest) = match self.unread[..] {
                [0x81, 126, high, low, ref rest @ ..] => {
                    (usize::from(u16::from_be_bytes([high, low])), rest)
                }
                [0x81, length @ 0..126, ref rest @ ..] => (usize::from(length), rest),
                _ => (usize::MAX, &[][..]),
            };
            if let Some(text) = rest.get(..length) {
                let text = String::from_utf8(text.to_vec()).unwrap();
                self.unread.drain(..self.unread.len() - rest.len() + length);
                return text;
            }
            self.fill();
        }
    }

    /// Reads and drops the available output. Returns the number of bytes.
    pub(crate) fn read_some(&mut self) -> usize {
        self.socket.read(&mut [0; 1 << 18]).unwrap()
    }

    /// Returns all output until the server closes.
    pub(crate) fn read_to_end(mut self) -> Vec<u8> {
        self.socket.read_to_end(&mut self.unread).unwrap();
        self.unread
    }
}
