//! Counts of what happens seldom, by a label.

use std::borrow::Cow;
use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Counts by labels, which are names of the application or of this crate, never a stranger's.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<BTreeMap<Cow<'static, str>, u64>>);

impl Tally {
    /// Creates a tally that lists these labels although nothing has happened.
    pub(crate) fn of(labels: impl IntoIterator<Item = &'static str>) -> Self {
        Self(Mutex::new(labels.into_iter().map(|label| (label.into(), 0)).collect()))
    }

    pub(crate) fn count(&self, label: impl Into<Cow<'static, str>>) {
        *self.0.lock().entry(label.into()).or_default() += 1;
    }

    pub(crate) fn read(&self) -> Vec<(String, u64)> {
        self.0.lock().iter().map(|(label, count)| (label.to_string(), *count)).collect()
    }
}
