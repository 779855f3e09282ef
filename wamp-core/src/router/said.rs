//! Methods of a builder that must be called at most once.

use std::panic::Location;

/// The calls of methods whose second value would replace the first, each with its place in the
/// source.
#[derive(Debug, Default)]
pub(super) struct Said(Vec<(String, &'static Location<'static>)>);

impl Said {
    /// Notes a call.
    #[track_caller]
    pub(super) fn once(&mut self, method: impl Into<String>) {
        self.0.push((method.into(), Location::caller()));
    }

    /// Returns a fault for each repeated call.
    pub(super) fn faults(&self, builder: &str) -> Vec<String> {
        let again = self.0.iter().enumerate().filter_map(|(number, (method, at))| {
            let (_, before) = self.0[..number].iter().find(|(other, _)| other == method)?;
            Some(format!("{builder}: {method} at {at} was said before, at {before}"))
        });
        again.collect()
    }
}
