#![allow(unused)]

use wamp_actix::WampError;

struct Plain;

#[derive(WampError)]
#[wamp("com.example.error.failed")]
struct Failed {
    plain: Plain,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
