//! The session of one request: a host for a connection whose transport is memory.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::{HttpMessage as _, HttpRequest};
use wamp_core::{Close, Connection, Identity, Left, Serializer, Transport};

use super::answer::Answer;
use crate::admission::client_address::client_address;
use crate::lengths;
use crate::router::Router;
use crate::worker::clock::{Alarm, Clock};

/// A session whose client is the bridge. Dropping it ends the session and cancels its call.
pub(super) struct Exchange {
    connection: Connection,
    clock: Clock,
    alarm: Alarm,
    /// Answers that were taken from the connection.
    answers: VecDeque<Answer>,
}

impl Exchange {
    /// Opens a connection for the request.
    pub(super) fn open(router: &Router, request: &HttpRequest, clock: Clock) -> Self {
        let identity =
            request.extensions().get::<Identity>().cloned().unwrap_or_else(Identity::anonymous);
        let transport = Transport {
            serializer: Serializer::Json,
            framing: lengths::framing(),
            identity,
            address: client_address(request, router),
            host: Rc::new(request.clone()),
        };
        let connection = Connection::new(router, transport, clock.now()).unlisted();
        Self { connection, clock, alarm: Alarm::default(), answers: VecDeque::new() }
    }

    /// Hands a message to the router.
    pub(super) fn send(&mut self, message: String) {
        self.connection.receive(message.into(), self.clock.now());
    }

    /// Returns the router's next message; `None` once the session has ended.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        poll_fn(|context| self.poll_next(context)).await
    }

    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Answer>> {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Poll::Ready(Some(answer));
            }
            if self.connection.close().is_some() && self.connection.output_len() == 0 {
                return Poll::Ready(None);
            }
            if self.drive(context).is_pending() && self.answers.is_empty() {
                return Poll::Pending;
            }
        }
    }

    /// Drives the session without taking its output: answers that do not fit wait in it.
    pub(super) fn poll_unread(&mut self, context: &mut Context<'_>) {
        let now = self.clock.now();
        self.connection.poll(context, now, true);
        if let Some(deadline) = self.connection.deadline() {
            // If it is over already, the next poll comes at once.
            if self.alarm.poll(context, &self.clock, now, deadline).is_ready() {
                context.waker().wake_by_ref();
            }
        }
    }

    /// Ends the session because its client takes nothing.
    pub(super) fn stalled(&mut self) {
        self.connection.lost(Left::Stall);
    }

    /// Returns the reason for which the session has ended, and the router's text for it.
    pub(super) fn close(&self) -> Option<(Close, &str)> {
        self.connection.close().map(|close| (close, self.connection.close_reason()))
    }

    /// Drives the session; `Pending` until the waker is woken or the time has come.
    fn drive(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = self.clock.now();
        self.connection.poll(context, now, true);
        let output = self.connection.take_output();
        if !output.is_empty() {
            let messages = lengths::messages(output.into());
            self.answers.extend(messages.filter_map(|message| Answer::read(&message)));
            return Poll::Ready(());
        }
        if self.connection.close().is_some() {
            return Poll::Ready(());
        }
        match self.connection.deadline() {
            Some(deadline) => self.alarm.poll(context, &self.clock, now, deadline),
            None => Poll::Pending,
        }
    }
}
