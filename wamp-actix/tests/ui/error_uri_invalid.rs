#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
enum Failed {
    #[wamp("com..one")]
    One,
    #[wamp("com.{two}")]
    Two,
    #[wamp("wamp.error.mine")]
    Three,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
