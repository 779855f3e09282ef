//! The running jobs of all workers.

use actix_web::web::Data;
use parking_lot::Mutex;
use wamp_actix::{PublishError, Realm};

/// The number of running jobs.
#[derive(Default)]
pub(crate) struct Running(Mutex<usize>);

impl Running {
    pub(crate) fn count(&self) -> usize {
        *self.0.lock()
    }

    /// Changes the number and publishes it. A lock orders the workers, so the last event is right.
    fn change(
        &self,
        realm: &Realm,
        change: impl FnOnce(usize) -> usize,
    ) -> Result<(), PublishError> {
        let mut count = self.0.lock();
        *count = change(*count);
        realm.publish("primes.running").arg(*count).send()?;
        Ok(())
    }
}

/// A running job, until it is dropped: at its end, or when its handler is dropped before.
pub(crate) struct Job {
    running: Data<Running>,
    realm: Realm,
}

impl Job {
    pub(crate) fn begin(running: Data<Running>, realm: Realm) -> Result<Self, PublishError> {
        running.change(&realm, |count| count + 1)?;
        Ok(Self { running, realm })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Publishing fails only for a value that cannot be serialised.
        self.running.change(&self.realm, |count| count - 1).ok();
    }
}
