//! Requests of a test client, built argument by argument.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde::Serialize;
use serde_json::{Map, Value, json};
use wamp_core::{Error, Payload, PublicationId};

use super::client::Client;

/// The arguments and options of a request.
struct Request {
    client: Client,
    uri: String,
    options: Map<String, Value>,
    args: Vec<Value>,
    kwargs: Map<String, Value>,
}

impl Request {
    fn new(client: Client, uri: &str) -> Self {
        Self {
            client,
            uri: uri.to_owned(),
            options: Map::new(),
            args: Vec::new(),
            kwargs: Map::new(),
        }
    }

    fn message(self, code: u64) -> (Client, impl FnOnce(u64) -> Value) {
        let Self { client, uri, options, args, kwargs } = self;
        (client, move |request| json!([code, request, options, uri, args, kwargs]))
    }
}

/// Serialises a value as handlers do, with bytes as binary. An error is a mistake in the test.
fn value(value: impl Serialize) -> Value {
    let written = Payload::builder().arg(value).build();
    let written = written.unwrap_or_else(|error| panic!("an argument cannot be written: {error}"));
    let (value,) =
        written.args().unwrap_or_else(|error| panic!("an argument cannot be read: {error}"));
    value
}

macro_rules! request {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[must_use = "nothing is sent before it is awaited"]
        #[allow(missing_debug_implementations, reason = "as `Client`")]
        pub struct $name(Request);

        impl $name {
            pub(super) fn new(client: Client, uri: &str) -> Self {
                Self(Request::new(client, uri))
            }

            /// Appends a positional argument.
            pub fn arg(mut self, argument: impl Serialize) -> Self {
                self.0.args.push(value(argument));
                self
            }

            /// Adds a keyword argument.
            pub fn kwarg(mut self, key: &str, argument: impl Serialize) -> Self {
                self.0.kwargs.insert(key.to_owned(), value(argument));
                self
            }

            /// Sets an option.
            pub fn option(mut self, key: &str, option: impl Serialize) -> Self {
                self.0.options.insert(key.to_owned(), value(option));
                self
            }
        }
    )+};
}

request! {
    /// A CALL to be sent: await it for the RESULT.
    Call
    /// A PUBLISH to be sent: await it for the acknowledgement, or [`send`](Self::send) it without.
    Publish
}

impl IntoFuture for Call {
    type Output = Result<Payload, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let (client, message) = self.0.message(48);
        Box::pin(async move { Ok(client.request(message).await?.payload(3)) })
    }
}

impl Publish {
    /// Sends the PUBLISH without asking for an acknowledgement.
    pub fn send(self) {
        let (client, message) = self.0.message(16);
        client.send(message);
    }
}

impl IntoFuture for Publish {
    type Output = Result<PublicationId, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let (client, message) = self.option("acknowledge", true).0.message(16);
        Box::pin(async move {
            let published = client.request(message).await?;
            PublicationId::new(published.number(2)).ok_or_else(|| Error::new("test.error.no_id"))
        })
    }
}
