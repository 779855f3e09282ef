//! Values that all workers of the process share, one for each router.

use std::sync::Arc;

use parking_lot::Mutex;
use wamp_core::WeakRouter;

use super::Router;

/// One value for each router, as long as the router exists.
#[derive(Debug)]
pub(crate) struct PerRouter<T>(Mutex<Vec<(WeakRouter, Arc<T>)>>);

impl<T> PerRouter<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Returns the value of this router, which the first call makes.
    pub(crate) fn get(&self, router: &Router, make: impl FnOnce() -> T) -> Arc<T> {
        let mut values = self.0.lock();
        values.retain(|(other, _)| other.upgrade().is_some());
        let known = values
            .iter()
            .find(|(other, _)| other.upgrade().is_some_and(|other| router.same_as(&other)));
        if let Some((_, value)) = known {
            return Arc::clone(value);
        }
        let value = Arc::new(make());
        values.push((router.downgrade(), Arc::clone(&value)));
        value
    }
}
