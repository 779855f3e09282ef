//! The WAMP form that `?` gives to an application's errors.

use std::error::Error as StdError;
use std::fmt::{self, Debug, Display};

use crate::log::Log;
use serde_json::{Value, json};
use wamp_core::__private::{KnownError, inventory};
use wamp_core::{Error, WampError};

/// Written by hand, and made known as `wamp_actix::wamp_error!` does it.
#[derive(Debug, thiserror::Error)]
#[error("{left} left")]
struct OutOfStock {
    left: u32,
}

impl WampError for OutOfStock {
    fn to_error(&self) -> Error {
        Error::new("shop.error.out_of_stock").arg(self.to_string()).kwarg("left", self.left)
    }
}

inventory::submit! { KnownError::of::<OutOfStock>() }

/// Written by hand, and not made known.
#[derive(Debug, thiserror::Error)]
#[error("unheard of")]
struct Unheard;

impl WampError for Unheard {
    fn to_error(&self) -> Error {
        Error::new("shop.error.unheard")
    }
}

/// Has no WAMP form, but a source, which may have one.
#[derive(Debug)]
struct Wrapped(Box<dyn StdError + Send + Sync>);

impl Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("while buying")
    }
}

impl StdError for Wrapped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// As in a handler that returns `Result<_, Error>`.
fn question_mark<E>(error: E) -> Error
where
    Error: From<E>,
{
    let failing = || -> Result<(), Error> { Err(error)? };
    failing().expect_err("it fails")
}

#[track_caller]
fn assert_out_of_stock(error: &Error) {
    assert_eq!(error.uri(), "shop.error.out_of_stock");
    assert_eq!(error.args::<Value>().expect("any"), json!(["7 left"]));
    assert_eq!(error.kwargs::<Value>().expect("any"), json!({ "left": 7 }));
}

#[track_caller]
fn assert_neutral(error: &Error) {
    assert_eq!(error.uri(), "wamp.error.runtime_error");
    let (text,): (String,) = error.args().expect("one text");
    assert!(text.starts_with("internal error "), "{text}");
}

#[test]
fn a_hand_written_form_that_was_made_known_is_kept() {
    assert_out_of_stock(&question_mark(OutOfStock { left: 7 }));
}

#[test]
fn a_form_is_found_in_a_box_and_among_the_sources() {
    let known = || Box::new(OutOfStock { left: 7 });
    assert_out_of_stock(&question_mark::<Box<dyn StdError>>(known()));
    assert_out_of_stock(&question_mark(Wrapped(known())));
    assert_out_of_stock(&question_mark(Wrapped(Box::new(Wrapped(known())))));
    assert_out_of_stock(&question_mark(std::io::Error::other(Wrapped(known()))));
}

#[test]
fn what_has_no_form_is_a_neutral_text() {
    assert_neutral(&question_mark("text"));
    assert_neutral(&question_mark("text".to_owned()));
    assert_neutral(&question_mark::<Box<dyn StdError>>("text".into()));
    assert_neutral(&question_mark("x".parse::<u8>().expect_err("no number")));
    assert_neutral(&question_mark(Wrapped("text".into())));
    assert_neutral(&question_mark(Unheard));
}

#[test]
fn a_wamp_error_stays_what_it_is() {
    assert_eq!(question_mark(Error::new("a.b")).uri(), "a.b");
}

#[test]
fn anyhow_is_taken_in_and_the_source_of_its_context_is_found() {
    assert_neutral(&question_mark(anyhow::anyhow!("text")));
    let with_context =
        anyhow::Error::new(Wrapped(Box::new(OutOfStock { left: 7 }))).context("while serving");
    assert_out_of_stock(&question_mark(with_context));
}

#[test]
#[cfg(feature = "anyhow")]
fn a_bare_anyhow_error_is_asked_with_the_feature() {
    assert_out_of_stock(&question_mark(anyhow::Error::new(OutOfStock { left: 7 })));
    assert_out_of_stock(&question_mark(
        anyhow::Error::new(OutOfStock { left: 7 }).context("while serving"),
    ));
}

/// Returns the warnings that are logged meanwhile.
fn warnings(run: impl FnOnce()) -> Vec<String> {
    Log::of(run).lines().filter(|line| line.starts_with("WARN ")).map(str::to_owned).collect()
}

#[test]
fn an_unknown_type_is_named_once_with_the_line_of_the_question_mark() {
    #[derive(Debug, thiserror::Error)]
    #[error("its own type, which no other test meets")]
    struct Hidden;

    let mut line = 0;
    let mut failing = || -> Result<(), Error> {
        line = line!() + 1;
        Err(Hidden)?;
        Ok(())
    };
    let warned = warnings(|| {
        for _ in 0..3 {
            assert_neutral(&failing().expect_err("it fails"));
        }
    });
    let [warned] = &warned[..] else { panic!("{warned:?}") };
    for part in [&format!("{}:{line}:", file!()), "Hidden", "wamp_actix::wamp_error!("] {
        assert!(warned.contains(part), "{warned}");
    }
}

#[test]
fn known_types_and_those_of_the_standard_library_are_not_warned_of() {
    let warned = warnings(|| {
        question_mark(OutOfStock { left: 7 });
        question_mark("text");
        question_mark(std::io::Error::other("text"));
        question_mark::<Box<dyn StdError>>(Box::new(Unheard));
    });
    assert!(warned.is_empty(), "{warned:?}");
}
