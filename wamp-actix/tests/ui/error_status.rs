#![allow(unused)]

use wamp_actix::WampError;

#[derive(Debug, WampError)]
enum Failed {
    #[wamp("com.example.error.one", status = 200)]
    One,
    #[wamp("com.example.error.two", status = 404, status = 404)]
    Two,
    #[wamp(internal, status = 500)]
    Three,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
