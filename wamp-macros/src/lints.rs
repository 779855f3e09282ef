//! Lint levels of the code that the macros emit beside the user's.

use syn::{Attribute, Meta};

/// Returns the lint levels for the glue of an annotated item: those of the item, because the glue
/// names the item and its types.
///
/// None are added, because a `forbid` in the user's crate rejects any `allow`. The exception is
/// `deprecated`, because the glue has to name a deprecated item.
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
        // The glue need not trigger the lint that the item is expected to trigger.
        Meta::List(list) if path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(syn::parse_quote!(#[allow(#lints)]))
        }
        _ => None,
    }
}
