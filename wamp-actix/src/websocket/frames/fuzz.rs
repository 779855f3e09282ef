//! Fuzz target of the frames: invariants that hold for any bytes of a client, in pieces of any
//! size.

use super::{CloseCode, FrameLimits, Frames, Incoming};

const LIMITS: FrameLimits = FrameLimits { max_frame_bytes: 300, max_message_bytes: 500 };

/// Reads the bytes at once, byte by byte, and `piece` bytes at a time.
///
/// # Panics
/// The size of the pieces changes the result, or a message exceeds the limits.
pub fn read(bytes: &[u8], piece: usize) {
    let whole = incoming(bytes, bytes.len().max(1));
    assert_eq!(whole, incoming(bytes, 1));
    assert_eq!(whole, incoming(bytes, piece.max(1)));
    for incoming in &whole.0 {
        match incoming {
            Incoming::Text(text) => assert!(text.len() <= LIMITS.max_message_bytes),
            Incoming::Binary(bytes) => assert!(bytes.len() <= LIMITS.max_message_bytes),
            Incoming::Ping(bytes) | Incoming::Pong(bytes) => assert!(bytes.len() <= 125),
            Incoming::Close(_) => {}
        }
    }
}

/// Returns all messages and control frames, and the close code of the fault that ended them.
fn incoming(bytes: &[u8], piece: usize) -> (Vec<Incoming>, Option<CloseCode>) {
    let (mut frames, mut found) = (Frames::new(LIMITS), Vec::new());
    for piece in bytes.chunks(piece) {
        frames.feed(piece);
        loop {
            match frames.next() {
                Ok(Some(incoming)) => found.push(incoming),
                Ok(None) => break,
                Err(code) => return (found, Some(code)),
            }
        }
        assert!(
            frames.input.len() < LIMITS.max_frame_bytes + 14 + piece.len(),
            "what is kept is bounded"
        );
    }
    (found, None)
}
