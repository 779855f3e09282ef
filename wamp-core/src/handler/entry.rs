//! Entries of handlers, as the macros emit them.

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::Error;
use crate::handler::acceptance::Acceptance;
use crate::handler::around::OwnLayer;
use crate::handler::context::Context;

pub use super::list::{Handlers, Listed};

/// The future of a running handler. It owns all that it borrows from: the frame, the arena, the
/// stream of its results.
pub type BoxedAnswer<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// One attribute on one function.
#[derive(Debug)]
pub struct HandlerEntry {
    /// The function to run.
    pub entry: Entry,
    /// The URI as declared; empty for `#[session]`.
    pub uri: &'static str,
    /// The realm to which it is restricted.
    pub realm: Option<&'static str>,
    /// The roles that may use it; empty means all.
    pub roles: &'static [&'static str],
    /// The features that follow from its parameters' types.
    pub features: &'static [Option<Feature>],
    /// The time that a call may take until its next result; the caller can ask for less.
    pub timeout: Option<Duration>,
    /// True if publishers may have their events retained (E-05).
    pub retain: bool,
    /// True if its roles may subscribe to the topic to which they publish.
    pub subscribe: bool,
    /// The function with its module.
    pub function: &'static str,
    /// The source file of the attribute.
    pub file: &'static str,
    /// The line of the attribute, from 1.
    pub line: u32,
    /// The layers around it, the outermost first.
    pub around: &'static [OwnLayer],
    /// The arguments that the function reads.
    pub parameters: &'static [Parameter],
}

/// A parameter of a handler, as the macros describe it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Parameter {
    /// The name in Rust, which is one keyword.
    pub name: &'static str,
    /// The same name in camel case, which is the other keyword.
    pub camel: &'static str,
    /// True if it is read by keyword only.
    pub is_keyword: bool,
}

/// The kinds of handlers.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    Rpc,
    Subscribe,
    Publish,
    Session,
}

/// Features of a handler that follow from its parameters' types.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Feature {
    ProgressiveCallInvocations,
    PayloadPassthruMode,
}

/// The function to run, by the kind of handler.
#[derive(Copy, Clone)]
pub enum Entry {
    /// Answers a CALL.
    Rpc(fn(Context) -> BoxedAnswer<()>),
    /// Decides a SUBSCRIBE.
    Subscribe(fn(Context) -> BoxedAnswer<Acceptance>),
    /// Decides a PUBLISH.
    Publish(fn(Context) -> BoxedAnswer<()>),
    /// Decides the joining of a session.
    Session(fn(Context) -> BoxedAnswer<Acceptance>),
}

/// The entries of one function, submitted to `inventory`.
#[derive(Debug)]
pub struct Collected {
    /// Returns the type of the function item, by which `handlers!` finds them.
    pub id: fn() -> TypeId,
    /// One for each attribute and URI.
    pub registrations: &'static [HandlerEntry],
}

inventory::collect!(Collected);

/// Returns the type of a function item, which only a value tells.
pub fn id_of<F: 'static>(_: &F) -> TypeId {
    TypeId::of::<F>()
}

impl HandlerEntry {
    /// Returns whether the handler supports a feature.
    pub(crate) fn has(&self, feature: Feature) -> bool {
        self.features.contains(&Some(feature))
    }

    /// Returns whether a session of this role may use the handler.
    pub(crate) fn admits(&self, authrole: &str) -> bool {
        self.roles.is_empty() || self.roles.contains(&authrole)
    }
}

impl Entry {
    /// Returns the attribute's name.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Rpc(_) => "rpc",
            Self::Subscribe(_) => "subscribe",
            Self::Publish(_) => "publish",
            Self::Session(_) => "session",
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.attribute())
    }
}

impl fmt::Display for HandlerEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entry, uri, function, file, line, .. } = self;
        write!(f, "#[{}(\"{uri}\")] {function} at {file}:{line}", entry.attribute())
    }
}
