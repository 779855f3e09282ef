//! The test client: what it can do, and what it says of mistakes.

mod calls;
mod joining;
mod registering;
mod topics;
