//! Lint levels of what is written beside the user's code.

use syn::{Attribute, Meta};

/// Returns the lint levels for what names an annotated item and its types: those of the item.
///
/// None are added, because a `forbid` in the user's crate refuses any `allow`; but what is deprecated itself has to be
/// named all the same.
pub(crate) fn levels(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter_map(level).collect()
}

fn level(attribute: &Attribute) -> Option<Attribute> {
    let path = attribute.path();
    if path.is_ident("allow") || path.is_ident("warn") {
        return Some(attribute.clone());
    }
    if path.is_ident("deprecated") {
        return Some(syn::parse_quote!(#[allow(deprecated)]));
    }
    match &attribute.meta {
        // What is expected there may not be here.
        Meta::List(list) if path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(syn::parse_quote!(#[allow(#lints)]))
        }
        _ => None,
    }
}
