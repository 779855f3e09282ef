//! WebSocket frames (RFC 6455): parses the client's bytes into messages, and writes the server's
//! frames into a buffer. No WAMP, no I/O.
//!
//! `actix_http::ws::Parser` is not used: it asks for more bytes until the whole *declared* frame is
//! buffered and compares the length with its limit only then, so one header that declares 2^40
//! bytes takes all memory. Here a header is checked before its payload is awaited. The parser's
//! unmasking is private to it.

#[cfg(fuzzing)]
pub(crate) mod fuzz;
mod layout;
mod writing;

use std::mem;

use actix_http::ws::OpCode;
use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;

use wamp_core::Limits;

use layout::{FIN, LENGTH, MASKED, MAX_CONTROL_BYTES, OPCODE, RESERVED, declared_length, unmask};
pub(crate) use writing::{RESERVE, seal, write_close, write_close_reply, write_ping, write_pong};

/// The maximum number of fragments of one message. Empty fragments take no memory, so the size
/// limit alone would admit an endless sequence of them.
const MAX_FRAGMENTS: usize = 65_536;

/// The close codes this server sends (RFC 6455, 7.4.1).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// The session ended normally.
    Normal,
    /// The server shuts down; the client may reconnect after the restart.
    ServiceRestart,
    /// The client violated WebSocket or WAMP.
    ProtocolError,
    /// A text message or a close reason is not UTF-8.
    InvalidPayload,
    /// The client exceeded a limit of this server: it does not read, for example, or does not
    /// answer pings.
    PolicyViolation,
    /// A frame or a message exceeds its size limit.
    TooBig,
    /// A fault of the server.
    InternalError,
    /// The server has no room for another connection now. Registered with IANA after RFC 6455, like
    /// 1012.
    TryAgainLater,
}

impl CloseCode {
    /// Returns the number in the close frame.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::ServiceRestart => 1012,
            Self::ProtocolError => 1002,
            Self::InvalidPayload => 1007,
            Self::PolicyViolation => 1008,
            Self::TooBig => 1009,
            Self::InternalError => 1011,
            Self::TryAgainLater => 1013,
        }
    }
}

/// The maximum sizes of what a client may send; beyond them it gets [`CloseCode::TooBig`]. RFC 6455
/// itself bounds control frames.
#[derive(Copy, Clone, Debug)]
pub(crate) struct FrameLimits {
    /// Payload of one frame.
    pub max_frame_bytes: usize,
    /// Payload of one message: the sum of all its fragments.
    pub max_message_bytes: usize,
}

impl FrameLimits {
    /// Returns the limits of a connection without a session.
    pub(crate) fn before_welcome(limits: &Limits) -> Self {
        let Self { max_frame_bytes, max_message_bytes } = Self::after_welcome(limits);
        let most = limits.max_hello_bytes;
        Self {
            max_frame_bytes: max_frame_bytes.min(most),
            max_message_bytes: max_message_bytes.min(most),
        }
    }

    /// Returns the limits of a session.
    pub(crate) fn after_welcome(limits: &Limits) -> Self {
        let Limits { max_frame_bytes, max_message_bytes, .. } = *limits;
        Self { max_frame_bytes, max_message_bytes }
    }
}

/// A message or a control frame of the client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A complete text message, whose UTF-8 has been validated.
    Text(ByteString),
    /// A complete binary message.
    Binary(Bytes),
    /// A ping, to be answered with a pong of the same payload (RFC 6455, 5.5.2).
    Ping(Bytes),
    /// A pong: the answer to a ping, or an unsolicited heartbeat.
    Pong(Bytes),
    /// A close frame with its code, if it has one; nothing follows. To be answered with a close
    /// frame.
    Close(Option<u16>),
}

/// The reading half of one WebSocket.
///
/// A message of a single frame is not copied: it is unmasked in place and split off the input
/// buffer.
pub(crate) struct Frames {
    limits: FrameLimits,
    input: BytesMut,
    /// Bytes that were read into the buffer whose unconsumed rest is `input`.
    buffered: usize,
    apart: bool,
    assembly: Option<Box<Assembly>>,
    state: State,
}

/// A fragmented message whose last fragment has not arrived.
struct Assembly {
    binary: bool,
    payload: Vec<u8>,
    fragments: usize,
}

