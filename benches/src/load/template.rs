//! Messages that differ in their numbers only: written by patching the numbers into a finished
//! frame, read by comparing what stands around them.

use serde_json::Value;

use crate::frame::{MASK, frame};
use crate::serializer::Serializer;

/// Stands for a number in the value of a template. All serializers write it with their widest
/// integer.
const HOLE: u64 = 0xfedc_ba98_7654_3210;

/// A message with one or two numbers, which its text shows as `#`.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    serializer: Serializer,
    /// The text before, between and after the numbers.
    parts: Vec<Vec<u8>>,
    /// A WAMP message with `HOLE` for each number, for replies that are written differently.
    message: Option<Value>,
}

/// The numbers in place of the template's first and last `#`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Template {
    /// A message that is text and looks as `text` does.
    pub(crate) fn text(text: &str) -> Self {
        let parts = text.split('#').map(|part| part.as_bytes().to_vec()).collect();
        Self { serializer: Serializer::Json, parts, message: None }
    }

    /// A WAMP message, given in JSON. Read, its dictionary `{}` stands for any.
    pub(crate) fn wamp(serializer: Serializer, json: &str) -> Self {
        let message =
            serde_json::from_str(&json.replace('#', &HOLE.to_string())).expect("it is JSON");
        let parts = match serializer {
            Serializer::Json => Self::text(json).parts,
            _ => split(&serializer.encode(&message), &serializer.encode(&HOLE.into())),
        };
        Self { serializer, parts, message: Some(message) }
    }

    /// The numbers of `message`; none if it differs from the template in anything else.
    pub(crate) fn read(&self, message: &[u8]) -> Option<Numbers> {
        self.scan(message).or_else(|| {
            let mut numbers = Vec::new();
            let decoded = self.serializer.decode(message).ok()?;
            if !matches(self.message.as_ref()?, &decoded, &mut numbers) {
                return None;
            }
            Some(Numbers { first: *numbers.first()?, last: *numbers.last()? })
        })
    }

    fn scan(&self, message: &[u8]) -> Option<Numbers> {
        let (head, tails) = self.parts.split_first()?;
        let mut rest = message.strip_prefix(&head[..])?;
        let mut numbers: Option<Numbers> = None;
        for tail in tails {
            let (number, after) = self.serializer.take_number(rest)?;
            rest = after.strip_prefix(&tail[..])?;
            numbers = Some(Numbers {
                first: numbers.map_or(number, |numbers| numbers.first),
                last: number,
            });
        }
        if rest.is_empty() { numbers } else { None }
    }

    /// The message with `number` for every `#`.
    pub(crate) fn payload(&self, number: u64) -> Vec<u8> {
        self.parts.join(&digits(self.serializer, number)[..])
    }

    /// The masked frame that carries it.
    pub(crate) fn frame(&self, number: u64) -> Vec<u8> {
        frame(self.serializer.opcode(), &self.payload(number))
    }
}

/// A number in a request: as JSON writes it, or in the widest integer of a binary format.
fn digits(serializer: Serializer, number: u64) -> Vec<u8> {
    match serializer {
        Serializer::Json => number.to_string().into_bytes(),
        Serializer::MessagePack => [&[0xcf], &number.to_be_bytes()[..]].concat(),
        Serializer::Cbor => [&[0x1b], &number.to_be_bytes()[..]].concat(),
    }
}

fn split(mut bytes: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    while let Some(place) = bytes.windows(separator.len()).position(|window| window == separator) {
        parts.push(bytes[..place].to_vec());
        bytes = &bytes[place + separator.len()..];
    }
    parts.push(bytes.to_vec());
    parts
}

fn matches(template: &Value, message: &Value, numbers: &mut Vec<u64>) -> bool {
    match (template, message) {
        (Value::Array(template), Value::Array(message)) => {
            template.len() == message.len()
                && template
                    .iter()
                    .zip(message)
                    .all(|(template, message)| matches(template, message, numbers))
        }
        (Value::Object(any), Value::Object(_)) if any.is_empty() => true,
        (hole, number) if *hole == HOLE => {
            number.as_u64().inspect(|&number| numbers.push(number)).is_some()
        }
        _ => template == message,
    }
}

/// A request whose number counts up from 1: a finished frame in which only the digits of the number
/// are replaced.
pub(crate) struct Counting {
    template: Template,
    number: u64,
    digits: Vec<u8>,
    frame: Vec<u8>,
    /// Where in the frame and in the payload the number begins, once for each time it occurs.
    places: Vec<(usize, usize)>,
}

