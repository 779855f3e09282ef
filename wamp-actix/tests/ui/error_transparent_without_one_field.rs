#![allow(unused)]

use wamp_actix::{Error, WampError};

#[derive(WampError)]
enum Failed {
    #[wamp(transparent)]
    One,
    #[wamp(transparent)]
    Two(Error, u8),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
