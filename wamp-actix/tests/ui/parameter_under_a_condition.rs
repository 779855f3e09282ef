#![allow(unused)]

use wamp_actix::rpc;

#[rpc("com.example.{name}.add")]
async fn add(#[cfg(any())] name: &str, #[cfg(not(any()))] number: Unknown) {}

#[rpc("com.example.{name}.both")]
async fn both(
    #[cfg(any())] name: &str,
    #[cfg(not(any()))]
    #[default]
    name: &str,
) {
}

fn main() {}
