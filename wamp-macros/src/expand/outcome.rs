//! The conversion of a function's return value to what the core takes.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::Glue;
use crate::attribute::Kind;
use crate::handler::Handler;

impl Glue<'_> {
    /// Emits a match on the function's result: its error, or `made` with the value as
    /// `__wamp_value`.
    fn unless_failed(&self, made: &TokenStream) -> TokenStream {
        let Self { handler: Handler { returns, .. }, private } = self;
        let (error, fault) =
            (returns.cover(quote!(#private::error)), returns.cover(quote!(&__wamp_error)));
        quote! {
            match #private::Outcome(__wamp_outcome).into_result() {
                ::core::result::Result::Ok(__wamp_value) => {
                    #made
                }
                ::core::result::Result::Err(__wamp_error) => {
                    ::core::result::Result::Err(#error(#fault))
                }
            }
        }
    }

    /// Emits the conversion of a stream's items, or of a snapshot, by this method; any other value
    /// is unchanged.
    fn items(&self, method: &str, value: &Ident) -> TokenStream {
        let method = format_ident!("{method}");
        let Self { handler: Handler { returns, .. }, private } = self;
        returns.cover(quote! {
            #private::Outcome(#value).#method(|__wamp_item| {
                #private::Outcome(__wamp_item)
                    .into_result()
                    .map(|__wamp_item| #private::Outcome(__wamp_item).item())
            })
        })
    }

    /// Emits the conversion of the function's return value.
    pub(super) fn outcome(&self, kind: Kind) -> TokenStream {
        let Self { handler: Handler { returns, .. }, private } = self;
        let outcome = returns.cover(quote!(::core::convert::identity(__wamp_outcome)));
        match kind {
            Kind::Rpc => {
                let value = returns.cover(quote!(#private::Outcome(__wamp_value).reply()));
                let items = self.items("items", &format_ident!("__wamp_value"));
                let respond = returns.cover(quote!(#private::respond));
                self.unless_failed(&quote! {
                    let __wamp_value = #items;
                    #respond(&__wamp_context, #value).await
                })
            }
            Kind::Subscribe => {
                let parts = returns.cover(quote!(#private::Outcome(__wamp_value).parts()));
                let attach = returns.cover(quote!(#private::attach));
                let names = ["__wamp_first", "__wamp_second", "__wamp_third"]
                    .map(|name| format_ident!("{name}"));
                let attached = names.iter().map(|name| self.items("events", name));
                self.unless_failed(&quote! {
                    let (#(#names),*) = #parts;
                    #attach(#(#attached),*)
                })
            }
            Kind::Publish => returns.cover(quote!(#private::permit(#outcome))),
            Kind::Session => returns.cover(quote!(#private::admit(#outcome))),
        }
    }
}
