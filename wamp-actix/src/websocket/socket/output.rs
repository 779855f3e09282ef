//! The output of a connection: messages, then control frames, handed over a piece at a time.

use actix_web::web::Bytes;

use crate::websocket::frames::{self, CloseCode};
use crate::websocket::turn::PIECE_BYTES;

/// Frames on their way to actix.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// Frames that are ready and not handed over.
    ready: Bytes,
    /// Control frames, to be sent after the messages that are ready.
    control: Vec<u8>,
    /// The payload of the latest ping: in a flood of pings only that one is answered.
    pong: Option<Bytes>,
}

impl Output {
    /// Returns whether everything that was ready has been handed over.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Returns whether less than a piece is left, so that more input may be read.
    pub(super) fn has_room(&self) -> bool {
        self.ready.len() < PIECE_BYTES
    }

    /// Returns whether output is left after the last piece.
    pub(super) fn has_more(&self) -> bool {
        !(self.ready.is_empty() && self.control.is_empty())
    }

    /// Makes these messages ready, followed by the control frames; without the pong if `pongs` is
    /// false.
    pub(super) fn fill(&mut self, mut messages: Vec<u8>, pongs: bool) {
        if let Some(payload) = self.pong.take()
            && pongs
        {
            frames::write_pong(&mut messages, &payload);
        }
        messages.append(&mut self.control);
        self.ready = messages.into();
    }

    /// Takes the next piece to be handed over.
    pub(super) fn next_piece(&mut self) -> Bytes {
        self.ready.split_to(self.ready.len().min(PIECE_BYTES))
    }

    pub(super) fn ping(&mut self) {
        frames::write_ping(&mut self.control, b"");
    }

    pub(super) fn pong(&mut self, payload: Bytes) {
        self.pong = Some(payload);
    }

    pub(super) fn close(&mut self, code: CloseCode, reason: &str) {
        frames::write_close(&mut self.control, code, reason);
    }

    /// Queues the answer to the client's close frame.
    pub(super) fn reply_close(&mut self, received: Option<u16>) {
        frames::write_close_reply(&mut self.control, received);
    }
}
