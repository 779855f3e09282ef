//! `testbed.sleep`, and the outcome of each sleep.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt::time::sleep;
use actix_web::web::Data;
use wamp_actix::rpc;

/// One entry for each sleep that has ended, the newest last.
#[derive(Default)]
pub(crate) struct SleepLog(Mutex<Vec<&'static str>>);

impl SleepLog {
    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guard that writes its entry when it is dropped, which also happens when the handler is
/// cancelled.
struct Entry {
    log: Data<SleepLog>,
    outcome: &'static str,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.log.entries().push(self.outcome);
    }
}

#[rpc("testbed.sleep")]
async fn slumber(ms: u64, log: Data<SleepLog>) -> &'static str {
    let mut entry = Entry { log, outcome: "dropped" };
    sleep(Duration::from_millis(ms)).await;
    entry.outcome = "completed";
    "slept"
}

#[rpc("testbed.sleep_log")]
async fn sleep_log(log: Data<SleepLog>) -> Vec<&'static str> {
    log.entries().clone()
}
