//! A notice board, in memory.

use parking_lot::Mutex;
use serde::Serialize;

/// How many notices there is room for.
const ROOM: usize = 20;

/// A notice.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Notice {
    pub(crate) author: String,
    pub(crate) text: String,
}

/// The notices, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Vec<Notice>>);

impl Board {
    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.0.lock().clone()
    }

    /// Pins a notice, for which the oldest may have to go, and tells all that there are now. Workers take turns, so that what
    /// is told last is the truth.
    pub(crate) fn pin<T>(&self, notice: Notice, tell: impl FnOnce(&[Notice]) -> T) -> T {
        let mut notices = self.0.lock();
        if notices.len() == ROOM {
            notices.remove(0);
        }
        notices.push(notice);
        tell(&notices)
    }

    /// Takes all notices off, and tells that there are none.
    pub(crate) fn clear<T>(&self, tell: impl FnOnce(&[Notice]) -> T) -> T {
        let mut notices = self.0.lock();
        notices.clear();
        tell(&notices)
    }
}
