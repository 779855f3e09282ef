//! A copy of the request that a session keeps, so that it does not pin actix's read buffer.
//!
//! Headers and URI are slices of that buffer. A session keeps its request for its lifetime, for the
//! extractors of its handlers, and would keep the whole buffer, 8 KiB, alive.

use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Bytes, BytesMut};

use crate::worker::Worker;

/// Headers of the upgrade itself, which the copy leaves out: an entry of a header map takes 200
/// bytes.
const OF_UPGRADE: [HeaderName; 5] = [
    header::CONNECTION,
    header::UPGRADE,
    header::SEC_WEBSOCKET_EXTENSIONS,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_VERSION,
];

/// Copies the request's headers and URI out of the read buffer. To be called before the request is
/// cloned.
pub(crate) fn compact(request: &mut ServiceRequest) {
    let headers = compacted(request.headers());
    let uri = Uri::from_maybe_shared(Bytes::from(request.uri().to_string())).unwrap_or_default();
    request.match_info_mut().get_mut().update(&uri);
    let head = request.head_mut();
    let mut read_into = std::mem::replace(&mut head.headers, headers);
    read_into.clear();
    Worker::with(|worker| worker.previous_headers.set(Some(read_into)));
    head.uri = uri;
}

/// Returns the headers that are not [`OF_UPGRADE`], their values in one buffer of exactly their
/// size.
fn compacted(headers: &HeaderMap) -> HeaderMap {
    let kept = || headers.iter().filter(|(name, _)| !OF_UPGRADE.contains(name));
    let mut values = BytesMut::with_capacity(kept().map(|(_, value)| value.len()).sum());
    kept().for_each(|(_, value)| values.extend_from_slice(value.as_bytes()));
    let mut values = values.freeze();
    let mut compact = HeaderMap::with_capacity(kept().count());
    for (name, value) in kept() {
        let value = HeaderValue::from_maybe_shared(values.split_to(value.len()));
        // Names and values stay valid.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_str().as_bytes()), value) {
            compact.append(name, value);
        }
    }
    compact
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_compact_request_says_the_same_in_bytes_of_its_own() {
        let mut request = TestRequest::with_uri("/rooms/42/ws?token=a%20b")
            .param("room", "42")
            .insert_header(("x-custom", "one"))
            .append_header(("x-custom", "two"))
            .insert_header(("cookie", "id=7; theme=dark"))
            .insert_header(("host", "example.com"))
            .insert_header(("upgrade", "websocket"))
            .to_srv_request();
        let mut before = request.headers().clone();
        before.remove("upgrade");
        let place = request.headers().get("host").map(|value| value.as_bytes().as_ptr());
        compact(&mut request);
        let previous = Worker::with(|worker| worker.previous_headers.take());
        assert!(
            previous.is_some_and(|headers| headers.is_empty()),
            "nothing of a request outlives it"
        );
        let all = |headers: &HeaderMap| {
            let mut all: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect();
            all.sort();
            all
        };
        assert_eq!(all(request.headers()), all(&before));
        let values: Vec<_> = request.headers().get_all("x-custom").collect();
        assert_eq!(values, ["one", "two"]);
        assert_ne!(request.headers().get("host").map(|value| value.as_bytes().as_ptr()), place);
        assert_eq!((request.path(), request.query_string()), ("/rooms/42/ws", "token=a%20b"));
        assert_eq!(request.match_info().get("room"), Some("42"));
    }
}
