#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
union Failed {
    a: u8,
    b: i8,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
