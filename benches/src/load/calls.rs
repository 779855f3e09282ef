//! Calls: connections that each keep a number of them in flight, every reply checked.

use std::fmt::Write as _;
use std::time::Instant;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Client, Counting, unexpected};
use crate::scenario::{Procedure, Side};
use crate::server::Server;
use crate::tally::{InFlight, Sample, SharedTally, finish};

/// Room for all replies to 32 calls of any scenario, so that one read takes a burst.
const BUFFER_BYTES: usize = 40 * 1024;
const OBJECT_BYTES: usize = 1024;

/// The request of a scenario and the reply it must have.
#[derive(Debug, Clone)]
pub(crate) struct Messages {
    /// With `#` for the request id.
    request: String,
    reply: Reply,
}

/// A reply: `prefix`, the request id, `suffix`.
#[derive(Debug, Clone)]
struct Reply {
    prefix: &'static str,
    suffix: String,
    /// The arguments of a RESULT written differently, say with spaces.
    arguments: Option<Value>,
}

impl Messages {
    pub(crate) fn new(side: Side, procedure: Procedure) -> Self {
        let (name, arguments, result) = match procedure {
            Procedure::Add => ("bench.add", "[1,2]".to_owned(), "[3]".to_owned()),
            Procedure::Echo => ("bench.echo", format!("[{}]", object()), format!("[{}]", object())),
        };
        let request = format!(r#"[48,#,{{}},"{name}",{arguments}]"#);
        let reply = match side {
            Side::Reference => {
                let suffix = format!(r#",{{}},"{name}",{arguments}]"#);
                Reply { prefix: "[48,", suffix, arguments: None }
            }
            Side::Ours => {
                let arguments = serde_json::from_str(&result).expect("the result is JSON");
                Reply { prefix: "[50,", suffix: format!(",{{}},{result}]"), arguments: Some(arguments) }
            }
        };
        Self { request, reply }
    }
}

impl Reply {
    /// The request it answers; an error if it is any other message or has another value.
    fn request(&self, message: &[u8]) -> Result<u64> {
        self.scan(message).or_else(|| self.decode(message)).ok_or_else(|| unexpected(message))
    }

    fn scan(&self, message: &[u8]) -> Option<u64> {
        let id = message.strip_prefix(self.prefix.as_bytes())?.strip_suffix(self.suffix.as_bytes())?;
        number(id)
    }

    fn decode(&self, message: &[u8]) -> Option<u64> {
        let expected = self.arguments.as_ref()?;
        match serde_json::from_slice::<Vec<Value>>(message).ok()?.as_slice() {
            [code, id, Value::Object(_), arguments] if code == 50 && arguments == expected => id.as_u64(),
            _ => None,
        }
    }
}

/// A number written in digits and nothing else.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number * 10 + u64::from(digit - b'0')),
        _ => None,
    })
}

/// A JSON object of exactly `OBJECT_BYTES`: records of small values, as an application would send, keys in order.
fn object() -> String {
    let mut json = String::from("{");
    for index in 0.. {
        let record = format!(r#""item{index:02}":{{"amount":{index}.25,"id":{index},"ok":true}},"#);
        if json.len() + record.len() + r#""pad":""}"#.len() > OBJECT_BYTES {
            break;
        }
        json += &record;
    }
    let padding = OBJECT_BYTES - json.len() - r#""pad":""}"#.len();
    let _ = write!(json, r#""pad":"{:x<padding$}"}}"#, "");
    json
}

/// Opens `connections`, keeps `in_flight` calls in flight on each, and measures.
pub(crate) async fn measure(
    server: &Server,
    side: Side,
    connections: usize,
    in_flight: usize,
    messages: Messages,
    seconds: f64,
) -> Result<Sample> {
    let tally = SharedTally::default();
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let client = match side {
            Side::Reference => Client::open(&server.endpoint, false, BUFFER_BYTES).await?,
            Side::Ours => Client::join(&server.endpoint, BUFFER_BYTES).await?,
        };
        tasks.spawn_local(call(client, in_flight, messages.clone(), tally.clone()));
    }
    let sample = tally.measure(server, seconds, &mut tasks).await?;
    finish(&mut tasks).await?;
    Ok(sample)
}

/// One connection: as many new calls as replies came in, in one write; at the end waits for what is in flight.
async fn call(mut client: Client, in_flight: usize, messages: Messages, tally: SharedTally) -> Result<()> {
    let mut requests = Counting::new(&messages.request);
    let mut pending = InFlight::default();
    let mut free = in_flight;
    let mut now = Instant::now();
    loop {
        if !tally.is_stopping() {
            for _ in 0..free {
                client.queue(requests.next_frame());
                pending.push(now);
            }
        }
        if pending.is_empty() {
            return Ok(());
        }
        client.flush().await?;
        client.fill().await?;
        now = Instant::now();
        free = 0;
        while let Some(message) = client.next_message()? {
            let sent = pending.complete(messages.reply.request(message)?)?;
            tally.record(now - sent);
            free += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_json_of_the_stated_size_that_survives_a_round_trip() {
        let json = object();
        assert_eq!(json.len(), OBJECT_BYTES);
        let value: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value.to_string(), json);
    }

    #[test]
    fn a_result_is_accepted_however_it_is_spaced_but_only_with_the_right_value() {
        let reply = Messages::new(Side::Ours, Procedure::Add).reply;
        assert_eq!(reply.request(b"[50,17,{},[3]]").unwrap(), 17);
        assert_eq!(reply.request(b"[50, 17, {}, [3]]").unwrap(), 17);
        for wrong in ["[50,17,{},[4]]", "[50,17,{}]", "[50,x,{},[3]]", "[8,48,17,{},\"wamp.error.timeout\"]"]
        {
            assert!(reply.request(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_echo_is_the_whole_request() {
        let reply = Messages::new(Side::Reference, Procedure::Add).reply;
        assert_eq!(reply.request(br#"[48,5,{},"bench.add",[1,2]]"#).unwrap(), 5);
        assert!(reply.request(br#"[48,5,{},"bench.add",[1,3]]"#).is_err());
    }
}
