//! The log of the tests. Those of `wamp-actix` use it too.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Lines of all threads, each `LEVEL target=target field=value field=value `, and behind it
/// `in name field=value ` for each span in which it was written.
static ALL: Mutex<String> = Mutex::new(String::new());

thread_local! {
    /// Lines of this thread, while a test wants them.
    static OWN: RefCell<Option<String>> = const { RefCell::new(None) };

    /// The spans that this thread is in.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Every span that was made, as its lines name it; its id is its number, from 1.
static SPANS: Mutex<Vec<String>> = Mutex::new(Vec::new());

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
        let metadata = attributes.metadata();
        let mut line = Line(format!("in {} ", metadata.name()));
        attributes.record(&mut line);
        let mut spans = SPANS.lock().expect("no panic");
        spans.push(line.0.clone());
        Line(format!("SPAN {} target={} {}\n", metadata.level(), metadata.target(), line.0))
            .write();
        Id::from_u64(u64::try_from(spans.len()).expect("few spans"))
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line(String::new());
        values.record(&mut line);
        line.write();
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }
    fn exit(&self, span: &Id) {
        let left = ENTERED.with_borrow_mut(Vec::pop);
        assert_eq!(left, Some(span.into_u64()), "spans are left in the opposite order");
    }
    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(format!("{} target={} ", metadata.level(), metadata.target()));
        event.record(&mut line);
        ENTERED.with_borrow(|entered| {
            let spans = SPANS.lock().expect("no panic");
            let names = entered.iter().filter_map(|id| spans.get(usize::try_from(*id).ok()? - 1));
            line.0.extend(names.map(String::as_str));
        });
        line.0.push('\n');
        line.write();
    }
}
