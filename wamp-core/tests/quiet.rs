//! A log that wants INFO and above: no span is made for a call.

#[path = "protocol/support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use support::{Client, handlers};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, reply};
use wamp_core::{Context, Realm, Router, Serializer};

const SERIALIZER: Serializer = Serializer::Json;

static HANDLERS: &[HandlerEntry] = &[handlers::rpc("shop.show", noting)];

fn noting(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        tracing::info!("shown");
        reply(&context, Outcome(()).reply())
    })
}

static LINES: AtomicUsize = AtomicUsize::new(0);

struct Quiet;

impl Subscriber for Quiet {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        assert_ne!(metadata.name(), "wamp.call", "it is not even asked for");
        *metadata.level() <= Level::INFO
    }
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        panic!("a span: {attributes:?}")
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        assert!(*event.metadata().level() <= Level::INFO, "{event:?}");
        LINES.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn at_info_a_call_has_no_span() {
    tracing::subscriber::set_global_default(Quiet).expect("no other subscriber");
    let realm = Realm::new("realm1");
    let router = Router::builder().realm(realm).handlers([HANDLERS]).build().expect("sound");
    let mut client = Client::join(&router);
    let before = LINES.load(Ordering::Relaxed);
    assert_eq!(client.ask(r#"[48,1,{},"shop.show"]"#), json!([50, 1, {}]));
    assert_eq!(LINES.load(Ordering::Relaxed) - before, 1, "the line of the handler");
}
