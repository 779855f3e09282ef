//! A WebSocket client reduced to what a load generator needs: the handshake, masked frames built once and
//! patched, replies found without decoding them.
//!
//! The masking key is fixed. A client that is not a load generator must draw a new one for every frame
//! (RFC 6455, section 5.3); the server's work is the same either way.

use std::net::SocketAddr;
use std::ops::Range;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// The key and the answer to it that RFC 6455 gives as its example (section 1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const SUBPROTOCOL: &str = "wamp.2.json";

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// Where a server listens.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
}

/// One WebSocket connection with its two buffers.
pub(crate) struct Client {
    stream: TcpStream,
    incoming: Vec<u8>,
    unread: Range<usize>,
    outgoing: Vec<u8>,
}

impl Client {
    /// Connects and upgrades; offers WAMP's subprotocol if `wamp`. `buffer_bytes` is what one read takes at most.
    pub(crate) async fn open(endpoint: &Endpoint, wamp: bool, buffer_bytes: usize) -> Result<Self> {
        let stream = TcpStream::connect(endpoint.address).await?;
        stream.set_nodelay(true)?;
        let incoming = vec![0; buffer_bytes];
        let mut client = Self { stream, incoming, unread: 0..0, outgoing: Vec::with_capacity(buffer_bytes) };
        client.upgrade(endpoint, wamp).await?;
        Ok(client)
    }

    /// Connects, upgrades and joins `realm1`.
    pub(crate) async fn join(endpoint: &Endpoint, buffer_bytes: usize) -> Result<Self> {
        const HELLO: &str = r#"[1,"realm1",{"roles":{"caller":{},"publisher":{},"subscriber":{}}}]"#;
        let mut client = Self::open(endpoint, true, buffer_bytes).await?;
        let welcome = client.ask(HELLO).await?;
        expect_prefix(&welcome, "[2,")?;
        Ok(client)
    }

