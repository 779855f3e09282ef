//! CHALLENGE and AUTHENTICATE, between a running login and its connection.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use serde::Serialize;

use crate::message::{self, AuthenticateExtra};
use crate::session::send_buffer::SendBuffer;

/// The exchange of messages between a running login and the client. A clone is the same exchange.
#[derive(Clone)]
pub struct Exchange {
    send_buffer: Rc<RefCell<SendBuffer>>,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
enum State {
    #[default]
    Quiet,
    /// CHALLENGE was sent, and the login waits.
    Challenged(Waker),
    Answered(Response),
}

/// The content of AUTHENTICATE. It is secret, and therefore has no `Debug`.
pub(super) struct Response {
    pub(super) signature: String,
    pub(super) extra: AuthenticateExtra,
}

impl Exchange {
    pub(crate) fn new(send_buffer: Rc<RefCell<SendBuffer>>) -> Self {
        Self { send_buffer, state: Rc::default() }
    }

    /// Sends CHALLENGE and waits for AUTHENTICATE.
    pub(super) async fn challenge(&self, method: &str, extra: &impl Serialize) -> Response {
        self.send_buffer.borrow_mut().send(&message::challenge(method, extra));
        *self.state.borrow_mut() = State::Challenged(Waker::noop().clone());
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            match std::mem::take(&mut *state) {
                State::Answered(response) => Poll::Ready(response),
                State::Quiet | State::Challenged(_) => {
                    *state = State::Challenged(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Returns whether the client has to answer a CHALLENGE now.
    pub(crate) fn awaits_answer(&self) -> bool {
        matches!(*self.state.borrow(), State::Challenged(_))
    }

    /// Passes AUTHENTICATE to the login.
    pub(crate) fn answer(&self, signature: &str, extra: AuthenticateExtra) {
        let response = Response { signature: signature.to_owned(), extra };
        if let State::Challenged(login) = self.state.replace(State::Answered(response)) {
            login.wake();
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("awaits_answer", &self.awaits_answer())
            .finish_non_exhaustive()
    }
}
