//! The attributes and types that handlers need, without those whose names are actix's too.
//!
//! `Error`, `Session`, `Payload` and `Router` are left out: name them in full, as
//! `wamp_actix::Session`, so that a `use actix_web::*` or `use actix_session::Session` beside this
//! one stays clear. The same goes for the attributes `session` and `test`.
//!
//! ```
//! use actix_web::{App, Error, HttpServer, web::Payload};
//! use wamp_actix::prelude::*;
//!
//! #[rpc("com.example.greet")]
//! async fn greet(name: &str, session: wamp_actix::Session) -> Kwargs<String> {
//!     Kwargs(format!("Hello, {name}, from {}!", session.authid()))
//! }
//!
//! # fn names(_: Payload) -> Result<(), Error> { Ok(()) }
//! # fn server() {
//! let server = HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws"))).wamp();
//! # drop(server);
//! # }
//! ```

pub use crate::{
    Action, Anonymous, Args, Attempt, AttemptExt as _, Authorization, Binary, Call, Cancelled,
    Chunks, Context, Denied, Events, FromContext, Handlers, Hold, Http, Identity, Kwargs, Limits,
    Passthru, Permission, Progress, Progressive, Publication, Raw, Realm, RealmBuilder, Reply,
    ServeWamp as _, SessionId, Snapshot, Subscription, Topic, WampError, handlers, publish, rpc,
    subscribe, wamp_error,
};
