//! A WebSocket between a test and a server in the same process.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_http::error::PayloadError;
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use futures_util::Stream;
use wamp_core::{__private, RawMessage, Serializer};

use crate::worker::clock::ManualClock;

/// A frame of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// A text frame: a message in JSON.
    Text(String),
    /// A binary frame: a message in a binary serializer.
    Binary(Vec<u8>),
    /// A ping, which the test has to answer itself.
    Ping,
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// A close frame with its code.
    Close(Option<u16>),
}

/// A WebSocket to a server in the same process, frame by frame, for tests of the protocol itself.
///
/// ```
/// use wamp_actix::Router;
/// use wamp_actix::test::{Received, join};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Router::builder().handlers([]).build()?;
/// let mut wire = join(&router).wire().await?;
/// wire.send(r#"[48,1,{},"too.early"]"#);
/// let Some(Received::Text(abort)) = wire.receive().await else { panic!("no text") };
/// assert!(abort.contains("wamp.error.protocol_violation"));
/// assert_eq!(wire.receive().await, Some(Received::Close(Some(1002))));
/// # Ok(())
/// # }
/// ```
#[allow(missing_debug_implementations, reason = "actix's bodies have none")]
pub struct Wire {
    body: Pin<Box<BoxBody>>,
    pipe: Pipe,
    clock: ManualClock,
    serializer: Serializer,
    buffer: Vec<u8>,
    close_reason: String,
}

/// The request's payload, to which the test writes.
#[derive(Clone, Default)]
pub(super) struct Pipe(Rc<RefCell<PipeState>>);

#[derive(Default)]
struct PipeState {
    chunks: VecDeque<Bytes>,
    closed: bool,
    reader: Option<Waker>,
}

/// Returns a payload, and the pipe that writes to it.
pub(super) fn pipe() -> (Payload, Pipe) {
    let pipe = Pipe::default();
    (Payload::Stream { payload: Box::pin(pipe.clone()) }, pipe)
}

impl Stream for Pipe {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.borrow_mut();
        match state.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if state.closed => Poll::Ready(None),
            None => {
                state.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Pipe {
    fn change(&self, change: impl FnOnce(&mut PipeState)) {
        let mut state = self.0.borrow_mut();
        change(&mut state);
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }
}

impl Wire {
    pub(super) fn new(
        body: BoxBody,
        pipe: Pipe,
        clock: ManualClock,
        serializer: Serializer,
    ) -> Self {
        Self {
            body: Box::pin(body),
            pipe,
            clock,
            serializer,
            buffer: Vec::new(),
            close_reason: String::new(),
        }
    }

    /// Returns the clock of the connection.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Sends a text frame.
    pub fn send(&self, text: &str) {
        self.send_frame(0x81, text.as_bytes());
    }

    /// Sends a message, written in JSON, in the connection's serializer.
    ///
    /// # Panics
    /// The text is not JSON.
    pub fn send_message(&self, json: &str) {
        let frame = __private::encode(self.serializer, json)
            .unwrap_or_else(|error| panic!("a message cannot be sent: {error}"));
        self.send_frame(if self.serializer.is_binary() { 0x82 } else { 0x81 }, &frame);
    }

    /// Sends a frame with this first byte (FIN, RSV, opcode), masked as a client has to.
    pub fn send_frame(&self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
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
        frame.extend_from_slice(&[0; 4]); // A mask of zeros leaves the payload unchanged.
        frame.extend_from_slice(payload);
        self.send_bytes(frame);
    }

    /// Sends bytes as they are, without a frame around them.
    pub fn send_bytes(&self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.pipe.change(|state| state.chunks.push_back(bytes));
    }

    /// Ends the client's direction of the TCP stream, without a close frame.
    pub fn hang_up(&self) {
        self.pipe.change(|state| state.closed = true);
    }

    /// Returns the reason in the server's close frame; empty without a reason, or without a close
    /// frame.
    #[must_use]
    pub fn close_reason(&self) -> &str {
        &self.close_reason
    }

    /// Waits for the next frame of the server; `None` once the connection has ended.
    pub async fn receive(&mut self) -> Option<Received> {
        poll_fn(|context| self.poll_receive(context)).await
    }

    pub(super) fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Received>> {
        loop {
            if let Some(received) = self.frame() {
                return Poll::Ready(Some(received));
            }
            match self.body.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => self.buffer.extend_from_slice(&bytes),
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Returns the message in a frame of the server, as JSON.
    pub(super) fn message(&self, received: Received) -> Option<String> {
        let frame = match received {
            Received::Text(text) => text.into(),
            Received::Binary(bytes) => RawMessage::Binary(bytes.into()),
            _ => return None,
        };
        __private::decode(self.serializer, frame)
    }

    /// Takes one complete frame from the buffer. The server's frames are neither masked nor
    /// fragmented.
    fn frame(&mut self) -> Option<Received> {
        let (&first, &second) = (self.buffer.first()?, self.buffer.get(1)?);
        let (header, length) = match second {
            126 => (4, u16::from_be_bytes(self.buffer.get(2..4)?.try_into().ok()?).into()),
            127 => (10, u64::from_be_bytes(self.buffer.get(2..10)?.try_into().ok()?) as usize),
            length => (2, length.into()),
        };
        if self.buffer.len() < header + length {
            return None;
        }
        let payload: Vec<u8> = self.buffer.drain(..header + length).skip(header).collect();
        Some(match first & 0x0f {
            0x1 => Received::Text(String::from_utf8_lossy(&payload).into_owned()),
            0x2 => Received::Binary(payload),
            0x8 => Received::Close(self.close(&payload)),
            0x9 => Received::Ping,
            _ => Received::Pong(payload),
        })
    }

    fn close(&mut self, payload: &[u8]) -> Option<u16> {
        let (code, reason) = payload.split_first_chunk()?;
        self.close_reason = String::from_utf8_lossy(reason).into_owned();
        Some(u16::from_be_bytes(*code))
    }
}
