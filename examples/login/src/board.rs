//! A notice board, in memory.

use parking_lot::Mutex;
use serde::Serialize;

/// The maximum number of notices.
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

    /// Adds a notice, in place of the oldest if the board is full, and publishes all notices. A
    /// lock orders the workers, so the last event is right.
    pub(crate) fn pin<T>(&self, notice: Notice, tell: impl FnOnce(&[Notice]) -> T) -> T {
        let mut notices = self.0.lock();
        if notices.len() == ROOM {
            notices.remove(0);
        }
        notices.push(notice);
        tell(&notices)
    }

    /// Removes all notices, and publishes that there are none.
    pub(crate) fn clear<T>(&self, tell: impl FnOnce(&[Notice]) -> T) -> T {
        let mut notices = self.0.lock();
        notices.clear();
        tell(&notices)
    }
}
