#![allow(unused)]

use wamp_actix::WampError;

#[derive(WampError)]
#[wamp("com.example.error.failed")]
enum Failed {
    #[wamp(skip)]
    One,
    #[wamp("com.example.error.two")]
    Two {
        #[wamp("com.example.error.field")]
        field: u8,
    },
    #[wamp(crate = wamp_actix)]
    Three,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
