//! A WebSocket client that sends valid and invalid input.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use socket2::{Domain, SockRef, Type};

use super::{DEADLINE, Server, path};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

const MASK: [u8; 4] = [0x5a, 0x00, 0xff, 0x17];

/// A message or a control frame of the server, or the end.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Text(Value),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// The connection is closed or reset.
    End,
}

/// A WebSocket, open or closed.
pub(crate) struct Socket {
    stream: BufReader<TcpStream>,
}

impl Socket {
    /// Connects, without sending a byte.
    pub(crate) fn tcp(server: &Server) -> Self {
        Self::connect(server.address())
    }

    /// Like [`tcp`](Self::tcp), to any address.
    pub(crate) fn connect(address: &str) -> Self {
        Self::over(TcpStream::connect(address).expect("the server listens"))
    }

    /// Like [`tcp`](Self::tcp), from 127.0.0.`last`.
    pub(crate) fn tcp_from(last: u8, server: &Server) -> Self {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).expect("there is IPv4");
        let source = SocketAddr::from(([127, 0, 0, last], 0));
        socket.bind(&source.into()).expect("all of 127.0.0.0/8 is this machine");
        let server: SocketAddr = server.address().parse().expect("an address");
        socket.connect(&server.into()).expect("the server listens");
        Self::over(socket.into())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(DEADLINE)).expect("it is not zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("it is not zero");
        stream.set_nodelay(true).expect("it is TCP");
        Self { stream: BufReader::with_capacity(65_536, stream) }
    }

    /// Like [`open`](Self::open); `None` if the server does not listen, or refuses the upgrade.
    pub(crate) fn try_open(address: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        let mut socket = Self { stream: BufReader::with_capacity(65_536, stream) };
        let mut request = format!("GET {} HTTP/1.1\r\nHost: {address}\r\n", path());
        UPGRADE.iter().for_each(|(name, value)| request += &format!("{name}: {value}\r\n"));
        socket.write((request + "\r\n").as_bytes()).ok()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(socket.take(1)?);
        }
        head.starts_with(b"HTTP/1.1 101 ").then_some(socket)
    }

    /// Removes the deadline of reads.
    pub(crate) fn wait_for_ever(&self) {
        self.stream.get_ref().set_read_timeout(None).expect("it is TCP");
    }

    /// Wraps a connection whose upgrade is done.
    pub(crate) fn open(server: &Server) -> Self {
        let (head, socket) = exchange(server, "GET", &UPGRADE);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket
    }

    /// # Errors
    /// The server has closed the connection, or does not read for too long.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.write(bytes).expect("the server reads");
    }

    /// Sets a short deadline for writes that the server does not read.
    pub(crate) fn shorten_patience(&self) {
        self.stream
            .get_ref()
            .set_write_timeout(Some(Duration::from_secs(1)))
            .expect("it is not zero");
    }

    /// Sets a small receive buffer in the kernel.
    pub(crate) fn narrow(&self) {
        SockRef::from(self.stream.get_ref()).set_recv_buffer_size(65_536).expect("it is TCP");
    }

    /// Sends one frame.
    pub(crate) fn frame(&mut self, first_byte: u8, payload: &[u8]) {
        self.send(&frame(first_byte, payload));
    }

    /// Sends one text message.
    pub(crate) fn text(&mut self, text: &str) {
        self.frame(FIN | TEXT, text.as_bytes());
    }

    /// Waits for the next message or frame of the server, and answers a close frame. The test fails
    /// after the deadline.
    pub(crate) fn receive(&mut self) -> Received {
        let Some([first, second]) = self.bytes::<2>() else {
            return Received::End;
        };
        assert_eq!(first & 0xf0, FIN, "fragments and reserved bits are not for servers");
        let length = match second {
            0..126 => Some(u64::from(second)),
            126 => self.bytes().map(|bytes| u16::from_be_bytes(bytes).into()),
            127 => self.bytes().map(u64::from_be_bytes),
            _ => panic!("a server masks nothing"),
        };
        let length = length.map(|length| usize::try_from(length).expect("it fits"));
        let Some(payload) = length.and_then(|length| self.take(length)) else {
            return Received::End;
        };
        match first & 0x0f {
            TEXT => {
                Received::Text(serde_json::from_slice(&payload).expect("the server writes JSON"))
            }
            BINARY => Received::Binary(payload),
            PING => Received::Ping(payload),
            PONG => Received::Pong(payload),
            CLOSE => {
                self.write(&frame(FIN | CLOSE, &payload)).ok();
                Received::Close(payload.first_chunk().copied().map(u16::from_be_bytes))
            }
            opcode => panic!("a frame with opcode {opcode}"),
        }
    }

    /// Returns the head of the next HTTP response.
    pub(crate) fn head(&mut self) -> String {
        self.until("\r\n\r\n")
    }

    /// Returns the text up to the first place where it ends so, and that end.
    pub(crate) fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.extend(self.take(1).expect("more comes"));
        }
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// Returns the head of the next HTTP response, and the body, whose length the head has.
    pub(crate) fn response(&mut self) -> (String, String) {
        let head = self.head().to_ascii_lowercase();
        let length = head.split_once("\ncontent-length: ").and_then(|(_, rest)| {
            rest.split_once('\r').and_then(|(length, _)| length.parse().ok())
        });
        let body = self.take(length.unwrap_or_default()).expect("the body");
        (head, String::from_utf8(body).expect("UTF-8"))
    }

    /// Returns the bytes until the end of the connection.
    pub(crate) fn all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(byte) = self.take(1) {
            bytes.extend(byte);
        }
        bytes
    }

    /// Returns all messages and frames until the end of the connection.
    pub(crate) fn rest(&mut self) -> Vec<Received> {
        let mut received = Vec::new();
        loop {
            match self.receive() {
                Received::End => return received,
                other => received.push(other),
            }
        }
    }

    /// Returns whether nothing arrives for this long.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(time)).expect("it is not zero");
        let silent = matches!(self.stream.fill_buf(), Err(error) if timed_out(&error));
        self.stream.get_ref().set_read_timeout(Some(DEADLINE)).expect("it is not zero");
        silent
    }

    /// Ends the connection by FIN, without a close frame.
    pub(crate) fn finish(self) {
        self.stream.get_ref().shutdown(Shutdown::Both).ok();
    }

    /// Ends the connection by RST.
    pub(crate) fn reset(self) {
        SockRef::from(self.stream.get_ref()).set_linger(Some(Duration::ZERO)).expect("it is TCP");
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N).and_then(|bytes| bytes.try_into().ok())
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) if timed_out(&error) => {
                panic!("nothing came from the server in {DEADLINE:?}")
            }
            Err(_) => None,
        }
    }
}

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Returns a client's frame, masked.
pub(crate) fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Returns the headers of an upgrade.
pub(crate) const UPGRADE: [(&str, &str); 5] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "wamp.2.json"),
];

/// Sends a request with these headers. Returns the head of the response.
pub(crate) fn exchange(
    server: &Server,
    method: &str,
    headers: &[(&str, &str)],
) -> (String, Socket) {
    exchange_on(Socket::tcp(server), server, method, headers)
}

/// Like [`exchange`], on this connection.
pub(crate) fn exchange_on(
    mut socket: Socket,
    server: &Server,
    method: &str,
    headers: &[(&str, &str)],
) -> (String, Socket) {
    let mut request = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", path(), server.address());
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    socket.send((request + "\r\n").as_bytes());
    (socket.head(), socket)
}
