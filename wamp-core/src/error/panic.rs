//! Drops values of the application without letting their panics through.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;

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
            // Logs the panic; no client waits for an answer.
            let _ = Error::panicked(&*panic);
        }
    }
}

impl<T> fmt::Debug for CatchDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CatchDrop")
    }
}