/// The state of the reading half.
enum State {
    Open,
    /// A close frame was read; nothing may follow it (RFC 6455, 5.5.1).
    Closed,
    /// A fault was found; nothing is read after it (RFC 6455, 7.1.7).
    Failed(CloseCode),
}

/// A complete frame, unmasked.
struct Frame {
    last: bool,
    opcode: OpCode,
    payload: BytesMut,
}

/// A valid header whose payload is within the limits.
struct Header {
    last: bool,
    opcode: OpCode,
    size: usize,
    mask: [u8; 4],
    payload_length: usize,
}

impl Frames {
    /// Returns the reading half of a WebSocket that was just upgraded.
    pub(crate) fn new(limits: FrameLimits) -> Self {
        Self {
            limits,
            input: BytesMut::new(),
            buffered: 0,
            apart: false,
            assembly: None,
            state: State::Open,
        }
    }

    /// Replaces the limits, from the first frame on whose header has not been read.
    pub(crate) fn set_limits(&mut self, limits: FrameLimits) {
        self.limits = limits;
    }

    /// Sets whether a message that is a small part of the input buffer is copied from now on, so
    /// that keeping the message does not pin the whole buffer.
    pub(crate) fn set_apart(&mut self, apart: bool) {
        self.apart = apart;
    }

