//! The implementation that the derive emits.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;
use syn::{Generics, Ident, Type};

use super::{ErrorType, Form, Variant};
use crate::span::Extent;

pub(super) fn implementation(error: &ErrorType) -> TokenStream {
    let ErrorType { krate, ident, variants, is_enum, levels, .. } = error;
    let private = quote!(#krate::__private);
    let arms = variants.iter().map(|variant| arm(&private, ident, *is_enum, variant));
    let body =
        if variants.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) };
    let known = error.generics.params.is_empty().then(|| {
        let error = Extent::of(ident).cover(ident.to_token_stream());
        quote! {
            use #private::NotStd as _;
            // `?` finds the WAMP form by this entry, at run time.
            #private::inventory::submit! { #private::Derived::<#error>::KNOWN }
        }
    });
    let implementation = with_body(error, &body);
    let response =
        variants.iter().any(|variant| variant.status.is_some()).then(|| response(error, &private));
    quote! {
        #(#levels)*
        const _: () = {
            #implementation
            #response
            #known
        };
    }
}

/// Emits actix's trait, for an error that says its status.
fn response(error: &ErrorType, private: &TokenStream) -> TokenStream {
    let ident = &error.ident;
    let generics = bounded(error);
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #private::ResponseError for #ident #arguments #conditions {
            fn status_code(&self) -> #private::StatusCode {
                #private::status_code(&#private::error(self))
            }

            fn error_response(&self) -> #private::HttpResponse {
                #private::error_response(&#private::error(self))
            }
        }
    }
}

/// Returns a stub for a type with faults, so that the compiler adds no error about a missing
/// implementation.
pub(super) fn stub(error: &ErrorType) -> TokenStream {
    with_body(error, &quote!(::core::unreachable!()))
}

fn with_body(error: &ErrorType, body: &TokenStream) -> TokenStream {
    let ErrorType { krate, ident, .. } = error;
    let generics = bounded(error);
    let (parameters, arguments, conditions) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters #krate::WampError for #ident #arguments #conditions {
            fn to_error(&self) -> #krate::Error {
                #body
            }
        }
    }
}

/// Returns the generics of the type, with the bounds that its fields need.
fn bounded(error: &ErrorType) -> Generics {
    let ErrorType { krate, generics, variants, .. } = error;
    let mut generics = generics.clone();
    if generics.type_params().next().is_none() {
        return generics;
    }
    let conditions = generics.make_where_clause();
    conditions.predicates.push(syn::parse_quote!(Self: ::core::fmt::Display));
    for variant in variants {
        match &variant.form {
            Form::Uri(_, sent) => {
                for (_, ty) in sent {
                    conditions
                        .predicates
                        .push(syn::parse_quote!(#ty: #krate::__private::Serialize));
                }
            }
            Form::Transparent => {
                for field in &variant.fields {
                    let ty = &field.ty;
                    conditions.predicates.push(syn::parse_quote!(#ty: #krate::WampError));
                }
            }
            Form::Internal => {}
        }
    }
    generics
}

fn arm(private: &TokenStream, error: &Ident, is_enum: bool, variant: &Variant) -> TokenStream {
    let Variant { ident, fields, form, status } = variant;
    // Spans of the derive itself: the compiler does not warn about deprecated variants there.
    let path = if is_enum { quote!(#error::#ident) } else { quote!(#error) };
    let path = Extent::of(ident).cover(path);
    match form {
        Form::Internal => quote!(#path { .. } => #private::Error::internal(self),),
        Form::Transparent => {
            let member = fields.members().next();
            let ty = fields.iter().next().map(|field| &field.ty);
            let value = Extent::of(&ty).cover(quote!(&*__wamp_field));
            quote!(#path { #member: __wamp_field } => #private::error(#value),)
        }
        Form::Uri(uri, sent) => {
            let fields = sent.iter().enumerate().map(|(at, (name, _))| {
                let (name, local) = (Extent::of(name).cover(name.to_token_stream()), local(at));
                quote!(#name: #local,)
            });
            let keywords = sent.iter().enumerate().map(|(at, field)| keyword(at, field));
            let text = Extent::of(error).cover(quote!(self));
            let status = status.map(|status| quote!(.with_status(#status)));
            quote! {
                #path { #(#fields)* .. } => #private::Error::new(#uri)
                    .arg(#private::text(#text))
                    #(#keywords)*
                    #status,
            }
        }
    }
}

fn keyword(at: usize, (name, ty): &(Ident, Type)) -> TokenStream {
    let key = name.unraw().to_string();
    let value = Extent::of(ty).cover(local(at).to_token_stream());
    quote!(.kwarg(#key, #value))
}

fn local(at: usize) -> Ident {
    format_ident!("__wamp_{at}")
}
