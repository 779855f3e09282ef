//! Timeouts that are none, and one where nothing takes time.

use wamp_actix::{rpc, subscribe};

#[rpc("com.example.no_unit", timeout = "5")]
async fn no_unit() {}

#[rpc("com.example.fraction", timeout = "1.5s")]
async fn fraction() {}

#[rpc("com.example.number", timeout = 5)]
async fn number() {}

#[rpc("com.example.zero", timeout = "0s")]
async fn zero() {}

#[subscribe("com.example.topic", timeout = "5s")]
async fn topic() {}

fn main() {}
