//! The dialect of a server: the messages with which clients join, call, subscribe, publish and
//! leave.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::Result;
use crate::client::{Client, unexpected};
use crate::frame::TEXT;
use crate::scenario::Procedure;
use crate::serializer::Serializer;
use crate::template::Template;

/// The language of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Sends every message back: the calls of WAMP in this serializer.
    Echo(Serializer),
    Wamp(Serializer),
    /// WAMP in JSON as `serverwamp` has it: a client cannot publish, and calls a procedure that
    /// does.
    ServerWamp,
    /// JSON-RPC 2.0, with subscriptions as `jsonrpsee` has them.
    JsonRpc,
    /// Socket.IO's version 5 over Engine.IO's version 4.
    SocketIo,
}

/// A request and the reply that it must have; the first number of each is the request's.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) request: Template,
    pub(crate) reply: Template,
}

impl Dialect {
    /// Of a server that speaks WAMP.
    fn serializer(self) -> Option<Serializer> {
        match self {
            Self::Wamp(serializer) => Some(serializer),
            Self::ServerWamp => Some(Serializer::Json),
            Self::Echo(_) | Self::JsonRpc | Self::SocketIo => None,
        }
    }

    pub(crate) fn subprotocol(self) -> Option<&'static str> {
        self.serializer().map(Serializer::subprotocol)
    }

    /// Of the frames that carry its messages.
    pub(crate) fn opcode(self) -> u8 {
        match self {
            Self::Echo(serializer) | Self::Wamp(serializer) => serializer.opcode(),
            Self::ServerWamp | Self::JsonRpc | Self::SocketIo => TEXT,
        }
    }

    /// Returns whether a publisher's events arrive in the order in which they were published.
    pub(crate) fn keeps_order(self) -> bool {
        !matches!(self, Self::JsonRpc | Self::SocketIo)
    }

    /// Opens a session on a connection that has been upgraded.
    pub(crate) async fn join(self, client: &mut Client) -> Result<()> {
        if let Some(serializer) = self.serializer() {
            let roles = json!({"callee": {}, "caller": {}, "publisher": {}, "subscriber": {}});
            ask(client, serializer, json!([1, "realm1", { "roles": roles }]), 2).await?;
        }
        if self == Self::SocketIo {
            begins(&client.receive().await?, "0{")?;
            // Engine.IO's first ping comes at once, before or after the answer; the next in an
            // hour.
            match client.ask(b"40").await? {
                ping if ping == b"2" => begins(&client.receive().await?, "40{")?,
                answer => {
                    begins(&answer, "40{")?;
                    begins(&client.receive().await?, "2")?;
                }
            }
        }
        Ok(())
    }

    /// Closes the session; the connection stays.
    pub(crate) async fn leave(self, client: &mut Client) -> Result<()> {
        if let Some(serializer) = self.serializer() {
            ask(client, serializer, json!([6, {}, "wamp.close.close_realm"]), 6).await?;
        }
        Ok(())
    }

    pub(crate) fn call(self, procedure: Procedure) -> Exchange {
        let (arguments, result) = procedure.example();
        self.exchange(procedure.name(), &arguments, &result)
    }

    /// A call in which `#` stands for its number.
    fn exchange(self, procedure: &str, arguments: &str, result: &str) -> Exchange {
        let call = format!(r#"[48,#,{{}},"{procedure}",[{arguments}]]"#);
        let (request, reply) = match self {
            Self::Echo(serializer) => {
                (Template::wamp(serializer, &call), Template::wamp(serializer, &call))
            }
            Self::Wamp(serializer) => (
                Template::wamp(serializer, &call),
                Template::wamp(serializer, &format!("[50,#,{{}},[{result}]]")),
            ),
            Self::ServerWamp => {
                return Self::Wamp(Serializer::Json).exchange(procedure, arguments, result);
            }
            Self::JsonRpc => (
                Template::text(&format!(
                    r#"{{"jsonrpc":"2.0","id":#,"method":"{procedure}","params":[{arguments}]}}"#
                )),
                Template::text(&format!(r#"{{"jsonrpc":"2.0","id":#,"result":{result}}}"#)),
            ),
            Self::SocketIo => (
                Template::text(&format!(r#"42#["{procedure}",{arguments}]"#)),
                Template::text(&format!("43#[{result}]")),
            ),
        };
        Exchange { request, reply }
    }

    /// Returns the INVOCATION that a router sends to the callee of `registration`, and the expected
    /// answer.
    pub(crate) fn invocation(
        serializer: Serializer,
        registration: u64,
        procedure: Procedure,
    ) -> Exchange {
        let (arguments, result) = procedure.example();
        Exchange {
            request: Template::wamp(
                serializer,
                &format!("[68,#,{registration},{{}},[{arguments}]]"),
            ),
            reply: Template::wamp(serializer, &format!("[70,#,{{}},[{result}]]")),
        }
    }

    /// Registers `procedure` at a router; the registration's id.
    pub(crate) async fn register(
        serializer: Serializer,
        client: &mut Client,
        procedure: Procedure,
    ) -> Result<u64> {
        let registered = ask(client, serializer, json!([64, 1, {}, procedure.name()]), 65).await?;
        registered[2].as_u64().ok_or_else(|| "REGISTERED without an id".into())
    }

    /// A publication of `bench.topic` with its own number as argument.
    pub(crate) fn publish(self) -> Exchange {
        match self {
            Self::Wamp(serializer) => Exchange {
                request: Template::wamp(
                    serializer,
                    r#"[16,#,{"acknowledge":true},"bench.topic",[#]]"#,
                ),
                reply: Template::wamp(serializer, "[17,#,#]"),
            },
            _ => self.exchange("bench.publish", "#", "#"),
        }
    }

    /// Subscribes to `bench.topic`; what its events look like, whose last number is the argument.
    pub(crate) async fn subscribe(self, client: &mut Client) -> Result<Template> {
        if let Some(serializer) = self.serializer() {
            let subscribed = ask(client, serializer, json!([32, 1, {}, "bench.topic"]), 33).await?;
            let subscription = &subscribed[2];
            return Ok(Template::wamp(serializer, &format!("[36,{subscription},#,{{}},[#]]")));
        }
        match self {
            Self::JsonRpc => {
                let request = br#"{"jsonrpc":"2.0","id":1,"method":"bench.subscribe","params":[]}"#;
                let reply: Value = serde_json::from_slice(&client.ask(request).await?)?;
                let id = &reply["result"];
                let params = format!(r#"{{"subscription":{id},"result":#}}"#);
                Ok(Template::text(&format!(
                    r#"{{"jsonrpc":"2.0","method":"bench.event","params":{params}}}"#
                )))
            }
            Self::SocketIo => {
                begins(&client.ask(br#"421["bench.subscribe"]"#).await?, "431[")?;
                Ok(Template::text(r#"42["bench.event",#]"#))
            }
            _ => Err("an echo server has no topics".into()),
        }
    }
}

/// Sends a WAMP message; the one that arrives next must have the code `expected`.
async fn ask(
    client: &mut Client,
    serializer: Serializer,
    message: Value,
    expected: u64,
) -> Result<Value> {
    let answer = client.ask(&serializer.encode(&message)).await?;
    let decoded = serializer.decode(&answer)?;
    if decoded[0] == expected { Ok(decoded) } else { Err(unexpected(&answer)) }
}

fn begins(message: &[u8], prefix: &str) -> Result<()> {
    if message.starts_with(prefix.as_bytes()) { Ok(()) } else { Err(unexpected(message)) }
}

impl Procedure {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "bench.add",
            Self::Echo { .. } => "bench.echo",
        }
    }

    /// Arguments and result of every call of it, in JSON.
    fn example(self) -> (String, String) {
        match self {
            Self::Add => ("1,2".to_owned(), "3".to_owned()),
            Self::Echo { bytes } => (object(bytes), object(bytes)),
        }
    }
}

/// A JSON object of exactly `bytes`: records of small values, as an application would send, keys in
/// order.
fn object(bytes: usize) -> String {
    let mut json = String::from("{");
    for index in 0.. {
        let record = format!(r#""item{index:04}":{{"amount":{index}.25,"id":{index},"ok":true}},"#);
        if json.len() + record.len() + r#""pad":""}"#.len() > bytes {
            break;
        }
        json += &record;
    }
    let padding = bytes - json.len() - r#""pad":""}"#.len();
    let _ = write!(json, r#""pad":"{:x<padding$}"}}"#, "");
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_json_of_the_stated_size_that_survives_a_round_trip() {
        for bytes in [1024, 64 * 1024] {
            let json = object(bytes);
            assert_eq!(json.len(), bytes);
            let value: Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value.to_string(), json);
        }
    }

    #[test]
    fn an_echo_is_the_whole_request() {
        for serializer in Serializer::ALL {
            let Exchange { request, reply } = Dialect::Echo(serializer).call(Procedure::Add);
            let echo = request.payload(5);
            assert_eq!(reply.read(&echo).map(|numbers| numbers.first), Some(5));
            assert_eq!(reply.read(&echo[..echo.len() - 1]), None);
        }
    }
}
