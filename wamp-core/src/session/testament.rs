//! Events that sessions leave to be published when they end (specification, "Testament").

use serde::Deserialize;

use crate::codec::payload::Payload;
use crate::limits::Limits;
use crate::message::PublishOptions;

/// An event that is published when the session ends.
#[derive(Debug)]
pub(crate) struct Testament {
    pub(crate) topic: String,
    pub(crate) payload: Payload,
    pub(crate) options: PublishOptions,
}

impl Testament {
    pub(crate) fn bytes(&self) -> usize {
        let Self { topic, payload, options } = self;
        topic.len()
            + payload.kept_bytes()
            + options.filter.as_ref().map_or(0, |filter| filter.bytes())
    }
}

/// The moment at which a testament is published. Here a session ends with its transport, so both
/// come one after the other (E-14).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "&str")]
pub(crate) enum Scope {
    /// When the transport is lost.
    Detached,
    /// When the session is given up.
    #[default]
    Destroyed,
}

impl TryFrom<&str> for Scope {
    type Error = &'static str;

    fn try_from(name: &str) -> Result<Self, Self::Error> {
        match name {
            "detached" => Ok(Self::Detached),
            "destroyed" => Ok(Self::Destroyed),
            _ => Err("`scope` is none of detached, destroyed"),
        }
    }
}

/// The testaments of one session.
#[derive(Debug, Default)]
pub(crate) struct Testaments(Vec<(Scope, Testament)>);

impl Testaments {
    /// Adds a testament. Returns false if there are too many, or they are too long.
    pub(crate) fn add(&mut self, scope: Scope, testament: Testament, limits: &Limits) -> bool {
        let held: usize = self.0.iter().map(|(_, testament)| testament.bytes()).sum();
        let fits =
            self.0.len() < limits.testaments && held + testament.bytes() <= limits.bytes_in_flight;
        if fits {
            self.0.push((scope, testament));
        }
        fits
    }

    pub(crate) fn flush(&mut self, scope: Scope) {
        self.0.retain(|(of, _)| *of != scope);
    }

    /// Takes all testaments, in the order in which they are published (E-14).
    pub(crate) fn execute(&mut self) -> impl Iterator<Item = Testament> + use<> {
        let all = std::mem::take(&mut self.0);
        let (detached, destroyed): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(scope, _)| *scope == Scope::Detached);
        detached.into_iter().chain(destroyed).map(|(_, testament)| testament)
    }
}
