//! The types of content that a request accepts.

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header as _, Quality};

/// Returns how much the request likes a type that it names itself; `None` if it does not name it,
/// or refuses it. A header that cannot be read names none.
pub(crate) fn quality(request: &HttpRequest, essence: &str) -> Option<Quality> {
    let ranges = Accept::parse(request).ok()?.0;
    let named = ranges.iter().filter(|range| range.item.essence_str() == essence);
    named.map(|range| range.quality).max().filter(|quality| *quality > Quality::ZERO)
}
