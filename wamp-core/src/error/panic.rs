//! Panics of the application: their texts, and values whose `Drop` may panic.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::log;

/// Returns the text of a panic.
pub(super) fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or(panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("of a value that is no string")
}

/// Tells the log of a panic that no request gets as its ERROR.
pub(crate) fn tell(panic: &(dyn Any + Send), place: &'static str) {
    tracing::error!(target: log::CALL, panic = text(panic), "a panic in {place}");
}

/// A value of the application whose `Drop` may panic: the panic is caught and logged.
pub(crate) struct CatchDrop<T>(Option<T>);

impl<T> CatchDrop<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// Creates the state after the value was dropped.
    pub(crate) fn empty() -> Self {
        Self(None)
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_mut()
    }
}

impl<T> Drop for CatchDrop<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
            tell(&*panic, "the `Drop` of a value of the application");
        }
    }
}

impl<T> fmt::Debug for CatchDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CatchDrop")
    }
}
