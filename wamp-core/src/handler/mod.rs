//! Runs the application's functions: their entries, the values that are injected into them, and
//! what they return.

pub(crate) mod acceptance;
pub(crate) mod arguments;
pub(crate) mod around;
pub(crate) mod call_state;
pub(crate) mod context;
pub(crate) mod entry;
pub(crate) mod inject;
pub(crate) mod list;
pub(crate) mod outcome;
pub(crate) mod progressive;
pub(crate) mod reply;
pub(crate) mod tasks;
