//! The procedures and the topic of a shop, with all outcomes that a call can have.

use std::time::Duration;

use actix_web::rt::time::sleep;
use wamp_actix::{Error, Realm, Topic, rpc};

/// The topic that hears each order.
pub(crate) const ORDERS: &str = "shop.orders";

/// Declares the topic: clients hear it, and only the server publishes.
pub(crate) fn orders() -> Topic {
    Topic::read_only()
}

/// Returns a price at once, in cents.
#[rpc("shop.price")]
async fn price(item: &str) -> usize {
    100 * item.len() + 99
}

/// Takes an order: some milliseconds, and at times there is nothing left.
#[rpc("shop.order")]
async fn order(item: String, realm: Realm) -> Result<(), Error> {
    sleep(Duration::from_millis(rand::random_range(5..60))).await;
    if rand::random_ratio(1, 10) {
        return Err(Error::new("shop.error.out_of_stock"));
    }
    realm.publish(ORDERS).arg(item).send()?;
    Ok(())
}

/// Computes a report, which takes longer than the caller is ready to wait, now and then.
#[rpc("shop.report", timeout = "400ms")]
async fn report() -> u64 {
    let work = rand::random_range(100..450);
    sleep(Duration::from_millis(work)).await;
    work
}
