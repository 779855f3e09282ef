//! The cause of an ERROR that is the server's fault: for the log, never for the client.

use std::fmt::Display;
use std::sync::Arc;

/// The cause of an ERROR that is the server's fault.
#[derive(Clone, Debug)]
pub(crate) struct Fault(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// The id that the client's text repeats, if it does.
    id: Option<String>,
    cause: String,
    /// The type of the handler's parameter for which there is no value.
    extractor: Option<&'static str>,
    /// A panic is the cause.
    is_panic: bool,
}

impl Fault {
    pub(super) fn new(cause: impl Display) -> Self {
        Self::of(None, cause, None)
    }

    pub(super) fn with_id(
        id: String,
        cause: impl Display,
        extractor: Option<&'static str>,
    ) -> Self {
        Self::of(Some(id), cause, extractor)
    }

    fn of(id: Option<String>, cause: impl Display, extractor: Option<&'static str>) -> Self {
        Self(Arc::new(Parts { id, cause: cause.to_string(), extractor, is_panic: false }))
    }

    /// Notes that a panic is the cause.
    pub(super) fn of_panic(self) -> Self {
        let parts = &self.0;
        let (id, cause) = (parts.id.clone(), parts.cause.clone());
        Self(Arc::new(Parts { id, cause, extractor: parts.extractor, is_panic: true }))
    }

    pub(crate) fn is_panic(&self) -> bool {
        self.0.is_panic
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    pub(crate) fn cause(&self) -> &str {
        &self.0.cause
    }

    pub(crate) fn extractor(&self) -> Option<&'static str> {
        self.0.extractor
    }
}
