//! The response to a client whose connection exceeds a limit.

use actix_web::HttpResponse;
use actix_web::http::header;

/// The number of seconds after which the client may try again.
const RETRY_AFTER: &str = "5";

/// The limit that is reached.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Connections,
    ConnectionsPerAddress,
}

impl Full {
    /// Returns the name of the limit in `Limits`.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
        }
    }

    /// Returns the 503 with `Retry-After`. It also closes the TCP connection, to free its
    /// descriptors.
    pub(crate) fn response(self) -> HttpResponse {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::RETRY_AFTER, RETRY_AFTER))
            .content_type("text/plain; charset=utf-8")
            .force_close()
            .body(format!(
                "no room for another connection: the limit `{}` is reached\n",
                self.limit()
            ))
    }
}
