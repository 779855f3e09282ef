//! What a client is told that gets no connection.

use actix_web::HttpResponse;
use actix_web::http::header;

/// How long such a client should wait, in seconds.
const RETRY_AFTER: &str = "5";

/// The limit that keeps a connection out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Connections,
    ConnectionsPerAddress,
}

impl Full {
    /// The limit's name.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
        }
    }

    /// 503, which asks the client to come again later, and the end of the connection: it takes descriptors, too.
    pub(crate) fn response(self) -> HttpResponse {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER))
            .content_type("text/plain; charset=utf-8")
            .force_close()
            .body(format!("no room for another connection: the limit `{}` is reached\n", self.limit()))
    }
}
