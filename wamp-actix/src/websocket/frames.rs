//! WebSocket frames (RFC 6455): the peer's bytes in, its messages out, and our frames into a buffer. No WAMP, no I/O.
//!
//! Why not `actix_http::ws::Parser`: it answers "more bytes, please" until the whole *declared* frame is buffered
//! and compares the length with its limit only then, so one header of 2^40 bytes takes all memory. Here a header
//! is judged before anything behind it is waited for. The parser's unmasking is private to it.

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

/// Fragments one message may have. Empty ones cost no memory, so the size limit alone would let them come forever.
const MAX_FRAGMENTS: usize = 65_536;

/// The close codes this server sends (RFC 6455, 7.4.1).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// The session ended as both sides wanted.
    Normal,
    /// The server stops, and the peer may come back when it has started again.
    ServiceRestart,
    /// The peer broke a rule of WebSocket or of WAMP.
    ProtocolError,
    /// A text message, or the reason of a close, that is not UTF-8.
    InvalidPayload,
    /// The peer broke a rule of ours: it does not read, say, or does not answer pings.
    PolicyViolation,
    /// A frame or message above the limits.
    TooBig,
    /// A fault of ours.
    InternalError,
    /// No room for another one now. Registered with IANA after RFC 6455, like 1012.
    TryAgainLater,
}

impl CloseCode {
    /// The number that goes into the close frame.
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

/// What a peer may send at most; more is [`CloseCode::TooBig`]. Control frames are bounded by RFC 6455 itself.
#[derive(Copy, Clone, Debug)]
pub(crate) struct FrameLimits {
    /// Payload of one frame.
    pub max_frame_bytes: usize,
    /// Payload of one message, that is of all its fragments.
    pub max_message_bytes: usize,
}

impl FrameLimits {
    /// Returns the limits of a connection without a session.
    pub(crate) fn before_welcome(limits: &Limits) -> Self {
        let Self { max_frame_bytes, max_message_bytes } = Self::after_welcome(limits);
        let most = limits.max_hello_bytes;
        Self { max_frame_bytes: max_frame_bytes.min(most), max_message_bytes: max_message_bytes.min(most) }
    }

    /// Returns the limits of a session.
    pub(crate) fn after_welcome(limits: &Limits) -> Self {
        let Limits { max_frame_bytes, max_message_bytes, .. } = *limits;
        Self { max_frame_bytes, max_message_bytes }
    }
}

/// One thing the peer sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A whole text message. A `ByteString` is a `&str` that need not be validated again.
    Text(ByteString),
    /// A whole binary message.
    Binary(Bytes),
    /// To be answered with a pong of the same payload (RFC 6455, 5.5.2).
    Ping(Bytes),
    /// The answer to a ping, or an unsolicited sign of life.
    Pong(Bytes),
    /// The last thing a peer says, with its code if it gave one. To be answered with a close frame.
    Close(Option<u16>),
}

/// The reading half of one WebSocket.
///
/// A message that came in one frame leaves without being copied, unmasked where it lay in the input.
pub(crate) struct Frames {
    limits: FrameLimits,
    input: BytesMut,
    /// How much was read into the buffer that `input` is what is left of.
    buffered: usize,
    apart: bool,
    assembly: Option<Box<Assembly>>,
    state: State,
}

/// A message of which the last fragment is still missing.
struct Assembly {
    binary: bool,
    payload: Vec<u8>,
    fragments: usize,
}

/// Whether more is to be read.
enum State {
    Open,
    /// RFC 6455, 5.5.1: nothing follows a close frame.
    Closed,
    /// RFC 6455, 7.1.7: nothing is read after a fault.
    Failed(CloseCode),
}

/// A frame of which all bytes are there, unmasked.
struct Frame {
    last: bool,
    opcode: OpCode,
    payload: BytesMut,
}

/// A frame's header: judged, and its payload found to be within the limits.
struct Header {
    last: bool,
    opcode: OpCode,
    size: usize,
    mask: [u8; 4],
    payload_length: usize,
}

impl Frames {
    /// A socket right after its upgrade.
    pub(crate) fn new(limits: FrameLimits) -> Self {
        Self { limits, input: BytesMut::new(), buffered: 0, apart: false, assembly: None, state: State::Open }
    }

    /// Replaces the limits, for the first frame whose header has not been read and all behind it.
    pub(crate) fn set_limits(&mut self, limits: FrameLimits) {
        self.limits = limits;
    }

    /// Whether a message that is a small part of what was read with it is copied from now on, so that it keeps no more
    /// than itself alive.
    pub(crate) fn set_apart(&mut self, apart: bool) {
        self.apart = apart;
    }

    /// Takes what the socket gave. After a close frame or a fault it is thrown away.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Open) {
            return;
        }
        if 2 * self.input.len() <= self.buffered {
            // Less is left than was taken: a new buffer, and exactly as large as what is there, because a message that
            // ends it takes the allocation along.
            let mut input = BytesMut::with_capacity(self.input.len() + bytes.len());
            input.extend_from_slice(&self.input);
            self.buffered = input.len();
            self.input = input;
        }
        self.input.extend_from_slice(bytes);
        self.buffered += bytes.len();
    }

    /// The next message or control frame, or `None` when more bytes are needed for one (or none will come: after
    /// a close). To be called until it gives `None`. An idle connection holds no buffer.
    ///
    /// # Errors
    /// The code with which to close, as soon as a header shows it, and again at every later call:
    /// [`TooBig`](CloseCode::TooBig) for the limits, [`InvalidPayload`](CloseCode::InvalidPayload) for what is not
    /// UTF-8, [`ProtocolError`](CloseCode::ProtocolError) for the other rules of RFC 6455.
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

    /// Whether a frame or a fragmented message is begun and not complete: what the assembly timeout measures.
    /// Meant to be asked when [`next`](Self::next) has given `None`.
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

    /// The next frame once its last byte is there.
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
            // Not `split_to`: that would make the buffer a shared one, which is an allocation more.
            mem::take(&mut self.input)
        } else {
            self.input.split_to(header.payload_length)
        };
        unmask(&mut payload, header.mask);
        Ok(Some(Frame { last: header.last, opcode: header.opcode, payload }))
    }

    /// The next header, or why the connection ends: known before its last byte where the first ones tell.
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

    /// What the first two bytes say, if they are legal here (RFC 6455, 5.1, 5.2, 5.4, 5.5).
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
                self.limits.max_message_bytes.saturating_sub(assembled).min(self.limits.max_frame_bytes)
            }
        };
        usize::try_from(length).ok().filter(|length| *length <= limit).ok_or(CloseCode::TooBig)
    }

    /// The message that this frame is, or completes.
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
    // RFC 6455, 8.1. One check of the whole message: a character may be cut by the border of two fragments.
    ByteString::try_from(payload).map(Incoming::Text).map_err(|_| CloseCode::InvalidPayload)
}

/// The code in the payload of a close frame (RFC 6455, 5.5.1 and 7.4; 1012 to 1014 are registered with IANA).
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
