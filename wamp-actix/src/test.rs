//! A WAMP client inside the process, for tests: the real pipeline, without a port.
//!
//! [`connect`] upgrades a request on an `actix_web::test` service, through middleware, Origin
//! check, extractors, frames and handlers. [`join`] needs only a router. Time stands still until
//! [`Client::clock`] is advanced.
//!
//! ```
//! use actix_web::{App, test};
//! use wamp_actix::test::connect;
//! use wamp_actix::{Router, handlers, rpc};
//!
//! #[rpc("com.example.add")]
//! async fn add(a: i64, b: i64) -> i64 {
//!     a + b
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::builder().handlers(handlers![add]).build()?;
//! let app = test::init_service(App::new().service(router.endpoint("/ws"))).await;
//! let client = connect(&app, "/ws").await?;
//! let sum = client.call("com.example.add").arg(20).arg(22).await.expect("a result");
//! assert_eq!(sum.args::<(i64,)>()?, (42,));
//! # Ok(())
//! # }
//! ```

mod callee;
mod calling;
mod client;
mod connect;
mod hello;
mod login;
mod message;
mod requests;
mod subscribed;
mod wire;

pub use crate::worker::clock::ManualClock;
pub use callee::{Invoked, Registered};
pub use calling::{Call, Calling, CancelMode};
pub use client::Client;
pub use connect::{Application, Connect, JoinError, Target, connect, join};
pub use login::Login;
pub use requests::{Publish, Register, Subscribe};
pub use subscribed::{Event, Subscribed};
pub use wamp_core::Serializer;
pub use wire::{Received, Wire};
