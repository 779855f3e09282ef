//! What the connections of one worker share: the order in which they are woken, pauses, the watchdog and the clock.

pub(crate) mod clock;
pub(crate) mod coop;
pub(crate) mod wake_queue;
pub(crate) mod watchdog;
