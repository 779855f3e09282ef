#![allow(unused)]

use wamp_actix::{Call, Publication, Subscription, rpc, session, subscribe};

#[subscribe("com.example.topic")]
async fn call(call: Call) {}

#[rpc("com.example.add")]
async fn subscription(subscription: Option<Subscription>) {}

#[session]
async fn publication(publication: Publication) {}

fn main() {}