impl Counting {
    pub(crate) fn new(template: Template) -> Self {
        Self { template, number: 0, digits: Vec::new(), frame: Vec::new(), places: Vec::new() }
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

    /// Adds one to the digits; false if there are none yet, or were all nines and must be one more.
    fn count_up(&mut self) -> bool {
        let (lowest, highest) = match self.template.serializer {
            Serializer::Json => (b'0', b'9'),
            Serializer::MessagePack | Serializer::Cbor => (0, u8::MAX),
        };
        for digit in self.digits.iter_mut().rev() {
            if *digit < highest {
                *digit += 1;
                return true;
            }
            *digit = lowest;
        }
        false
    }

    fn patch(&mut self) {
        for &(in_frame, in_payload) in &self.places {
            for (index, digit) in self.digits.iter().enumerate() {
                self.frame[in_frame + index] = digit ^ MASK[(in_payload + index) % MASK.len()];
            }
        }
    }

    fn rebuild(&mut self) {
        let Template { serializer, parts, .. } = &self.template;
        self.digits = digits(*serializer, self.number);
        self.frame = self.template.frame(self.number);
        let head = self.frame.len() - self.template.payload(self.number).len();
        let mut end = 0;
        self.places.clear();
        for part in &parts[..parts.len() - 1] {
            self.places.push((head + end + part.len(), end + part.len()));
            end += part.len() + self.digits.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISH: &str = r#"[16,#,{"acknowledge":true},"bench.topic",[#]]"#;

    #[test]
    fn a_counted_frame_is_the_frame_of_the_message_with_that_number() {
        for serializer in Serializer::ALL {
            let template = Template::wamp(serializer, PUBLISH);
            let mut counting = Counting::new(template.clone());
            for number in 1..=1234 {
                assert_eq!(
                    counting.next_frame(),
                    template.frame(number),
                    "{serializer:?} {number}"
                );
            }
        }
    }

    #[test]
    fn a_filled_template_decodes_to_the_message_with_that_number() {
        for serializer in Serializer::ALL {
            let template = Template::wamp(serializer, PUBLISH);
            let expected: Value = serde_json::from_str(&PUBLISH.replace('#', "77")).unwrap();
            assert_eq!(
                serializer.decode(&template.payload(77)).unwrap(),
                expected,
                "{serializer:?}"
            );
        }
    }

    #[test]
    fn a_reply_is_read_however_it_is_written_but_only_with_the_right_value() {
        for serializer in Serializer::ALL {
            let reply = Template::wamp(serializer, "[50,#,{},[3]]");
            let read =
                |json: &str| reply.read(&serializer.encode(&serde_json::from_str(json).unwrap()));
            let seventeen = Some(Numbers { first: 17, last: 17 });
            assert_eq!(read("[50,17,{},[3]]"), seventeen, "{serializer:?}");
            assert_eq!(read(r#"[50,17,{"callee":5},[3]]"#), seventeen, "{serializer:?}");
            for wrong in [
                "[50,17,{},[4]]",
                "[50,17,{}]",
                r#"[50,"x",{},[3]]"#,
                "[50,17,[],[3]]",
                "[8,48,17,{},[3]]",
            ] {
                assert_eq!(read(wrong), None, "{serializer:?} {wrong}");
            }
        }
        let reply = Template::wamp(Serializer::Json, "[50,#,{},[3]]");
        assert!(reply.read(b"[50, 17, {}, [3]]").is_some());
    }

    #[test]
    fn an_event_has_two_numbers() {
        for serializer in Serializer::ALL {
            let event = Template::wamp(serializer, "[36,7,#,{},[#]]");
            let read =
                |json: &str| event.read(&serializer.encode(&serde_json::from_str(json).unwrap()));
            let numbers = Some(Numbers { first: 123_456_789, last: 42 });
            assert_eq!(read("[36,7,123456789,{},[42]]"), numbers, "{serializer:?}");
            assert_eq!(
                read(r#"[36,7,123456789,{"topic":"bench.topic"},[42]]"#),
                numbers,
                "{serializer:?}"
            );
            assert_eq!(read("[36,8,123456789,{},[42]]"), None, "{serializer:?}");
            assert_eq!(read("[36,7,123456789,{},[42,43]]"), None, "{serializer:?}");
        }
    }

    #[test]
    fn text_around_the_numbers_must_be_the_same() {
        let reply = Template::text("43#[3]");
        assert_eq!(reply.read(b"4312[3]"), Some(Numbers { first: 12, last: 12 }));
        assert_eq!(reply.read(b"4312[4]"), None);
        assert_eq!(reply.read(b"43[3]"), None);
    }
}
