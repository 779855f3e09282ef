//! Decodes a frame into a message: one pass over the frame, in which the application's arguments
//! stay encoded.

use std::ops::Range;

use bumpalo::Bump;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::code;
use super::fields::Fields;
use super::filter::Filter;
use super::options::{
    AuthenticateExtra, CallOptions, CancelOptions, HelloDetails, PublishOptions, RegisterOptions,
    SubscribeOptions, YieldOptions,
};
use super::passthru::Passthru;
use crate::codec::cbor;
use crate::codec::cursor::Cursor;
use crate::codec::json;
use crate::codec::msgpack;
use crate::codec::payload::{NO_KWARGS, Payload};
use crate::codec::serializer::{RawMessage, Serializer};
use crate::codec::value::{Format, Shared};
use crate::error::{Breach, Violation};
use crate::id::RequestId;

/// A message that a client may send to a router (Table 2). URIs are not checked yet.
#[derive(Debug)]
pub(crate) enum Message<'f> {
    Hello {
        realm: &'f str,
        details: HelloDetails<'f>,
    },
    Abort,
    Authenticate {
        signature: Secret<'f>,
        extra: AuthenticateExtra,
    },
    Goodbye,
    Error {
        request_type: u64,
        request: RequestId,
        passthru: Option<Box<Passthru>>,
        error: &'f str,
        payload: Payload,
    },
    Publish {
        request: RequestId,
        options: PublishOptions,
        topic: &'f str,
        payload: Payload,
    },
    Subscribe {
        request: RequestId,
        options: SubscribeOptions,
        topic: &'f str,
    },
    Unsubscribe {
        request: RequestId,
        subscription: u64,
    },
    Call {
        request: RequestId,
        options: CallOptions,
        procedure: &'f str,
        payload: Payload,
    },
    Cancel {
        request: RequestId,
        options: CancelOptions,
    },
    Register {
        request: RequestId,
        options: RegisterOptions,
        procedure: &'f str,
    },
    Unregister {
        request: RequestId,
        registration: u64,
    },
    Yield {
        request: RequestId,
        options: YieldOptions,
        payload: Payload,
    },
}

impl Message<'_> {
    /// The names of the messages, by [`kind`](Self::kind).
    pub(crate) const KINDS: [&'static str; 13] = [
        "HELLO",
        "ABORT",
        "AUTHENTICATE",
        "GOODBYE",
        "ERROR",
        "PUBLISH",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "CALL",
        "CANCEL",
        "REGISTER",
        "UNREGISTER",
        "YIELD",
    ];

    /// Returns the position of the message's name in [`KINDS`](Self::KINDS).
    pub(crate) fn kind(&self) -> usize {
        match self {
            Self::Hello { .. } => 0,
            Self::Abort => 1,
            Self::Authenticate { .. } => 2,
            Self::Goodbye => 3,
            Self::Error { .. } => 4,
            Self::Publish { .. } => 5,
            Self::Subscribe { .. } => 6,
            Self::Unsubscribe { .. } => 7,
            Self::Call { .. } => 8,
            Self::Cancel { .. } => 9,
            Self::Register { .. } => 10,
            Self::Unregister { .. } => 11,
            Self::Yield { .. } => 12,
        }
    }

    /// Returns whether the client leaves with this message.
    #[inline]
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self, Self::Goodbye | Self::Abort)
    }
}

/// A client's secret, which `Debug` hides.
pub(crate) struct Secret<'f>(pub(crate) &'f str);

impl std::fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Reads `HELLO.Details.authextra` of a frame that was decoded before; an absent one is read as an
/// empty dict.
pub(crate) fn authextra<T: DeserializeOwned>(hello: &Shared) -> Option<T> {
    #[derive(Deserialize)]
    struct Details<T> {
        authextra: Option<T>,
    }
    let arena = Bump::new();
    let mut reader = hello.slice(0..hello.len()).reader(&arena);
    let mut elements = reader.list().ok()?;
    for _ in ["message type", "Realm"] {
        reader.element(&mut elements).ok()?;
        reader.skip().ok()?;
    }
    reader.element(&mut elements).ok()?;
    let Details { authextra } = reader.read().ok()?;
    authextra.or_else(|| NO_KWARGS.reader(&arena).read().ok())
}

/// Returns the content of a frame, whose kind must be the serializer's (T-09).
pub(crate) fn unframe(serializer: Serializer, frame: RawMessage) -> Result<Shared, Violation> {
    match (serializer.format(), frame) {
        (Format::Json, RawMessage::Text(text)) => Ok(Shared::Json(text)),
        (Format::MsgPack, RawMessage::Binary(bytes)) => Ok(Shared::MsgPack(bytes)),
        (Format::Cbor, RawMessage::Binary(bytes)) => Ok(Shared::Cbor(bytes)),
        (_, RawMessage::Text(_)) => Err(Breach::TextFrame(serializer).into()),
        (_, RawMessage::Binary(_)) => Err(Breach::BinaryFrame(serializer).into()),
    }
}

/// Decodes one message; strings that must be unescaped or joined are kept in `arena`.
pub(crate) fn decode<'f>(frame: &'f Shared, arena: &'f Bump) -> Result<Message<'f>, Violation> {
    match frame {
        Shared::Json(text) | Shared::PlainJson(text) => {
            Fields::open(frame, json::Reader::new(text, arena))?.message()
        }
        Shared::MsgPack(bytes) => {
            Fields::open(frame, msgpack::Reader::new(bytes, arena))?.message()
        }
        Shared::Cbor(bytes) => Fields::open(frame, cbor::Reader::new(bytes, arena))?.message(),
    }
}

