//! Conditions on a handler's parameters: `#[cfg(…)]`, and `#[cfg_attr(…)]` around one of our
//! attributes.
//!
//! The compiler resolves them only after the attribute of the function has run. So the attribute
//! emits the function twice: once for a condition that holds, and once for one that does not.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::parse::Parser as _;
use syn::{Attribute, FnArg, ItemFn};

use crate::parameter;

/// Returns two versions of a function: with the first condition on a parameter true, and with it
/// false; `None` without a condition.
pub(crate) fn alternatives(function: &ItemFn) -> Option<[ItemFn; 2]> {
    let mut places = function.sig.inputs.iter().enumerate();
    let (at, nth, condition) = places.find_map(|(at, input)| {
        let mut attributes = attributes(input).iter().enumerate();
        attributes.find_map(|(nth, attribute)| Some((at, nth, Condition::of(attribute)?)))
    })?;
    let Condition { predicate, attributes: added } = condition;
    let (mut with, mut without) = (function.clone(), function.clone());
    let inputs = std::mem::take(&mut without.sig.inputs).into_iter().enumerate();
    without.sig.inputs = inputs
        .filter_map(|(other, mut input)| match &added {
            None if other == at => None,
            Some(_) if other == at => {
                attributes_mut(&mut input).remove(nth);
                Some(input)
            }
            _ => Some(input),
        })
        .collect();
    if let Some(input) = with.sig.inputs.get_mut(at) {
        attributes_mut(input).splice(nth..=nth, added.into_iter().flatten());
    }
    with.attrs.insert(0, syn::parse_quote!(#[cfg(#predicate)]));
    without.attrs.insert(0, syn::parse_quote!(#[cfg(not(#predicate))]));
    Some([with, without])
}

/// A condition on a parameter.
struct Condition {
    predicate: TokenStream,
    /// The attributes that the parameter has if the condition holds; `None` if the parameter itself
    /// is conditional.
    attributes: Option<Vec<Attribute>>,
}

impl Condition {
    fn of(attribute: &Attribute) -> Option<Self> {
        let tokens = &attribute.meta.require_list().ok()?.tokens;
        if attribute.path().is_ident("cfg") {
            return Some(Self { predicate: tokens.clone(), attributes: None });
        }
        if !attribute.path().is_ident("cfg_attr") || parameter::is_taken(attribute) {
            return None;
        }
        let mut parts = parts(tokens.clone()).into_iter();
        let predicate = parts.next()?;
        let attributes = parts.map(|part| Attribute::parse_outer.parse2(quote!(#[#part])));
        let attributes: Vec<_> =
            attributes.collect::<syn::Result<Vec<_>>>().ok()?.into_iter().flatten().collect();
        attributes
            .iter()
            .any(concerns_us)
            .then_some(Self { predicate, attributes: Some(attributes) })
    }
}

fn concerns_us(attribute: &Attribute) -> bool {
    let path = attribute.path();
    parameter::is_ours(attribute) || path.is_ident("cfg") || path.is_ident("cfg_attr")
}

fn attributes(input: &FnArg) -> &[Attribute] {
    match input {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(typed) => &typed.attrs,
    }
}

fn attributes_mut(input: &mut FnArg) -> &mut Vec<Attribute> {
    match input {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(typed) => &mut typed.attrs,
    }
}

/// Splits tokens at their commas.
pub(crate) fn parts(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                parts.push(TokenStream::new());
            }
            (token, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}
