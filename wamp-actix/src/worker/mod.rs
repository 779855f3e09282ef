//! State shared by the connections of one worker: the wake queue, pauses, the watchdog, the clock.

pub(crate) mod clock;
pub(crate) mod coop;
pub(crate) mod wake_queue;
pub(crate) mod watchdog;
