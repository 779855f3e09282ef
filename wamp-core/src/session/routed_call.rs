//! Routed calls: what the sessions of caller and callee tell each other.
//!
//! Each session keeps its own side: the caller's what was asked and is owed, the callee's what it has to answer. Between
//! them go these notes, through the mailboxes.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::codec::format::Oddity;
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::id::{RegistrationId, RequestId};
use crate::message::{CancelMode, Passthru};
use crate::session::handle::SessionHandle;

/// A call that a client answers. It is the same call where it is the same allocation.
#[derive(Debug)]
pub(crate) struct RoutedCall {
    pub(crate) caller: Arc<SessionHandle>,
    /// The caller's id of it.
    pub(crate) request: RequestId,
    pub(crate) callee: Arc<SessionHandle>,
    pub(crate) registration: RegistrationId,
    /// The caller takes progressive results.
    pub(crate) receive_progress: bool,
    /// The callee's id of it, once it was sent.
    invocation: OnceLock<RequestId>,
    /// The caller has its answer, or is about to get it, or has left.
    over: AtomicBool,
    /// The callee has to answer it still, and it counts as that.
    is_counted: AtomicBool,
    /// Of these it is one whose caller waits.
    is_awaited: AtomicBool,
}

impl RoutedCall {
    pub(crate) fn new(
        caller: &Arc<SessionHandle>,
        request: RequestId,
        callee: Arc<SessionHandle>,
        registration: RegistrationId,
        receive_progress: bool,
    ) -> Arc<Self> {
        callee.invocations.add();
        let caller = Arc::clone(caller);
        Arc::new(Self {
            caller,
            request,
            callee,
            registration,
            receive_progress,
            invocation: OnceLock::new(),
            over: AtomicBool::new(false),
            is_counted: AtomicBool::new(true),
            is_awaited: AtomicBool::new(true),
        })
    }

    /// The callee's id of it, if it was sent.
    pub(crate) fn invocation(&self) -> Option<RequestId> {
        self.invocation.get().copied()
    }

    /// Notes the id of its INVOCATION, which all its chunks have.
    pub(crate) fn sent_as(&self, id: RequestId) {
        self.invocation.get_or_init(|| id);
    }

    /// Nobody waits for an answer any more. A callee that has not answered has a turn: it may shut down, and this be the last call
    /// that it had to wait for.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        if self.give_up() {
            self.callee.mailbox.wake();
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Asks the callee to give up, if it understands that (CA-04).
    pub(crate) fn interrupt(self: &Arc<Self>, mode: CancelMode) {
        if self.callee.features.callee.call_canceling {
            // A callee that has left needs no telling.
            let _ = self.callee.mailbox.routing(RoutedMessage::Interrupt { call: Arc::clone(self), mode });
        }
    }

    /// Tells the caller, if it is there and waits. If there is no room for it, the call ends with an ERROR that needs none: the
    /// callee is read on, whatever its callers do.
    pub(crate) fn answer(self: &Arc<Self>, answer: Answer) {
        let is_final = answer.is_final();
        // Not when the caller has read it: a caller that does not read would make the callee unavailable to others.
        if is_final {
            self.uncount();
        }
        if !self.is_over() && self.tell(answer) == Err(Refused::Full) {
            self.end();
            if !is_final {
                self.interrupt(CancelMode::KillNoWait);
            }
            let _ = self.tell(Answer::error(uris::UNAVAILABLE));
        }
        self.caller.mailbox.relieve();
    }

    fn tell(self: &Arc<Self>, answer: Answer) -> Result<(), Refused> {
        self.caller.mailbox.routing(RoutedMessage::Answer { call: Arc::clone(self), answer })
    }

