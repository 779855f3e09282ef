//! The response to a client that gets no connection.

use actix_web::HttpResponse;
use actix_web::http::header;

/// Seconds that such a client should wait before it tries again.
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

    /// Returns the 503, which asks the client to come again later. It also ends the connection, which holds descriptors too.
    pub(crate) fn response(self) -> HttpResponse {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER))
            .content_type("text/plain; charset=utf-8")
            .force_close()
            .body(format!("no room for another connection: the limit `{}` is reached\n", self.limit()))
    }
}
