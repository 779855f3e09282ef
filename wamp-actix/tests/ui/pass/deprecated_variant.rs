//! A derive may name what the user's crate must not name.

#![allow(dead_code)]
#![forbid(deprecated)]

use wamp_actix::WampError;

#[derive(Debug, WampError)]
enum Failed {
    /// As long as clients know it.
    #[deprecated]
    #[wamp("deprecated.error.old")]
    Old {
        #[deprecated]
        code: u8,
    },
    #[wamp("deprecated.error.new")]
    New,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {
    assert_eq!(Failed::New.to_error().uri(), "deprecated.error.new");
}