impl<'f, C: Cursor<'f>> Fields<'f, C> {
    fn message(mut self) -> Result<Message<'f>, Violation> {
        self.element("message type")?;
        match self.reader.integer()? {
            code::CALL => self.call(),
            code::PUBLISH => self.publish(),
            code::HELLO => self.hello(),
            code::ABORT => self.abort(),
            code::AUTHENTICATE => self.authenticate(),
            code::GOODBYE => self.goodbye(),
            code::ERROR => self.error(),
            code::SUBSCRIBE => self.subscribe(),
            code::UNSUBSCRIBE => self.unsubscribe(),
            code::CANCEL => self.cancel(),
            code::REGISTER => self.register(),
            code::UNREGISTER => self.unregister(),
            code::YIELD => self.yielded(),
            other => Err(Breach::MessageType(other).into()),
        }
    }

    fn hello(mut self) -> Result<Message<'f>, Violation> {
        let realm = self.string("Realm")?;
        let details = self.details("Details")?;
        self.end()?;
        Ok(Message::Hello { realm, details })
    }

    fn abort(mut self) -> Result<Message<'f>, Violation> {
        self.dict("Details")?;
        self.string("Reason")?;
        self.payload()?;
        Ok(Message::Abort)
    }

    fn authenticate(mut self) -> Result<Message<'f>, Violation> {
        let signature = Secret(self.string("Signature")?);
        let extra = self.options("Extra")?;
        self.end()?;
        Ok(Message::Authenticate { signature, extra })
    }

    fn goodbye(mut self) -> Result<Message<'f>, Violation> {
        self.dict("Details")?;
        self.string("Reason")?;
        self.end()?;
        Ok(Message::Goodbye)
    }

    fn error(mut self) -> Result<Message<'f>, Violation> {
        self.element("REQUEST.Type")?;
        let request_type = self.reader.integer()?;
        let request = self.request("REQUEST.Request")?;
        let details = self.dict("Details")?;
        let passthru = details.map(|details| self.passthru(details)).transpose()?.flatten();
        let error = self.string("Error")?;
        let payload = self.payload()?;
        Ok(Message::Error { request_type, request, passthru, error, payload })
    }

    fn publish(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("Request")?;
        let options = self.dict("Options")?.map(|dict| self.publish_options(dict)).transpose()?;
        let topic = self.string("Topic")?;
        let payload = self.payload()?;
        Ok(Message::Publish { request, options: options.unwrap_or_default(), topic, payload })
    }

    fn publish_options(&self, dict: Range<usize>) -> Result<PublishOptions, Violation> {
        // Read twice instead of flattened, because serde would buffer any value that a client puts
        // there.
        let mut options: PublishOptions = self.read(dict.clone())?;
        let (has_scheme, has_trace) = (options.ppt_scheme.is_some(), options.extras.is_some());
        if has_scheme || has_trace {
            options.extras = self.extras(dict.clone(), has_scheme, has_trace)?;
        }
        options.filter = self.read::<Filter>(dict)?.sorted();
        Ok(options)
    }

    fn subscribe(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("Request")?;
        let options = self.options("Options")?;
        let topic = self.string("Topic")?;
        self.end()?;
        Ok(Message::Subscribe { request, options, topic })
    }

    fn unsubscribe(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("Request")?;
        let subscription = self.request("SUBSCRIBED.Subscription")?.get();
        self.optional_dict("Options")?; // M-02: the test vectors have Options here.
        Ok(Message::Unsubscribe { request, subscription })
    }

    fn call(mut self) -> Result<Message<'f>, Violation> {
        if let Some((request, procedure)) = self.call_head() {
            let (options, payload) = (CallOptions::default(), self.payload()?);
            return Ok(Message::Call { request, options, procedure, payload });
        }
        let request = self.request("Request")?;
        let (mut options, dict): (CallOptions, _) = self.options_at("Options")?;
        let (has_scheme, has_trace) = (options.ppt_scheme.is_some(), options.extras.is_some());
        if has_scheme || has_trace {
            options.extras = self.extras(dict, has_scheme, has_trace)?;
        }
        let procedure = self.string("Procedure")?;
        let payload = self.payload()?;
        Ok(Message::Call { request, options, procedure, payload })
    }

    fn cancel(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("CALL.Request")?;
        let options = self.options("Options")?;
        self.end()?;
        Ok(Message::Cancel { request, options })
    }

    fn register(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("Request")?;
        let options = self.options("Options")?;
        let procedure = self.string("Procedure")?;
        self.end()?;
        Ok(Message::Register { request, options, procedure })
    }

    fn unregister(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("Request")?;
        let registration = self.request("REGISTERED.Registration")?.get();
        self.optional_dict("Options")?; // M-02
        Ok(Message::Unregister { request, registration })
    }

    fn yielded(mut self) -> Result<Message<'f>, Violation> {
        let request = self.request("INVOCATION.Request")?;
        let (mut options, dict): (YieldOptions, _) = self.options_at("Options")?;
        if options.ppt_scheme.is_some() {
            options.passthru = self.passthru(dict)?;
        }
        let payload = self.payload()?;
        Ok(Message::Yield { request, options, payload })
    }
}
