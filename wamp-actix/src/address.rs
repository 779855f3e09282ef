//! Where a client comes from.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The address of the client that sends the request, if it comes from one.
pub(crate) fn of(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip())
}
