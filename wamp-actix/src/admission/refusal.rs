//! What a client is told that gets no connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header;
use actix_web::web::Bytes;

use crate::hard_close::HardClose;

/// How long such a client should wait, in seconds.
const RETRY_AFTER: &str = "5";

/// The limit that keeps a connection out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Connections,
    ConnectionsPerAddress,
}

impl Full {
    /// 503, which asks the client to come again later, and the end of the connection: it takes descriptors, too.
    pub(crate) fn response(self, hard_close: Option<HardClose>) -> HttpResponse {
        let limit = match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
        };
        let text = format!("no room for another connection: the limit `{limit}` is reached\n");
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER))
            .content_type("text/plain; charset=utf-8")
            .force_close()
            .body(BoxBody::new(LastWords { text: text.into(), hard_close }))
    }
}

/// A text after which we hang up: actix would wait for the client to do it, a second long.
struct LastWords {
    text: Bytes,
    hard_close: Option<HardClose>,
}

impl MessageBody for LastWords {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.text.len() as u64)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let Self { text, hard_close } = self.get_mut();
        if !text.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(text))));
        }
        if let Some(hard_close) = hard_close {
            hard_close.hang_up();
        }
        Poll::Ready(None)
    }
}
