//! What a builder was told of what it can be told once.

use std::panic::Location;

/// The methods that were called of those whose value would replace the one before, with what they were about, and where.
#[derive(Debug, Default)]
pub(super) struct Said(Vec<(String, &'static Location<'static>)>);

impl Said {
    /// Notes a call.
    #[track_caller]
    pub(super) fn once(&mut self, method: impl Into<String>) {
        self.0.push((method.into(), Location::caller()));
    }

    /// One text for each that was called again.
    pub(super) fn faults(&self, builder: &str) -> Vec<String> {
        let again = self.0.iter().enumerate().filter_map(|(number, (method, at))| {
            let (_, before) = self.0[..number].iter().find(|(other, _)| other == method)?;
            Some(format!("{builder}: {method} at {at} was said before, at {before}"))
        });
        again.collect()
    }
}
