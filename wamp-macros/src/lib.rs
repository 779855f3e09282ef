//! The attributes of `wamp-actix`.
