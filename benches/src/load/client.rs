//! A WebSocket client reduced to what a load generator needs: the handshake, many frames in one
//! write, messages read in place.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;
use crate::dialect::Dialect;
use crate::frame::{CLOSE, PING, PONG, frame, parse};

/// The key and the answer to it that RFC 6455 gives as its example (section 1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Where a server listens.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

/// One WebSocket connection with its two buffers.
pub(crate) struct Client {
    stream: TcpStream,
    dialect: Dialect,
    incoming: Vec<u8>,
    unread: Range<usize>,
    outgoing: Vec<u8>,
}

impl Client {
    /// Connects and upgrades. `buffer_bytes` is what one read takes at most.
    pub(crate) async fn open(
        endpoint: &Endpoint,
        dialect: Dialect,
        buffer_bytes: usize,
    ) -> Result<Self> {
        let stream = TcpStream::connect(endpoint.address).await?;
        stream.set_nodelay(true)?;
        let (incoming, outgoing) = (vec![0; buffer_bytes], Vec::with_capacity(buffer_bytes));
        let mut client = Self { stream, dialect, incoming, unread: 0..0, outgoing };
        client.upgrade(endpoint).await?;
        Ok(client)
    }

    /// Connects, upgrades and opens a session.
    pub(crate) async fn join(
        endpoint: &Endpoint,
        dialect: Dialect,
        buffer_bytes: usize,
    ) -> Result<Self> {
        let mut client = Self::open(endpoint, dialect, buffer_bytes).await?;
        dialect.join(&mut client).await?;
        Ok(client)
    }

    async fn upgrade(&mut self, endpoint: &Endpoint) -> Result<()> {
        let Endpoint { address, path } = endpoint;
        let subprotocol = self.dialect.subprotocol();
        let offer =
            subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\n\
             Upgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{offer}\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        let head_bytes = loop {
            self.fill().await?;
            let unread = &self.incoming[self.unread.clone()];
            if let Some(end) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = &self.incoming[self.unread.start..self.unread.start + head_bytes];
        check_upgrade(&String::from_utf8_lossy(head), subprotocol)?;
        self.unread.start += head_bytes;
        Ok(())
    }

    /// Puts a finished frame among those of the next [`flush`](Self::flush).
    pub(crate) fn queue(&mut self, frame: &[u8]) {
        self.outgoing.extend_from_slice(frame);
    }

    /// Writes everything queued, in one write if the kernel takes it.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if !self.outgoing.is_empty() {
            self.stream.write_all(&self.outgoing).await?;
            self.outgoing.clear();
        }
        Ok(())
    }

    /// Waits for bytes and makes one read.
    pub(crate) async fn fill(&mut self) -> Result<()> {
        self.make_room();
        match self.stream.read(&mut self.incoming[self.unread.end..]).await? {
            0 => Err("the server closed the connection".into()),
            count => {
                self.unread.end += count;
                Ok(())
            }
        }
    }

    fn make_room(&mut self) {
        if self.unread.is_empty() {
            self.unread = 0..0;
        } else if self.unread.start > 0 {
            self.incoming.copy_within(self.unread.clone(), 0);
            self.unread = 0..self.unread.len();
        }
        if self.unread.end == self.incoming.len() {
            self.incoming.resize(self.incoming.len() * 2, 0);
        }
    }

    /// The next message already read, if there is a whole one. Answers pings (at the next flush).
    pub(crate) fn next_message(&mut self) -> Result<Option<&[u8]>> {
        while let Some((opcode, payload)) = self.next_frame()? {
            match opcode {
                opcode if opcode == self.dialect.opcode() => {
                    return Ok(Some(&self.incoming[payload]));
                }
                PING => {
                    let pong = frame(PONG, &self.incoming[payload]);
                    self.outgoing.extend_from_slice(&pong);
                }
                PONG => {}
                CLOSE => return Err("the server sent a close frame".into()),
                other => return Err(format!("unexpected opcode {other}").into()),
            }
        }
        Ok(None)
    }

    /// Opcode and place of the next whole frame, which then counts as read.
    fn next_frame(&mut self) -> Result<Option<(u8, Range<usize>)>> {
        let Some((opcode, payload)) = parse(&self.incoming[self.unread.clone()])? else {
            return Ok(None);
        };
        let payload = self.unread.start + payload.start..self.unread.start + payload.end;
        self.unread.start = payload.end;
        Ok(Some((opcode, payload)))
    }

    /// Sends one message and waits for the next that arrives.
    pub(crate) async fn ask(&mut self, message: &[u8]) -> Result<Vec<u8>> {
        self.queue(&frame(self.dialect.opcode(), message));
        self.flush().await?;
        self.receive().await
    }

    /// Waits for the next message.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(message) = self.next_message()? {
                return Ok(message.to_vec());
            }
            self.fill().await?;
        }
    }

    /// The closing handshake, after which the socket is dropped. RFC 6455, section 7.1.1, would
    /// have the client wait for the server to end the stream; actix-http waits for the client in
    /// its turn, for a second.
    pub(crate) async fn close(mut self) -> Result<()> {
        const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();
        self.queue(&frame(CLOSE, &NORMAL));
        self.flush().await?;
        loop {
            match self.next_frame()? {
                Some((CLOSE, _)) => return Ok(()),
                Some(_) => {}
                None => self.fill().await?,
            }
        }
    }
}

fn check_upgrade(head: &str, subprotocol: Option<&str>) -> Result<()> {
    let value = |name: &str| {
        let named =
            |line: &&str| line.split(':').next().is_some_and(|key| key.eq_ignore_ascii_case(name));
        head.lines()
            .find(named)
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim())
    };
    let upgraded =
        head.starts_with("HTTP/1.1 101 ") && value("sec-websocket-accept") == Some(ACCEPT);
    let agreed = value("sec-websocket-protocol") == subprotocol;
    if upgraded && agreed {
        Ok(())
    } else {
        Err(format!("the server did not upgrade: {head}").into())
    }
}

/// The error for a message that is not the one awaited.
pub(crate) fn unexpected(message: &[u8]) -> Box<dyn std::error::Error> {
    let quoted = String::from_utf8_lossy(&message[..message.len().min(300)]);
    format!("unexpected message: {quoted}").into()
}
