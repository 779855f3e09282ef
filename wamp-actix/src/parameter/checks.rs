//! Checks of a parameter's type by the compiler, whose errors point at the type and tell what to
//! do.

use wamp_core::__private::{Attribute, Feature};

use super::{AMBIGUOUS, ARGUMENT, BODY, CONTEXT, EXTRACTOR, UNBORROWABLE, UNKNOWN};

/// A type that has a kind other than `UNKNOWN`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a WAMP handler",
    label = "neither an argument of the call, nor injected, nor extracted",
    note = "an argument: derive `serde::Deserialize` for it (what it borrows can be `&str`, \
        `&[u8]`, `Raw` and `Cow`)",
    note = "injected: implement `wamp_actix::FromContext` for it, or share one value between \
        handlers as `actix_web::web::Data`",
    note = "extracted from the HTTP request: implement `actix_web::FromRequest` for it"
)]
pub trait HandlerParameter<const KIND: u8> {}

/// A type that has one source only: every kind but `AMBIGUOUS`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can be an argument of the call, or extracted from the HTTP request",
    label = "say which is meant: `#[extract]` or `#[arg]` before the parameter",
    note = "with `#[arg]` a caller can send any value of the type"
)]
pub trait OneSource<const KIND: u8> {}

/// A type that is allowed inside one that is read from the call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is injected, never read from a call",
    label = "ask for it as a parameter of its own (or as `Option<{Self}>`)"
)]
pub trait NeverInjected<const KIND: u8> {}

/// A type that actix does not read from the body of a request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is read from the body of an HTTP request, and a WAMP message has none",
    label = "take the arguments of the message instead",
    note = "in place of `Json<T>` or `Form<T>`: `T` for one argument, `#[kwargs] T` for all \
        keyword arguments",
    note = "in place of `Bytes`, `BytesMut` or `Payload`: `wamp_actix::Binary` for one argument, \
            `Chunks<Binary>` for several that come one after the other"
)]
pub trait NotABody<const KIND: u8> {}

macro_rules! holds_for {
    ($trait:ident: $($kind:ident)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: ?Sized> $trait<$kind> for T {}
    )+};
}

holds_for! { HandlerParameter: CONTEXT ARGUMENT EXTRACTOR AMBIGUOUS UNBORROWABLE BODY }
holds_for! { OneSource: CONTEXT ARGUMENT EXTRACTOR UNKNOWN UNBORROWABLE BODY }
holds_for! { NotABody: CONTEXT ARGUMENT EXTRACTOR AMBIGUOUS UNKNOWN UNBORROWABLE }
holds_for! { NeverInjected: ARGUMENT AMBIGUOUS BODY }

// So that the error names the type in the container. 4 is `UNKNOWN`, whose path the error would
// show.
impl<T: HandlerParameter<4>> HandlerParameter<4> for Option<T> {}
impl<T: HandlerParameter<4>> HandlerParameter<4> for Vec<T> {}

/// Checks that the type alone determines the source of the parameter.
///
/// # Panics
/// The type borrows for `'static`.
#[track_caller]
pub const fn check_source<T, const KIND: u8>()
where
    T: HandlerParameter<KIND> + OneSource<KIND> + NotABody<KIND>,
{
    assert!(
        KIND != UNBORROWABLE,
        "an argument borrows from the client's message, which does not live for `'static`: leave \
         the lifetime out"
    );
}

/// Checks the type of a parameter whose attribute determines its source.
pub const fn check_marked<T, const KIND: u8>()
where
    T: NotABody<KIND>,
{
}

/// Checks a type inside a parameter's type, by the kind that [`inside`](super::inside) returns for
/// it.
pub const fn check_inside<T, const KIND: u8>()
where
    T: NeverInjected<KIND> + OneSource<KIND> + NotABody<KIND> + ?Sized,
{
}

/// Checks a parameter without a name; called in a constant.
///
/// # Panics
/// The type is read from the call.
#[track_caller]
pub const fn check_unnamed(kind: u8) {
    assert!(
        kind != ARGUMENT && kind != UNBORROWABLE,
        "an argument needs a name, under which clients can pass it: write `name: …` here and take \
         it apart in the body, or give it a name by `#[arg(name = \"…\")]`"
    );
}

/// Checks a parameter whose type determines its source; called in a constant.
///
/// # Panics
/// The type cannot be used under this attribute.
#[track_caller]
pub const fn check_type(kind: u8, only_in: Option<Attribute>, attribute: Attribute) {
    match (only_in, attribute) {
        (Some(Attribute::Rpc), Attribute::Subscribe | Attribute::Publish | Attribute::Session) => {
            panic!(
                "there is no call here: this type is injected in `#[rpc]` only, remove the \
                 parameter"
            )
        }
        (Some(Attribute::Subscribe), Attribute::Rpc | Attribute::Publish | Attribute::Session) => {
            panic!(
                "there is no subscription here: this type is injected in `#[subscribe]` only, \
                 remove the parameter"
            )
        }
        (Some(Attribute::Publish), Attribute::Rpc | Attribute::Subscribe | Attribute::Session) => {
            panic!(
                "there is no publication here: this type is injected in `#[publish]` only, remove \
                 the parameter"
            )
        }
        _ => {}
    }
    match attribute {
        Attribute::Subscribe if kind == ARGUMENT => panic!(
            "a SUBSCRIBE carries no arguments: a parameter of `#[subscribe]` is injected, \
             extracted, or named like a capture of the topic"
        ),
        Attribute::Session if kind == ARGUMENT => {
            panic!(
                "a HELLO carries no arguments: a parameter of `#[session]` is injected or extracted"
            )
        }
        _ => {}
    }
}

/// Checks a parameter that is named like a capture of the URI.
///
/// # Panics
/// The type is not read from a URI.
#[track_caller]
pub const fn check_capture(kind: u8) {
    match kind {
        CONTEXT => panic!(
            "this parameter is named like a capture of the URI, but its type is injected: rename \
             the parameter or the capture"
        ),
        EXTRACTOR => panic!(
            "this parameter is named like a capture of the URI, but its type is extracted from \
             the HTTP request: rename the parameter or the capture"
        ),
        _ => {}
    }
}

/// Checks a parameter that the handler reads from the caller's arguments.
///
/// # Panics
/// The type is injected.
#[track_caller]
pub const fn check_argument(kind: u8) {
    assert!(
        kind != CONTEXT,
        "this type is injected, and callers must not supply it: remove the attribute before the \
         parameter"
    );
}

/// Checks a parameter that the handler reads from the caller's arguments, without `#[arg]`.
///
/// # Panics
/// The type is injected or extracted.
#[track_caller]
pub const fn check_unmarked_argument(kind: u8) {
    check_argument(kind);
    assert!(
        kind != EXTRACTOR,
        "this type is extracted from the HTTP request, and callers must not supply it: remove the \
         attribute before the parameter"
    );
}

/// Checks a parameter beside one with `#[args]`.
///
/// # Panics
/// The type takes positional arguments, too.
#[track_caller]
pub const fn check_beside_args(feature: Option<Feature>) {
    assert!(
        !matches!(feature, Some(Feature::ProgressiveCallInvocations)),
        "`#[args]` takes what would be the first chunk: remove the parameter with `#[args]`, or \
         read its values as chunks"
    );
}
