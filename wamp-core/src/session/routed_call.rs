//! Routed calls: the messages between the sessions of caller and callee.
//!
//! Each session keeps its own side: the caller's session which answers it awaits, the callee's
//! session which calls it has to answer. Between them pass these messages, through the mailboxes.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::codec::odd::Oddity;
use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::id::{RegistrationId, RequestId};
use crate::message::{CancelMode, Extras, Passthru};
use crate::session::handle::SessionHandle;
use crate::session::request_outcome::RequestOutcome;

/// A call that a client answers. Calls are compared by pointer identity.
#[derive(Debug)]
pub(crate) struct RoutedCall {
    pub(crate) caller: Arc<SessionHandle>,
    /// The caller's request id.
    pub(crate) request: RequestId,
    pub(crate) callee: Arc<SessionHandle>,
    pub(crate) registration: RegistrationId,
    /// True if the caller accepts progressive results.
    pub(crate) receive_progress: bool,
    /// The callee's request id, once INVOCATION was sent.
    invocation: OnceLock<RequestId>,
    /// True once the caller has its answer, is about to get it, or has left.
    over: AtomicBool,
    /// True while it counts as a call that the callee has to answer.
    is_counted: AtomicBool,
    /// True while it counts as a call whose caller waits.
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

    /// Returns the callee's request id, if INVOCATION was sent.
    pub(crate) fn invocation(&self) -> Option<RequestId> {
        self.invocation.get().copied()
    }

    /// Sets the id of INVOCATION, which all chunks share.
    pub(crate) fn sent_as(&self, id: RequestId) {
        self.invocation.get_or_init(|| id);
    }

    /// Ends the caller's wait for an answer. A callee that has not answered is woken for a turn,
    /// because it may be shutting down with this as the last call that it waited for.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        if self.give_up() {
            self.callee.mailbox.wake();
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Sends INTERRUPT to the callee, if it supports that (CA-04).
    pub(crate) fn interrupt(self: &Arc<Self>, mode: CancelMode) {
        if self.callee.features.callee.call_canceling {
            // If the callee has left, it need not be told.
            let _ = self
                .callee
                .mailbox
                .routing(RoutedMessage::Interrupt { call: Arc::clone(self), mode });
        }
    }

    /// Sends an answer to the caller, if it is there and waits. If the caller's mailbox has no
    /// room, the call ends with an ERROR without payload, which needs none: the callee is read on,
    /// whatever its callers do.
    pub(crate) fn answer(self: &Arc<Self>, answer: Answer) {
        let is_final = answer.is_final();
        // Counted here and not when the caller reads it: otherwise a caller that does not read
        // would make the callee unavailable to others.
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

    /// Stops counting it as a call whose caller waits. Returns whether it was counted so.
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

/// Counts the calls that a callee has to answer.
#[derive(Debug, Default)]
pub(crate) struct OpenInvocations {
    open: AtomicUsize,
    /// Of these, the calls whose caller waits.
    awaited: AtomicUsize,
}

impl OpenInvocations {
    pub(crate) fn count(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Returns whether a caller waits for one of them.
    pub(crate) fn are_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed) > 0
    }

    fn add(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
        self.awaited.fetch_add(1, Ordering::Relaxed);
    }
}

/// A message between the sessions of a routed call.
#[derive(Debug)]
pub(crate) enum RoutedMessage {
    /// To the callee: the call, or another chunk of it (PI-01).
    Invocation { call: Arc<RoutedCall>, is_first: bool, details: Invoked, payload: Payload },
    /// To the callee: the caller cancelled the call.
    Interrupt { call: Arc<RoutedCall>, mode: CancelMode },
    /// To the caller: a result or an ERROR.
    Answer { call: Arc<RoutedCall>, answer: Answer },
    /// To a callee: the router ended its registration (RR-04).
    Revoked { registration: RegistrationId, reason: Option<String> },
}

/// The content of INVOCATION besides the arguments.
#[derive(Debug, Default)]
pub(crate) struct Invoked {
    /// The URI that was called, if the registration is a pattern (H-03).
    pub(crate) procedure: Option<String>,
    pub(crate) progress: bool,
    pub(crate) receive_progress: bool,
    /// In milliseconds, if the callee enforces it (TO-03).
    pub(crate) timeout: Option<u64>,
    /// The trust level of the caller (DI-05).
    pub(crate) trustlevel: Option<u32>,
    /// True if the callee is told the caller's identity (DI-01).
    pub(crate) disclosed: bool,
    pub(crate) extras: Option<Box<Extras>>,
}

/// A callee's answer, undecoded.
#[derive(Debug)]
pub(crate) enum Answer {
    Result { progress: bool, passthru: Option<Box<Passthru>>, payload: Payload },
    Error { error: Cow<'static, str>, passthru: Option<Box<Passthru>>, payload: Payload },
}

impl Answer {
    /// Creates an ERROR of the router itself.
    pub(crate) fn error(uri: &'static str) -> Self {
        Self::Error { error: uri.into(), passthru: None, payload: Payload::empty() }
    }

    /// Creates an ERROR in place of a result that cannot be passed on to the caller.
    pub(crate) fn odd(oddity: Oddity) -> Self {
        let payload = Error::odd(oddity).payload();
        Self::Error { error: uris::INVALID_PAYLOAD.into(), passthru: None, payload }
    }

    /// Returns whether no other answer may follow it.
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self, Self::Result { progress: true, .. })
    }

    /// Returns the error with which a call ends, without its arguments.
    pub(crate) fn result(&self) -> Result<(), Error> {
        match self {
            Self::Result { .. } => Ok(()),
            Self::Error { error, .. } => Err(Error::new(error.clone())),
        }
    }

    /// Returns how a call ends with this answer.
    pub(crate) fn outcome(&self) -> RequestOutcome {
        match self {
            Self::Result { .. } => RequestOutcome::Ok,
            Self::Error { error, .. } => RequestOutcome::of_uri(error),
        }
    }
}

/// The reason why a mailbox refused a message.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The session has left.
    Closed,
    /// Too much waits for the session.
    Full,
}

impl RoutedMessage {
    /// Returns whether the message belongs to a call of another session.
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Invocation { .. } | Self::Interrupt { .. })
    }

    /// Returns whether it begins a call, which a session that is ending does not accept.
    pub(crate) fn begins(&self) -> bool {
        matches!(self, Self::Invocation { is_first: true, .. })
    }

    /// Returns whether the message has no payload, and comes no more often than calls do.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Self::Invocation { .. } => false,
            Self::Interrupt { .. } | Self::Revoked { .. } => true,
            Self::Answer { answer, .. } => answer.is_final() && self.kept_bytes() == 0,
        }
    }

    /// Returns the number of bytes that the message keeps in memory.
    pub(crate) fn kept_bytes(&self) -> usize {
        match self {
            Self::Interrupt { .. } | Self::Revoked { .. } => 0,
            Self::Invocation { payload, .. }
            | Self::Answer {
                answer: Answer::Result { payload, .. } | Answer::Error { payload, .. },
                ..
            } => payload.kept_bytes(),
        }
    }
}
