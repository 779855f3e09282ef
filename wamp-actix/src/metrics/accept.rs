//! The formats of the text, and which one a request asks for.

use std::fmt;

use actix_web::HttpRequest;
use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

use crate::accept::quality;

/// A format of the text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Text,
}

impl Format {
    /// Returns OpenMetrics if the request names it, and likes no plain text better.
    pub(super) fn asked_by(request: &HttpRequest) -> Self {
        match quality(request, "application/openmetrics-text") {
            Some(asked) if Some(asked) >= quality(request, "text/plain") => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => prometheus_text::CONTENT_TYPE,
        }
    }

    pub(super) fn encode(self, into: &mut String, registry: &Registry) -> fmt::Result {
        match self {
            Self::OpenMetrics => text::encode(into, registry),
            Self::Text => prometheus_text::encode(into, registry),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn asked_by(accept: &str) -> Format {
        let request = TestRequest::get().insert_header(("accept", accept));
        Format::asked_by(&request.to_http_request())
    }

    #[test]
    fn prometheus_is_answered_in_openmetrics() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,\
                            application/openmetrics-text;version=0.0.1;q=0.75,\
                            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                            application/openmetrics-text;version=0.0.1;q=0.5,\
                            text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(asked_by(prometheus_2), Format::OpenMetrics);
        assert_eq!(asked_by(prometheus_3), Format::OpenMetrics);
    }

    #[test]
    fn others_are_answered_in_the_text_format() {
        assert_eq!(Format::asked_by(&TestRequest::get().to_http_request()), Format::Text);
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let liked_less = "application/openmetrics-text;q=0.2,text/plain";
        for accept in ["*/*", browser, liked_less, "application/openmetrics-text;q=0", "]"] {
            assert_eq!(asked_by(accept), Format::Text, "{accept}");
        }
    }
}
