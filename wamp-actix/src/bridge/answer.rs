//! Messages of the router, and what they become over HTTP.

use actix_web::HttpResponse;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::{Refusal, status};
use super::{answering, refusal};

/// A message of the router to the session of a request.
#[derive(Debug)]
pub(super) enum Answer {
    Welcome,
    Abort { reason: String, text: String },
    Subscribed,
    Event { publication: u64, topic: Option<String>, arguments: Arguments },
    Result { is_final: bool, arguments: Arguments },
    Error { error: String, status: Option<u16>, arguments: Arguments },
}

/// Arguments of a message, as JSON.
#[derive(Debug)]
pub(super) struct Arguments {
    args: String,
    kwargs: String,
}

/// The details that matter to the bridge, of all messages.
#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    progress: bool,
    message: Option<String>,
    topic: Option<String>,
    status: Option<u16>,
}

impl Answer {
    /// Reads a message; `None` for one that says nothing about the request, such as GOODBYE, after
    /// which the connection closes.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let fields: Vec<&RawValue> = serde_json::from_slice(message).ok()?;
        let text = |index: usize| text(fields.get(index)?);
        let details = |index: usize| -> Option<Details> {
            serde_json::from_str(fields.get(index)?.get()).ok()
        };
        let arguments = |index: usize| Arguments::of(&fields, index);
        match fields.first()?.get() {
            "2" => Some(Self::Welcome),
            "3" => Some(Self::Abort {
                reason: text(2)?,
                text: details(1)?.message.unwrap_or_default(),
            }),
            "33" => Some(Self::Subscribed),
            "36" => Some(Self::Event {
                publication: fields.get(2)?.get().parse().ok()?,
                topic: details(3)?.topic,
                arguments: arguments(4),
            }),
            "50" => Some(Self::Result { is_final: !details(2)?.progress, arguments: arguments(3) }),
            "8" => Some(Self::Error {
                error: text(4)?,
                status: details(3)?.status,
                arguments: arguments(5),
            }),
            _ => None,
        }
    }

    /// Returns the response to a request that is not a stream.
    pub(super) fn response(self) -> Result<HttpResponse, Refusal> {
        match self {
            Self::Result { arguments, .. } => Ok(arguments.response()),
            Self::Error { error, status, arguments } => {
                let own = status.and_then(|status| status.try_into().ok());
                let status = own.unwrap_or_else(|| refusal::status(&error));
                let body = arguments.of_error(&error);
                Ok(answering(&mut HttpResponse::build(status))
                    .content_type("application/json")
                    .body(body))
            }
            Self::Abort { reason, text } => Err(Refusal::new(status(&reason), &reason, text)),
            Self::Welcome | Self::Subscribed | Self::Event { .. } => Err(Refusal::ended()),
        }
    }
}

impl Arguments {
    fn of(fields: &[&RawValue], index: usize) -> Self {
        let field = |index: usize, empty: &str| {
            fields.get(index).map_or_else(|| empty.to_owned(), |value| one_line(value.get()))
        };
        Self { args: field(index, "[]"), kwargs: field(index + 1, "{}") }
    }

    fn response(self) -> HttpResponse {
        match self.value() {
            Some(value) => {
                answering(&mut HttpResponse::Ok()).content_type("application/json").body(value)
            }
            None => answering(&mut HttpResponse::NoContent()).finish(),
        }
    }

    /// Returns a single positional result as it is, several and keyword results in a dict; `None`
    /// where there is nothing.
    pub(super) fn value(&self) -> Option<String> {
        let values: Vec<&RawValue> = serde_json::from_str(&self.args).unwrap_or_default();
        match values.as_slice() {
            [] if self.has_no_keywords() => None,
            [only] if self.has_no_keywords() => Some(only.get().to_owned()),
            _ => Some(format!(r#"{{"args":{},"kwargs":{}}}"#, self.args, self.kwargs)),
        }
    }

    /// Returns the dict that an error becomes.
    pub(super) fn of_error(&self, error: &str) -> String {
        self.named("error", error)
    }

    /// Returns the dict that an event becomes.
    pub(super) fn of_event(&self, topic: &str) -> String {
        self.named("topic", topic)
    }

    fn named(&self, key: &str, value: &str) -> String {
        let (args, kwargs, value) = (&self.args, &self.kwargs, serde_json::Value::from(value));
        format!(r#"{{"{key}":{value},"args":{args},"kwargs":{kwargs}}}"#)
    }

    fn has_no_keywords(&self) -> bool {
        self.kwargs.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")
    }
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// Returns JSON in one line. Another client's payload may have line breaks between its values; in
/// its strings they are escaped.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}
