#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
enum Failed {
    #[wamp("com.example.error.one")]
    #[wamp(internal)]
    One,
    #[wamp("com.example.error.two", "com.example.error.three")]
    Two,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
