#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
enum Failed {
    One,
    #[wamp("com.example.error.two")]
    Two,
    Three(u8),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

#[derive(WampError)]
struct Other;

fn main() {}
