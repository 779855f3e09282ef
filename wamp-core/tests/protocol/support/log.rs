//! The log of the tests. Those of `wamp-actix` use it too.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Lines of all threads, each `LEVEL target=target field=value field=value `.
static ALL: Mutex<String> = Mutex::new(String::new());

thread_local! {
    /// Lines of this thread, while a test wants them.
    static OWN: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub(crate) struct Log;

impl Log {
    /// Begins to record.
    ///
    /// There is one subscriber for all threads: as long as a process has only one, `tracing` asks
    /// that of whichever thread is first at a line whether anybody wants the line, and remembers
    /// the answer; another test's thread might have none.
    pub(crate) fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Self).expect("no other subscriber");
        });
    }

    /// Returns the lines that this thread writes meanwhile.
    pub(crate) fn of(run: impl FnOnce()) -> String {
        Self::start();
        run();
        Self::stop()
    }

    /// Records the lines of this thread, until [`stop`](Self::stop) returns them.
    pub(crate) fn start() {
        Self::install();
        OWN.set(Some(String::new()));
    }

    pub(crate) fn stop() -> String {
        OWN.take().expect("it was started")
    }

    /// Returns the lines of all threads since the first installed it.
    pub(crate) fn of_all() -> String {
        ALL.lock().expect("no panic").clone()
    }
}

/// One line.
struct Line(String);

impl Line {
    fn write(self) {
        OWN.with_borrow_mut(|own| {
            if let Some(own) = own {
                *own += &self.0;
            }
        });
        *ALL.lock().expect("no panic") += &self.0;
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("there is room");
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(String::new());
        attributes.record(&mut line);
        line.write();
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        line.write();
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} target={} ", metadata.level(), metadata.target()));
        event.record(&mut line);
        line.0.push('\n');
        line.write();
    }
}
