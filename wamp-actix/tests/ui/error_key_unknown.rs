#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
enum Failed {
    #[wamp(uri = "com.example.error.one")]
    One,
    #[wamp]
    Two,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