    fn uncount(&self) {
        self.give_up();
        if self.is_counted.swap(false, Ordering::Relaxed) {
            self.callee.invocations.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Does not count as one whose caller waits any more; tells whether it did.
    fn give_up(&self) -> bool {
        let was_awaited = self.is_awaited.swap(false, Ordering::Relaxed);
        if was_awaited {
            self.callee.invocations.awaited.fetch_sub(1, Ordering::Relaxed);
        }
        was_awaited
    }
}

impl Drop for RoutedCall {
    fn drop(&mut self) {
        self.uncount();
    }
}

/// How many calls a callee has to answer.
#[derive(Debug, Default)]
pub(crate) struct OpenInvocations {
    open: AtomicUsize,
    /// Of these, how many have a caller that waits.
    awaited: AtomicUsize,
}

impl OpenInvocations {
    pub(crate) fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Whether a caller waits for one of them.
    pub(crate) fn are_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed) > 0
    }

    fn add(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.awaited.fetch_add(1, Ordering::Relaxed);
    }
}

/// One note between the sessions of a routed call.
#[derive(Debug)]
pub(crate) enum RoutedMessage {
    /// To the callee: the call, or one more chunk of it (PI-01).
    Invocation { call: Arc<RoutedCall>, is_first: bool, details: Invoked, payload: Payload },
    /// To the callee: the caller does not want it any more, or not so.
    Interrupt { call: Arc<RoutedCall>, mode: CancelMode },
    /// To the caller.
    Answer { call: Arc<RoutedCall>, answer: Answer },
    /// To a callee: it is one no longer (RR-04).
    Revoked { registration: RegistrationId, reason: Option<String> },
}

/// What INVOCATION says besides the arguments.
#[derive(Debug, Default)]
pub(crate) struct Invoked {
    /// The URI that was called, where the registration is a pattern (H-03).
    pub(crate) procedure: Option<String>,
    pub(crate) progress: bool,
    pub(crate) receive_progress: bool,
    /// In milliseconds, where the callee keeps it (TO-03).
    pub(crate) timeout: Option<u64>,
    /// How far the caller is trusted (DI-05).
    pub(crate) trustlevel: Option<u32>,
    /// The callee shall see who calls (DI-01).
    pub(crate) disclosed: bool,
    pub(crate) passthru: Option<Box<Passthru>>,
}

/// What a callee answered, undecoded.
#[derive(Debug)]
pub(crate) enum Answer {
    Result { progress: bool, passthru: Option<Box<Passthru>>, payload: Payload },
    Error { error: Cow<'static, str>, passthru: Option<Box<Passthru>>, payload: Payload },
}

impl Answer {
    /// An ERROR of the router's own.
    pub(crate) fn error(uri: &'static str) -> Self {
        Self::Error { error: uri.into(), passthru: None, payload: Payload::empty() }
    }

    /// An ERROR in place of a result that the caller must not be given.
    pub(crate) fn odd(oddity: Oddity) -> Self {
        let payload = Error::odd(oddity).payload();
        Self::Error { error: uris::INVALID_PAYLOAD.into(), passthru: None, payload }
    }

    /// Whether nothing may follow it.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self, Self::Result { progress: true, .. })
    }
}

/// Why a session did not take a note.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It has left.
    Closed,
    /// Too much waits for it.
    Full,
}

impl RoutedMessage {
    /// Whether it comes with a call of somebody else.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Invocation { .. } | Self::Interrupt { .. })
    }

    /// Whether it begins a call, which is too late for a session that ends.
    pub(crate) fn begins(&self) -> bool {
        matches!(self, Self::Invocation { is_first: true, .. })
    }

    /// Returns whether the note keeps no payload, and comes no more often than calls do.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Self::Invocation { .. } => false,
            Self::Interrupt { .. } | Self::Revoked { .. } => true,
            Self::Answer { answer, .. } => answer.is_final() && self.kept_bytes() == 0,
        }
    }

    /// Bytes of the frame that it keeps.
    pub(crate) fn kept_bytes(&self) -> usize {
        match self {
            Self::Interrupt { .. } | Self::Revoked { .. } => 0,
            Self::Invocation { payload, .. }
            | Self::Answer {
                answer: Answer::Result { payload, .. } | Answer::Error { payload, .. }, ..
            } => payload.kept_bytes(),
        }
    }
}
