//! The log lines of a handshake.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Once;

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

thread_local! {
    /// The levels and texts of this thread's log lines.
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

pub(super) struct Log;

impl Log {
    pub(super) fn of(run: impl FnOnce()) -> Vec<(Level, String)> {
        // One subscriber for all threads: `tracing` caches for each callsite whether a subscriber
        // is interested, and a thread of another test without one would answer no for all.
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        LINES.take();
        run();
        LINES.take()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Log lines of actix itself do not count.
        metadata.target().starts_with("wamp_actix::")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
                self.0 += &format!("{value:?}");
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        LINES.with_borrow_mut(|lines| lines.push((*event.metadata().level(), text.0)));
    }
}