    /// Appends bytes of the socket. After a close frame or a fault they are dropped.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Open) {
            return;
        }
        if 2 * self.input.len() <= self.buffered {
            // Half or more is consumed: continue in a new buffer of exactly the size needed,
            // because a message at its end takes the allocation along.
            let mut input = BytesMut::with_capacity(self.input.len() + bytes.len());
            input.extend_from_slice(&self.input);
            self.buffered = input.len();
            self.input = input;
        }
        self.input.extend_from_slice(bytes);
        self.buffered += bytes.len();
    }

    /// Returns the next message or control frame, or `None` when it needs more bytes, and after a
    /// close frame. To be called until it returns `None`. An idle connection holds no buffer.
    ///
    /// # Errors
    /// The code to close with, as soon as a header shows the fault, and again at every later call:
    /// [`TooBig`](CloseCode::TooBig) beyond the limits,
    /// [`InvalidPayload`](CloseCode::InvalidPayload) for invalid UTF-8,
    /// [`ProtocolError`](CloseCode::ProtocolError) for the other rules of RFC 6455.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming>, CloseCode> {
        match self.state {
            State::Open => {}
            State::Closed => return Ok(None),
            State::Failed(code) => return Err(code),
        }
        let incoming = self.read();
        match incoming {
            Err(code) => self.end(State::Failed(code)),
            Ok(Some(Incoming::Close(_))) => self.end(State::Closed),
            Ok(None) if self.input.is_empty() => self.input = BytesMut::new(),
            Ok(_) => {}
        }
        incoming
    }

    /// Returns whether a frame or a fragmented message has begun and is incomplete; the assembly
    /// timeout measures this state. Meaningful after [`next`](Self::next) has returned `None`.
    pub(crate) fn assembling(&self) -> bool {
        self.assembly.is_some() || !self.input.is_empty()
    }

    fn end(&mut self, state: State) {
        *self = Self { state, ..Self::new(self.limits) };
    }

    fn read(&mut self) -> Result<Option<Incoming>, CloseCode> {
        while let Some(frame) = self.frame()? {
            let incoming = match frame.opcode {
                OpCode::Continue | OpCode::Text | OpCode::Binary => self.data(frame)?,
                OpCode::Ping => Some(Incoming::Ping(frame.payload.freeze())),
                OpCode::Pong => Some(Incoming::Pong(frame.payload.freeze())),
                OpCode::Close => Some(Incoming::Close(close_code(&frame.payload)?)),
                OpCode::Bad => return Err(CloseCode::ProtocolError),
            };
            if incoming.is_some() {
                return Ok(incoming);
            }
        }
        Ok(None)
    }

    /// Returns the next frame once it is complete.
    fn frame(&mut self) -> Result<Option<Frame>, CloseCode> {
        let Some(header) = self.header()? else {
            return Ok(None);
        };
        if self.input.len() - header.size < header.payload_length {
            return Ok(None);
        }
        self.input.advance(header.size);
        let is_small = 2 * header.payload_length < self.buffered - header.size;
        let mut payload = if self.apart && is_small {
            let copy = BytesMut::from(&self.input[..header.payload_length]);
            self.input.advance(header.payload_length);
            copy
        } else if self.input.len() == header.payload_length {
            // Not `split_to`, which would allocate the shared state of the buffer.
            mem::take(&mut self.input)
        } else {
            self.input.split_to(header.payload_length)
        };
        unmask(&mut payload, header.mask);
        Ok(Some(Frame { last: header.last, opcode: header.opcode, payload }))
    }

    /// Reads the next header, or returns the close code, if possible before the header is complete.
    fn header(&self) -> Result<Option<Header>, CloseCode> {
        let Some(&[first, second]) = self.input.first_chunk() else {
            return Ok(None);
        };
        let (last, opcode) = self.admit(first, second)?;
        let Some((length, mask_at)) = declared_length(&self.input, second & LENGTH)? else {
            return Ok(None);
        };
        let payload_length = self.within_limits(opcode, length)?;
        let Some(&mask) = self.input[mask_at..].first_chunk() else {
            return Ok(None);
        };
        Ok(Some(Header { last, opcode, size: mask_at + mask.len(), mask, payload_length }))
    }

    /// Checks the first two bytes (RFC 6455, 5.1, 5.2, 5.4, 5.5). Returns the FIN bit and the
    /// opcode.
    fn admit(&self, first: u8, second: u8) -> Result<(bool, OpCode), CloseCode> {
        let last = first & FIN != 0;
        let opcode = OpCode::from(first & OPCODE);
        let in_place = match opcode {
            OpCode::Text | OpCode::Binary => self.assembly.is_none(),
            OpCode::Continue => self.assembly.is_some(),
            OpCode::Ping | OpCode::Pong | OpCode::Close => {
                last && usize::from(second & LENGTH) <= MAX_CONTROL_BYTES
            }
            OpCode::Bad => false,
        };
        if in_place && first & RESERVED == 0 && second & MASKED != 0 {
            Ok((last, opcode))
        } else {
            Err(CloseCode::ProtocolError)
        }
    }

    fn within_limits(&self, opcode: OpCode, length: u64) -> Result<usize, CloseCode> {
        let limit = match opcode {
            OpCode::Ping | OpCode::Pong | OpCode::Close => MAX_CONTROL_BYTES,
            OpCode::Continue | OpCode::Text | OpCode::Binary | OpCode::Bad => {
                let assembled = self.assembly.as_ref().map_or(0, |assembly| assembly.payload.len());
                self.limits
                    .max_message_bytes
                    .saturating_sub(assembled)
                    .min(self.limits.max_frame_bytes)
            }
        };
        usize::try_from(length).ok().filter(|length| *length <= limit).ok_or(CloseCode::TooBig)
    }

    /// Returns the message that this frame is or completes.
    fn data(&mut self, frame: Frame) -> Result<Option<Incoming>, CloseCode> {
        let binary = frame.opcode == OpCode::Binary;
        let Some(mut assembly) = self.assembly.take() else {
            if frame.last {
                return message(binary, frame.payload.freeze()).map(Some);
            }
            let assembly = Assembly { binary, payload: frame.payload.to_vec(), fragments: 1 };
            self.assembly = Some(Box::new(assembly));
            return Ok(None);
        };
        assembly.payload.extend_from_slice(&frame.payload);
        assembly.fragments += 1;
        if assembly.fragments > MAX_FRAGMENTS {
            return Err(CloseCode::TooBig);
        }
        if frame.last {
            return message(assembly.binary, assembly.payload.into()).map(Some);
        }
        self.assembly = Some(assembly);
        Ok(None)
    }
}

fn message(binary: bool, payload: Bytes) -> Result<Incoming, CloseCode> {
    if binary {
        return Ok(Incoming::Binary(payload));
    }
    // RFC 6455, 8.1. Checked once for the whole message: fragments may split a character.
    ByteString::try_from(payload).map(Incoming::Text).map_err(|_| CloseCode::InvalidPayload)
}

/// Returns the code in the payload of a close frame (RFC 6455, 5.5.1 and 7.4; IANA has registered
/// 1012 to 1014 since).
fn close_code(payload: &[u8]) -> Result<Option<u16>, CloseCode> {
    if payload.is_empty() {
        return Ok(None);
    }
    let (code, reason) = payload.split_first_chunk().ok_or(CloseCode::ProtocolError)?;
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(CloseCode::ProtocolError);
    }
    std::str::from_utf8(reason).map_err(|_| CloseCode::InvalidPayload)?;
    Ok(Some(code))
}

#[cfg(test)]
mod tests;
