//! Conversion of an application's error by `?`.
//!
//! The blanket `From` cannot be specialised on stable Rust, so the types whose WAMP form `?` keeps
//! are collected, and looked up at run time.

use std::any::{Any, TypeId, type_name};
use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::{Error, WampError, chain};
use crate::log;

type Convert = fn(&(dyn StdError + 'static)) -> Option<Error>;

/// A type of errors that have a WAMP form, submitted to `inventory`.
#[derive(Debug)]
pub struct KnownError {
    /// Returns the type.
    pub id: fn() -> TypeId,
    /// Returns the WAMP form of an error of the type, and `None` for any other.
    pub convert: Convert,
}

inventory::collect!(KnownError);

impl KnownError {
    /// Creates the entry of a type.
    #[must_use]
    pub const fn of<E: WampError + StdError + 'static>() -> Self {
        Self { id: TypeId::of::<E>, convert: |error| error.downcast_ref::<E>().map(E::to_error) }
    }
}

/// A type with `#[derive(WampError)]`. Only a concrete type tells whether it is a
/// `std::error::Error`, which `?` can convert.
#[derive(Debug)]
pub struct Derived<E>(PhantomData<E>);

#[expect(missing_docs, reason = "as in `NotStd`")]
impl<E: WampError + StdError + 'static> Derived<E> {
    pub const KNOWN: KnownError = KnownError::of::<E>();
}

/// The entry of a derived type that is not a `std::error::Error`: `?` never converts it.
pub trait NotStd {
    /// The entry of the type.
    const KNOWN: KnownError = KnownError { id: TypeId::of::<()>, convert: |_| None };
}

impl<E> NotStd for Derived<E> {}

/// All types that were submitted to `inventory`.
struct Known {
    converts: Vec<Convert>,
    by_type: HashMap<TypeId, Convert>,
}

impl Known {
    fn get() -> &'static Self {
        static KNOWN: OnceLock<Known> = OnceLock::new();
        KNOWN.get_or_init(|| {
            let all = inventory::iter::<KnownError>();
            let by_type: HashMap<_, _> = all.map(|known| ((known.id)(), known.convert)).collect();
            Self { converts: by_type.values().copied().collect(), by_type }
        })
    }

    /// Returns the WAMP form of an error whose type the compiler knows.
    fn form(&self, id: TypeId, error: &(dyn StdError + 'static)) -> Option<Error> {
        match self.by_type.get(&id) {
            Some(convert) => convert(error),
            None => self.form_in_chain(error),
        }
    }

    /// Returns the first WAMP form among an error and its sources.
    fn form_in_chain(&self, error: &(dyn StdError + 'static)) -> Option<Error> {
        std::iter::successors(Some(error), |error: &&(dyn StdError + 'static)| (*error).source())
            .find_map(|error| self.converts.iter().find_map(|convert| convert(error)))
    }
}

/// Converts an error that `?` met.
#[track_caller]
pub(super) fn converted<E: Into<Box<dyn StdError>> + 'static>(error: E) -> Error {
    let known = Known::get();
    if let Some(form) = inside_anyhow(&error).and_then(|error| known.form_in_chain(error)) {
        return form;
    }
    let error = error.into();
    // Not a closure, because `#[track_caller]` would not reach into it.
    match known.form(TypeId::of::<E>(), &*error) {
        Some(form) => form,
        None => {
            warn_once(TypeId::of::<E>(), type_name::<E>());
            Error::internal(chain(&*error))
        }
    }
}

/// Returns the error in an `anyhow::Error`, which does not show it any more once it is a
/// `Box<dyn Error>`.
#[cfg(feature = "anyhow")]
fn inside_anyhow(error: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    error.downcast_ref::<anyhow::Error>().map(AsRef::as_ref)
}

#[cfg(not(feature = "anyhow"))]
fn inside_anyhow(_: &dyn Any) -> Option<&(dyn StdError + 'static)> {
    None
}

/// Warns once for each type without a known WAMP form: the application may have implemented
/// `WampError` by hand.
#[track_caller]
fn warn_once(id: TypeId, name: &'static str) {
    static SEEN: Mutex<Option<HashSet<TypeId>>> = Mutex::new(None);
    if !may_have_form(name) || !SEEN.lock().get_or_insert_default().insert(id) {
        return;
    }
    let at = Location::caller();
    tracing::warn!(
        target: log::CALL,
        "`?` at {at} made `wamp.error.runtime_error` of `{name}`, of which it knows no WAMP form: \
         if the type implements `WampError`, write `wamp_actix::wamp_error!({name});`"
    );
}

/// Returns whether the application can have implemented `WampError` for a type: one of its own, or
/// of a crate that depends on this one.
fn may_have_form(name: &str) -> bool {
    let krate = name.split_once("::").map(|(krate, _)| krate);
    krate.is_some_and(|krate| !["std", "core", "alloc", "wamp_core", "wamp_actix"].contains(&krate))
}
