#![allow(unused)]

use wamp_actix::{Cancelled, Chunks, Passthru, Progress, publish, session, subscribe};

#[subscribe("com.example.topic")]
async fn chunks(chunks: Chunks<u8>) {}

#[publish("com.example.topic")]
async fn progress(progress: Progress<u8>) {}

#[session]
async fn cancelled(cancelled: Cancelled) {}

#[publish("com.example.third")]
async fn beside_args(#[args] rest: Vec<u8>, chunks: Chunks<u8>) {}

#[publish("com.example.other")]
async fn passthru(passthru: Option<Passthru>) {}

fn main() {}
