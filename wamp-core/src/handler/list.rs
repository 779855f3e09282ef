//! Lists of handlers that a router is to serve, found by their functions.

use std::any::{TypeId, type_name};
use std::collections::{HashMap, HashSet};
use std::panic::Location;

use crate::handler::entry::{Collected, HandlerEntry};

/// A list of handlers: made by `handlers![…]` of `wamp-actix`, and taken by
/// [`RouterBuilder::handlers`].
///
/// A library returns one, so that the application decides whether to serve them:
///
/// ```
/// use wamp_core::{Handlers, Router};
///
/// /// The handlers of a library; with `wamp-actix`: `handlers![users::find, users::rename]`.
/// fn handlers() -> Handlers {
///     Handlers::default()
/// }
///
/// let router = Router::builder().handlers(handlers()).build()?;
/// # Ok::<(), wamp_core::BuildError>(())
/// ```
///
/// [`RouterBuilder::handlers`]: crate::RouterBuilder::handlers
#[derive(Clone, Debug, Default)]
#[must_use = "a router serves it: `Router::builder().handlers(…)`"]
pub struct Handlers(Vec<Listed>);

/// One entry of a list.
#[derive(Copy, Clone, Debug)]
pub enum Listed {
    /// A function, whose registrations are looked up when a router is built.
    Function {
        /// The type of the function item.
        id: TypeId,
        /// The function with its module.
        function: &'static str,
        /// The place of the list in the source.
        at: &'static Location<'static>,
    },
    /// Entries that were written by hand.
    Registrations(&'static [HandlerEntry]),
}

impl Listed {
    /// Lists a function.
    #[track_caller]
    pub fn function<F: 'static>(_: &F) -> Self {
        Self::Function { id: TypeId::of::<F>(), function: type_name::<F>(), at: Location::caller() }
    }
}

impl Handlers {
    /// Makes a list of its entries.
    #[doc(hidden)]
    pub fn of(listed: impl Into<Vec<Listed>>) -> Self {
        Self(listed.into())
    }

    /// Appends another list.
    pub(crate) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Looks the functions up. Returns each entry once, and a fault for each function without an
    /// attribute.
    #[doc(hidden)]
    #[must_use]
    pub fn resolve(&self) -> (Vec<&'static HandlerEntry>, Vec<String>) {
        let collected = by_function();
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        for listed in &self.0 {
            match listed {
                Listed::Registrations(registrations) => found.extend(*registrations),
                Listed::Function { id, function, at } => match collected.get(id) {
                    Some(registrations) => found.extend(registrations),
                    None => faults.push(format!(
                        "handlers![…] at {at}: `{function}` is no handler: write `#[rpc(\"…\")]`, \
                         `#[subscribe(\"…\")]`, `#[publish(\"…\")]` or `#[session]` before the \
                         function, or take it off the list"
                    )),
                },
            }
        }
        let mut seen = HashSet::new();
        found.retain(|registration| seen.insert(std::ptr::from_ref(*registration)));
        (found, faults)
    }
}

/// Returns all collected entries, by the type of their function. One function may have several
/// collections: an attribute under another name expands by itself.
fn by_function() -> HashMap<TypeId, Vec<&'static HandlerEntry>> {
    let mut functions: HashMap<_, Vec<_>> = HashMap::new();
    for Collected { id, registrations } in inventory::iter::<Collected>() {
        functions.entry(id()).or_default().extend(*registrations);
    }
    functions
}

/// Converts entries that were written by hand; an empty array needs no macro.
#[doc(hidden)]
impl<const N: usize> From<[&'static [HandlerEntry]; N]> for Handlers {
    fn from(registrations: [&'static [HandlerEntry]; N]) -> Self {
        Self(registrations.map(Listed::Registrations).into())
    }
}
