//! Server-sent events: a response that goes on as long as the session of its request.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::header;
use actix_web::rt::{self, time};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::{Either, select};
use futures_util::stream;
use tokio::sync::mpsc;
use wamp_core::{Close, uris};

use super::answer::Answer;
use super::answering;
use super::exchange::Exchange;
use crate::accept::quality;
use crate::admission::Place;
use crate::websocket::socket_handle::SocketHandle;

/// The time between two comments, which show proxies and the client that the stream is alive.
const COMMENTS: Duration = Duration::from_secs(15);

/// The length from which on a piece takes no further event.
const PIECE: usize = 32 << 10;

/// The session of a stream, in a task of its own, from which the response takes its pieces.
pub(super) struct Sender {
    pub(super) exchange: Exchange,
    /// The procedure or topic of the request.
    pub(super) topic: String,
    pub(super) socket_handle: Option<SocketHandle>,
    /// The time in which the client has to take a piece.
    pub(super) write_stall: Duration,
    /// The place of the connection, which the stream takes as long as it lasts.
    pub(super) place: Place,
}

/// Returns whether the client asks for a stream of results.
pub(super) fn is_asked_for(request: &HttpRequest) -> bool {
    quality(request, "text/event-stream").is_some()
}

impl Sender {
    /// Returns the response that sends what comes: the rest of a call, or the events of a topic.
    pub(super) fn respond(self, first: Option<Answer>) -> HttpResponse {
        let (pieces, mut sent) = mpsc::channel(1);
        rt::spawn(self.run(first, pieces));
        let body = stream::poll_fn(move |context| {
            sent.poll_recv(context).map(|piece| piece.map(Ok::<_, Infallible>))
        });
        answering(&mut HttpResponse::Ok())
            .content_type("text/event-stream")
            // A middleware that compresses would hold the events back.
            .insert_header((header::CONTENT_ENCODING, "identity"))
            .streaming(body)
    }

    /// Sends everything, until the session or the client ends it.
    async fn run(mut self, first: Option<Answer>, pieces: mpsc::Sender<Bytes>) {
        let mut text = String::from(":\n\n");
        let mut is_over = first.is_some_and(|answer| self.write(&mut text, answer));
        while self.hand_over(std::mem::take(&mut text), &pieces).await && !is_over {
            is_over = self.gather(&mut text, &pieces).await;
        }
        drop(self.place);
    }

    /// Gathers what comes next, and what is there then. Returns true at the end of the stream.
    async fn gather(&mut self, text: &mut String, pieces: &mpsc::Sender<Bytes>) -> bool {
        let next = time::timeout(COMMENTS, self.exchange.next());
        let mut answer = {
            let gone = pin!(pieces.closed());
            match select(pin!(next), gone).await {
                Either::Left((Ok(answer), _)) => answer,
                Either::Left((Err(_), _)) => {
                    text.push_str(":\n\n");
                    return false;
                }
                Either::Right(_) => return true,
            }
        };
        loop {
            let Some(known) = answer else {
                self.write_end(text);
                return true;
            };
            if self.write(text, known) {
                return true;
            }
            if text.len() >= PIECE {
                return false;
            }
            match poll_fn(|context| Poll::Ready(self.exchange.poll_next(context))).await {
                Poll::Ready(next) => answer = next,
                Poll::Pending => return false,
            }
        }
    }

    /// Hands a piece over, and drives the session until the client has room for it. Returns false
    /// if the client is gone, or has taken nothing for too long.
    async fn hand_over(&mut self, text: String, pieces: &mpsc::Sender<Bytes>) -> bool {
        let exchange = &mut self.exchange;
        let mut sending = pin!(time::timeout(self.write_stall, pieces.send(text.into())));
        let sent = poll_fn(|context: &mut Context<'_>| {
            let sent = sending.as_mut().poll(context);
            if sent.is_pending() {
                exchange.poll_unread(context);
            }
            sent
        });
        match sent.await {
            Ok(sent) => sent.is_ok(),
            Err(_) => {
                self.exchange.stalled();
                if let Some(socket_handle) = &self.socket_handle {
                    socket_handle.abort();
                }
                false
            }
        }
    }

    /// Writes an answer as an event. Returns true if it is the last one.
    fn write(&self, text: &mut String, answer: Answer) -> bool {
        match answer {
            Answer::Event { publication, topic, arguments } => {
                let topic = topic.as_deref().unwrap_or(&self.topic);
                event(text, "event", Some(publication), &arguments.of_event(topic));
                false
            }
            Answer::Result { is_final, arguments } => {
                let value = arguments.value().unwrap_or_else(|| "null".to_owned());
                event(text, if is_final { "result" } else { "progress" }, None, &value);
                is_final
            }
            Answer::Error { error, arguments, .. } => {
                event(text, "error", None, &arguments.of_error(&error));
                true
            }
            Answer::Abort { reason, text: cause } => {
                write_error(text, &reason, &cause);
                true
            }
            Answer::Welcome | Answer::Subscribed => false,
        }
    }

    /// Writes why the session has ended without a message.
    fn write_end(&self, text: &mut String) {
        let (close, cause) = self.exchange.close().unwrap_or((Close::Normal, ""));
        let error = if close == Close::Shutdown { uris::SYSTEM_SHUTDOWN } else { uris::CANCELED };
        write_error(text, error, cause);
    }
}

fn write_error(text: &mut String, error: &str, cause: &str) {
    let error = serde_json::json!({ "error": error, "args": [cause], "kwargs": {} });
    event(text, "error", None, &error.to_string());
}

/// Writes an event, whose data is JSON in one line.
fn event(text: &mut String, name: &str, id: Option<u64>, data: &str) {
    let written = match id {
        Some(id) => write!(text, "event: {name}\nid: {id}\ndata: {data}\n\n"),
        None => write!(text, "event: {name}\ndata: {data}\n\n"),
    };
    written.expect("a string takes everything");
}
