//! The glue stands on its own: a `forbid` of the user's crate would refuse an `allow` in it.

#![forbid(
    absolute_paths_not_starting_with_crate,
    dead_code,
    deprecated,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    non_camel_case_types,
    non_snake_case,
    path_statements,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unfulfilled_lint_expectations,
    unit_bindings,
    unnameable_types,
    unreachable_code,
    unreachable_pub,
    unsafe_code,
    unsafe_op_in_unsafe_fn,
    unused_extern_crates,
    unused_imports,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_mut,
    unused_must_use,
    unused_qualifications,
    unused_results,
    unused_variables,
    unused_unsafe,
    variant_size_differences
)]
// Not `nonstandard_style`: the macro of `inventory` has an `allow` of one of it.
#![forbid(unused, rust_2018_idioms, keyword_idents, let_underscore, refining_impl_trait)]
#![deny(warnings)]

use wamp_actix::{
    Call, Error, Hold, Raw, Router, WampError, handlers, publish, rpc, session, subscribe,
};

#[rpc("forbidden.one", "forbidden.alias", timeout = "5s")]
#[rpc("forbidden.{text}.two", role = ["staff"])]
async fn every_kind_of_parameter(
    call: Call,
    text: &str,
    #[default(7)] number: u8,
    optional: Option<String>,
    #[args] more: Vec<Raw<'_>>,
    #[kwargs] others: std::collections::HashMap<String, Raw<'_>>,
    request: actix_web::HttpRequest,
) -> Result<String, Failed> {
    let lists = more.len() + others.len();
    let length = lists + optional.map_or(0, |text| text.len()) + request.path().len();
    let Ok(length) = u8::try_from(length) else { return Err(Failed::Failed) };
    Ok(format!("{text} {} {}", number + length, call.procedure()))
}

#[subscribe("forbidden.topic")]
#[publish("forbidden.topic")]
async fn nothing() {}

#[session]
async fn joined() -> Hold<u8> {
    Hold(1)
}

#[derive(Debug, WampError)]
enum Failed {
    #[wamp("forbidden.error.failed")]
    Failed,
}

impl std::error::Error for Failed {}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() -> Result<(), Error> {
    drop(Router::builder().handlers(handlers![every_kind_of_parameter, nothing, joined]).build()?);
    Ok(())
}
