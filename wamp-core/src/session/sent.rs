//! Counters of the messages that the sessions of a realm are sent, by type.

use crate::message::code;
use crate::session::own_count::OwnCount;

/// The messages that a router sends, by code.
const TYPES: [(u64, &str); 14] = [
    (code::WELCOME, "WELCOME"),
    (code::ABORT, "ABORT"),
    (code::CHALLENGE, "CHALLENGE"),
    (code::GOODBYE, "GOODBYE"),
    (code::ERROR, "ERROR"),
    (code::PUBLISHED, "PUBLISHED"),
    (code::SUBSCRIBED, "SUBSCRIBED"),
    (code::UNSUBSCRIBED, "UNSUBSCRIBED"),
    (code::EVENT, "EVENT"),
    (code::RESULT, "RESULT"),
    (code::REGISTERED, "REGISTERED"),
    (code::UNREGISTERED, "UNREGISTERED"),
    (code::INVOCATION, "INVOCATION"),
    (code::INTERRUPT, "INTERRUPT"),
];

/// The positions of the codes in `TYPES`.
const AT: [Option<usize>; 128] = {
    let (mut positions, mut at) = ([None; 128], 0);
    while at < TYPES.len() {
        positions[TYPES[at].0 as usize] = Some(at);
        at += 1;
    }
    positions
};

/// Counts of the messages that one thread sends, by type, from WELCOME on.
#[derive(Debug, Default)]
pub(crate) struct SentMessages([Sent; TYPES.len()]);

#[derive(Debug, Default)]
struct Sent {
    count: OwnCount,
    bytes: OwnCount,
}

impl SentMessages {
    /// Counts a message in its serializer.
    pub(crate) fn count(&self, message: &[u8]) {
        let at = code_of(message).and_then(|code| AT.get(usize::try_from(code).ok()?).copied()?);
        if let Some(at) = at {
            let Sent { count, bytes } = &self.0[at];
            count.add(1);
            bytes.add(message.len() as u64);
        }
    }

    /// Returns each type with the messages of all threads, and their bytes.
    pub(crate) fn sum<'s>(
        threads: impl Iterator<Item = &'s Self>,
    ) -> Vec<(&'static str, u64, u64)> {
        let mut sum = TYPES.map(|(_, name)| (name, 0, 0));
        for Self(sent) in threads {
            for ((_, messages, length), Sent { count, bytes }) in sum.iter_mut().zip(sent) {
                *messages += count.get();
                *length += bytes.get();
            }
        }
        sum.into()
    }
}

/// Returns the code of a message that this crate has written. The first byte tells the format of
/// its list: JSON, MessagePack or CBOR.
fn code_of(message: &[u8]) -> Option<u64> {
    match *message {
        [b'[', ref rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
            Some(digits.fold(0, |code, digit| code * 10 + u64::from(digit - b'0')))
        }
        [0x90..=0x9f, code @ 0..0x80, ..] | [0x80..=0x97, code @ 0..24, ..] => Some(code.into()),
        [0x80..=0x97, 24, code, ..] => Some(code.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_code_in_every_format() {
        for (message, code) in [
            (&b"[50,1,{}]"[..], 50),
            (b"[8,48,1,{},\"a\"]", 8),
            (&[0x93, 50, 1, 0x80], 50),
            (&[0x95, 8, 48, 1, 0x80, 0xa1, b'a'], 8),
            (&[0x83, 0x18, 50, 1, 0xa0], 50),
            (&[0x85, 8, 0x18, 48, 1, 0xa0, 0x61, b'a'], 8),
        ] {
            assert_eq!(code_of(message), Some(code), "{message:?}");
        }
        assert_eq!(code_of(b""), None);
    }

    #[test]
    fn messages_are_counted_with_their_bytes() {
        let sent = SentMessages::default();
        sent.count(b"[36,1,2,{}]");
        sent.count(b"[36,1,2,{},[3]]");
        assert!(SentMessages::sum([&sent].into_iter()).contains(&("EVENT", 2, 26)));
    }
}
