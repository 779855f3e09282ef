//! Topics of every kind.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::rt::time::interval;
use actix_web::web::Data;
use futures_util::{Stream, stream};
use wamp_actix::{Error, Events, Hold, rpc, subscribe};

/// The number of ticker subscriptions.
#[derive(Default)]
pub(crate) struct Tickers(AtomicU64);

/// A ticker subscription, counted until it is dropped.
struct Counted(Data<Tickers>);

impl Counted {
    fn new(tickers: Data<Tickers>) -> Self {
        tickers.0.fetch_add(1, Ordering::Relaxed);
        Self(tickers)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[subscribe("testbed.ticker")]
async fn ticker(tickers: Data<Tickers>) -> (Hold<Counted>, Events<impl Stream<Item = u64>>) {
    let ticks = stream::unfold(
        (0, interval(Duration::from_millis(50))),
        |(last, mut interval)| async move {
            interval.tick().await;
            Some((last + 1, (last + 1, interval)))
        },
    );
    (Hold(Counted::new(tickers)), Events(ticks))
}

#[rpc("testbed.ticker_count")]
async fn ticker_count(tickers: Data<Tickers>) -> u64 {
    tickers.0.load(Ordering::Relaxed)
}

#[subscribe("testbed.forbidden")]
async fn forbidden() -> Result<(), Error> {
    Err(Error::not_authorized("nobody may subscribe to this topic"))
}
