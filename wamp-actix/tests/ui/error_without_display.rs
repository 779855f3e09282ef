#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
#[wamp("com.example.error.failed")]
struct Failed;

fn main() {}