    async fn upgrade(&mut self, endpoint: &Endpoint, wamp: bool) -> Result<()> {
        let Endpoint { address, path } = endpoint;
        let offer = if wamp { format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n") } else { String::new() };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
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
        check_upgrade(&String::from_utf8_lossy(head), wamp)?;
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

    /// The next text message already read, if there is a whole one. Answers pings (at the next flush).
    pub(crate) fn next_message(&mut self) -> Result<Option<&[u8]>> {
        while let Some((opcode, payload)) = self.next_frame()? {
            match opcode {
                TEXT => return Ok(Some(&self.incoming[payload])),
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
        let unread = &self.incoming[self.unread.clone()];
        let [first, second, ..] = *unread else {
            return Ok(None);
        };
        if first & 0xf0 != 0x80 || second & 0x80 != 0 {
            return Err("a fragmented, extended or masked frame from the server".into());
        }
        let (head, length) = match (second, unread) {
            (126, &[_, _, a, b, ..]) => (4, usize::from(u16::from_be_bytes([a, b]))),
            (127, _) => return Err("a frame of 64 KiB or more from the server".into()),
            (126, _) => return Ok(None),
            (short, _) => (2, usize::from(short)),
        };
        if unread.len() < head + length {
            return Ok(None);
        }
        let start = self.unread.start + head;
        self.unread.start = start + length;
        Ok(Some((first & 0x0f, start..start + length)))
    }

    /// Sends one message and waits for the next that arrives.
    pub(crate) async fn ask(&mut self, message: &str) -> Result<Vec<u8>> {
        self.queue(&frame(TEXT, message.as_bytes()));
        self.flush().await?;
        loop {
            if let Some(message) = self.next_message()? {
                return Ok(message.to_vec());
            }
            self.fill().await?;
        }
    }

    /// Leaves the realm: GOODBYE and the answer to it.
    pub(crate) async fn leave(&mut self) -> Result<()> {
        let answer = self.ask(r#"[6,{},"wamp.close.close_realm"]"#).await?;
        expect_prefix(&answer, "[6,")
    }

    /// The closing handshake, after which the socket is dropped. RFC 6455, section 7.1.1, would have the client wait
    /// for the server to end the stream; actix-http waits for the client in its turn, for a second.
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

fn check_upgrade(head: &str, wamp: bool) -> Result<()> {
    let value = |name: &str| {
        let named = |line: &&str| line.split(':').next().is_some_and(|key| key.eq_ignore_ascii_case(name));
        head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    };
    let upgraded = head.starts_with("HTTP/1.1 101 ") && value("sec-websocket-accept") == Some(ACCEPT);
    let agreed = !wamp || value("sec-websocket-protocol") == Some(SUBPROTOCOL);
    if upgraded && agreed { Ok(()) } else { Err(format!("the server did not upgrade: {head}").into()) }
}

/// An error that quotes `message` unless it begins with `prefix`.
pub(crate) fn expect_prefix(message: &[u8], prefix: &str) -> Result<()> {
    if message.starts_with(prefix.as_bytes()) { Ok(()) } else { Err(unexpected(message)) }
}

/// The error for a message that is not the one awaited.
pub(crate) fn unexpected(message: &[u8]) -> Box<dyn std::error::Error> {
    let quoted = String::from_utf8_lossy(&message[..message.len().min(300)]);
    format!("unexpected message: {quoted}").into()
}

/// One masked frame.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u16::try_from(payload.len()).expect("messages of a load generator are under 64 KiB") {
        short @ ..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(long.to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// A request whose number counts up: a finished frame in which only the digits of the number are replaced.
pub(crate) struct Counting {
    /// What stands around the number, which stands between any two of these.
    parts: Vec<Vec<u8>>,
    number: u64,
    digits: Vec<u8>,
    frame: Vec<u8>,
    /// Where in the payload the number begins, once for each time it occurs.
    places: Vec<usize>,
}

impl Counting {
    /// A message with `#` where the number goes; the first is 1.
    pub(crate) fn new(message: &str) -> Self {
        let parts = message.split('#').map(|part| part.as_bytes().to_vec()).collect();
        Self { parts, number: 0, digits: Vec::new(), frame: Vec::new(), places: Vec::new() }
    }

    /// The frame with the next number.
    pub(crate) fn next_frame(&mut self) -> &[u8] {
        self.number += 1;
        if self.count_up() {
            self.patch();
        } else {
            self.rebuild();
        }
        &self.frame
    }

    /// Adds one to the digits; false if they were all nines and there must be one more.
    fn count_up(&mut self) -> bool {
        for digit in self.digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return true;
            }
            *digit = b'0';
        }
        false
    }

    fn patch(&mut self) {
        let payload_bytes = self.places.last().map_or(0, |place| place + self.digits.len())
            + self.parts.last().map_or(0, Vec::len);
        let head = self.frame.len() - payload_bytes;
        for &place in &self.places {
            for (index, digit) in (place..).zip(&self.digits) {
                self.frame[head + index] = digit ^ MASK[index % 4];
            }
        }
    }

    fn rebuild(&mut self) {
        self.digits = self.number.to_string().into_bytes();
        self.frame = frame(TEXT, &self.parts.join(&self.digits[..]));
        self.places.clear();
        let mut end = 0;
        for part in &self.parts[..self.parts.len() - 1] {
            self.places.push(end + part.len());
            end += part.len() + self.digits.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_frame_is_the_frame_of_the_message_with_that_number() {
        let mut counting = Counting::new(r#"[16,#,{"acknowledge":true},"bench.topic",[#]]"#);
        for number in 1..=1234 {
            let message = format!(r#"[16,{number},{{"acknowledge":true}},"bench.topic",[{number}]]"#);
            assert_eq!(counting.next_frame(), frame(TEXT, message.as_bytes()), "number {number}");
        }
    }

    #[test]
    fn a_long_message_gets_a_sixteen_bit_length_and_is_masked() {
        let long = frame(TEXT, &[b'x'; 300]);
        assert_eq!(long[..8], [0x81, 0xfe, 1, 44, 0x37, 0xfa, 0x21, 0x3d]);
        assert!(long[8..].iter().zip(MASK.iter().cycle()).all(|(byte, key)| byte ^ key == b'x'));
    }
}
