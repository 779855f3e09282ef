//! What a connection sends: messages, then control frames, handed over a piece at a time.

use actix_web::web::Bytes;

use crate::websocket::frames::{self, CloseCode};

/// The most that is handed to actix at once: it asks for more only when that is nearly sent, which is how it is seen
/// that the peer takes something.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes that are handed over before the other connections of the worker get their turn. A peer that reads as fast as a
/// handler writes never makes its task wait.
const TURN_BYTES: usize = 2 * PIECE_BYTES;

/// Frames on their way to actix.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What is ready and was not handed over yet.
    ready: Bytes,
    /// Bytes that were handed over in this turn.
    handed: usize,
    /// Control frames, which go out after the messages that are ready.
    control: Vec<u8>,
    /// The answer to the latest ping: of a flood, only that one is answered.
    pong: Option<Bytes>,
}

impl Output {
    /// Whether everything that was ready has been handed over.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Whether so little is left that more may be read.
    pub(super) fn has_room(&self) -> bool {
        self.ready.len() < PIECE_BYTES
    }

    /// Whether anything is left behind the last piece.
    pub(super) fn has_more(&self) -> bool {
        !(self.ready.is_empty() && self.control.is_empty())
    }

    /// Makes these messages ready, and control frames behind them. Without `pongs` a ping is not answered any more.
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
        let piece = self.ready.split_to(self.ready.len().min(PIECE_BYTES));
        self.handed += piece.len();
        piece
    }

    /// Whether as much was handed over as a turn allows.
    pub(super) fn ends_turn(&self) -> bool {
        self.handed >= TURN_BYTES
    }

    pub(super) fn begin_turn(&mut self) {
        self.handed = 0;
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

    /// Answers the peer's close frame.
    pub(super) fn reply_close(&mut self, received: Option<u16>) {
        frames::write_close_reply(&mut self.control, received);
    }
}
