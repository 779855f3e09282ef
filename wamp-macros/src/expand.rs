//! The glue between a handler and the core. It makes no decisions: everything follows from the
//! model.

mod outcome;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{ExprPath, Type};

use crate::attribute::{Kind, TAKEN};
use crate::handler::{Handler, Run, Source};
use crate::parameter::{Inner, Mark, Parameter};
use crate::span::Extent;
use crate::uri::Place;

/// Emits the registrations of a function, and the functions that run for them.
pub(crate) fn glue(handler: &Handler) -> TokenStream {
    let Handler { krate, conditions, levels, ident, parameters, runs, .. } = handler;
    let private = quote!(#krate::__private);
    let glue = Glue { handler, private: &private };
    let kinds = parameters.iter().enumerate().map(|(at, parameter)| {
        let (name, ty) = (kind(at), &parameter.ty);
        let mut kind = quote!(#private::kind_of!(#ty));
        if parameter.is_static {
            kind = quote!(#private::kind_of_static(#kind));
        }
        let inside = parameter.inside.iter().enumerate().map(|(nth, Inner { ty, .. })| {
            let name = kind_inside(at, nth);
            quote!(const #name: ::core::primitive::u8 = #private::kind_inside!(#ty);)
        });
        quote!(const #name: ::core::primitive::u8 = #kind; #(#inside)*)
    });
    // Uses the imports of attributes that were removed from the function, which would be unused.
    let taken = handler.attributes.iter().map(|path| {
        let marker = format_ident!("{TAKEN}");
        quote!(#[#path(#marker)] const _: () = ();)
    });
    let described = parameters.iter().map(|Parameter { name, camel, is_keyword, .. }| {
        quote! {
            #private::Parameter { name: #name, camel: #camel, is_keyword: #is_keyword }
        }
    });
    let functions = runs.iter().enumerate().map(|(at, run)| glue.run(at, run));
    let registrations = runs.iter().enumerate().map(|(at, run)| glue.registration(at, run));
    quote! {
        #(#conditions)*
        #(#levels)*
        const _: () = {
            use #private::{Otherwise as _, Plain as _};
            #(#taken)*

            #(#kinds)*
            const __WAMP_PARAMETERS: &[#private::Parameter] = &[#(#described),*];

            #(#functions)*

            #private::inventory::submit! {
                #private::Collected {
                    id: || #private::id_of(&#ident),
                    registrations: &[#(#registrations),*],
                }
            }
        };
    }
}

/// Emits the faults of a function, under its `#[cfg]` attributes.
pub(crate) fn faults(handler: &Handler, faults: &syn::Error) -> TokenStream {
    let (conditions, faults) = (&handler.conditions, faults.to_compile_error());
    match conditions.is_empty() {
        true => faults,
        false => quote!(#(#conditions)* const _: () = { #faults };),
    }
}

struct Glue<'a> {
    handler: &'a Handler,
    /// The path `::wamp_actix::__private`.
    private: &'a TokenStream,
}

impl Glue<'_> {
    /// Emits the function that runs for one URI, with the checks that only the compiler can make.
    fn run(&self, at: usize, run: &Run) -> TokenStream {
        let Self { handler: Handler { ident, is_async, parameters, .. }, private } = self;
        let (name, reads) = (format_ident!("__wamp_run_{at}"), format_ident!("__WAMP_READS_{at}"));
        let sources = || parameters.iter().zip(&run.sources).enumerate();
        // Only calls have chunks, which cannot be beside `#[args]`.
        let rest_is_taken = run.kind == Kind::Rpc
            && run.sources.iter().any(|source| matches!(source, Source::Args));
        let checks = sources().map(|(at, (parameter, source))| {
            let only_one = rest_is_taken.then(|| self.check_beside_args(&parameter.ty));
            let check = self.check(at, parameter, source, run.kind);
            quote!(#check #only_one)
        });
        let is_read = sources().map(|(at, (_, source))| self.is_read(at, source));
        // `#[args]` and `#[kwargs]` take what the other parameters leave, so they come last.
        let takes_rest = |source: &Source| matches!(source, Source::Args | Source::Kwargs);
        let single = sources().filter(|(_, (_, source))| !takes_rest(source));
        let rest = sources().filter(|(_, (_, source))| takes_rest(source));
        let extractions = single
            .chain(rest)
            .map(|(at, (parameter, source))| self.extraction(at, parameter, source));
        let locals = (0..parameters.len()).map(local);
        let finish = match run.kind {
            Kind::Rpc => quote!(__wamp_arguments.finish()?;),
            // A handler that reads no argument leaves them to the subscribers.
            Kind::Publish => quote!(if #private::count(#reads) > 0 { __wamp_arguments.finish()?; }),
            Kind::Subscribe | Kind::Session => TokenStream::new(),
        };
        let (answer, outcome) = (self.answer(run.kind), self.outcome(run.kind));
        let awaited = is_async.then(|| quote!(.await));
        quote! {
            #(#checks)*
            const #reads: &[::core::primitive::bool] = &[#(#is_read),*];

            fn #name(__wamp_context: #private::Context) -> #private::BoxedAnswer<#answer> {
                ::std::boxed::Box::pin(async move {
                    let __wamp_arena = <#private::Arena as ::core::default::Default>::default();
                    let mut __wamp_arguments =
                        #private::Arguments::of(&__wamp_context, &__wamp_arena);
                    __wamp_arguments.open()?;
                    #(#extractions)*
                    #finish
                    let __wamp_outcome = #ident(#(#locals),*) #awaited;
                    #outcome
                })
            }
        }
    }

    fn registration(&self, at: usize, run: &Run) -> TokenStream {
        let Self { handler: Handler { ident, parameters, .. }, private } = self;
        let types = parameters.iter().map(|parameter| &parameter.ty);
        let Run { kind, uri, realm, roles, timeout, retain, subscribe, around, .. } = run;
        let layers = around.iter().map(|path| self.layer(path));
        let (function, reads) =
            (format_ident!("__wamp_run_{at}"), format_ident!("__WAMP_READS_{at}"));
        let entry = variant(*kind);
        let uri = uri.as_ref().map_or_else(|| quote!(""), ToTokens::to_token_stream);
        let realm = optional(realm.as_ref());
        let timeout =
            timeout.map(|milliseconds| quote!(::core::time::Duration::from_millis(#milliseconds)));
        let timeout = optional(timeout.as_ref());
        let name = ident.unraw().to_string();
        // The line of this attribute, of which the function may have several.
        let line = quote_spanned!(run.at=> ::core::line!());
        quote! {
            #private::HandlerEntry {
                entry: #private::Entry::#entry(#function),
                uri: #uri,
                realm: #realm,
                roles: &[#(#roles),*],
                features: &[#(#private::IsContext::<#types>::FEATURE),*],
                timeout: #timeout,
                retain: #retain,
                subscribe: #subscribe,
                function: ::core::concat!(::core::module_path!(), "::", #name),
                file: ::core::file!(),
                line: #line,
                around: &[#(#layers),*],
                parameters: &#private::arguments::<{ #private::count(#reads) }>(
                    __WAMP_PARAMETERS,
                    #reads
                ),
            }
        }
    }

    /// Emits a layer around the function; an error about its type points at its path.
    fn layer(&self, path: &ExprPath) -> TokenStream {
        let (private, name) = (self.private, path.to_token_stream().to_string().replace(' ', ""));
        let run = Extent::of(path).cover(quote!(#private::run_layer));
        quote! {
            #private::OwnLayer {
                run: |__wamp_work, __wamp_at| #run(#path, __wamp_work, __wamp_at),
                path: #name,
            }
        }
    }

    /// Emits the checks of a parameter's type for its source; their errors point at the type.
    fn check(&self, at: usize, parameter: &Parameter, source: &Source, run: Kind) -> TokenStream {
        let (private, kind, ty) = (self.private, kind(at), &parameter.ty);
        let attribute = variant(run);
        let check = match source {
            Source::Type => Some(quote!(check_type(
                #kind,
                #private::IsContext::<#ty>::ONLY_IN,
                #private::Attribute::#attribute
            ))),
            Source::Capture { .. } => Some(quote!(check_capture(#kind))),
            Source::Argument => Some(quote!(check_argument(#kind))),
            Source::Default if parameter.is_argument => Some(quote!(check_argument(#kind))),
            Source::Default | Source::Args | Source::Kwargs => {
                Some(quote!(check_unmarked_argument(#kind)))
            }
            Source::Extractor => None,
        };
        let is_bare = matches!(source, Source::Type | Source::Default | Source::Capture { .. })
            && !parameter.is_argument;
        let whole = match is_bare {
            true => self.check_kind("check_source", ty, &self.kind_outside(at, parameter)),
            false => self.check_kind("check_marked", ty, &kind.to_token_stream()),
        };
        let check = check.map(|check| Extent::of(ty).cover(quote!(#private::#check)));
        let inside =
            parameter.inside.iter().enumerate().map(|(nth, Inner { ty, is_extracted })| {
                let inside = kind_inside(at, nth);
                let kind = quote!(#private::inside(#kind, #inside, #is_bare, #is_extracted));
                self.check_kind("check_inside", ty, &kind)
            });
        let named = (parameter.is_unnamed() && *source == Source::Type)
            .then(|| Extent::of(&parameter.pattern).cover(quote!(#private::check_unnamed(#kind))));
        let checks = [whole].into_iter().chain(check).chain(named).chain(inside);
        quote!(#(const _: () = #checks;)*)
    }

    /// Emits a check of a type by its kind. The type keeps its own place, so that an error
    /// underlines all of it.
    fn check_kind(&self, function: &str, ty: &Type, kind: &TokenStream) -> TokenStream {
        let (extent, private, name) = (Extent::of(ty), self.private, format_ident!("{function}"));
        let (function, call) = (extent.cover(quote!(#private::#name)), extent.cover(quote!(())));
        quote!(#function::<#ty, { #kind }>#call)
    }

    /// Emits the kind of a parameter's type, without the fault for which one of its parts is
    /// refused.
    fn kind_outside(&self, at: usize, parameter: &Parameter) -> TokenStream {
        let (kind, private) = (kind(at), self.private);
        let inside = parameter.inside.iter().enumerate().filter(|(_, inner)| inner.is_extracted);
        let mut inside = inside.map(|(nth, _)| kind_inside(at, nth)).peekable();
        match inside.peek() {
            Some(_) => quote!(#private::outside(#kind, &[#(#inside),*])),
            None => quote!(#kind),
        }
    }

    /// Emits the check of a parameter beside one with `#[args]`.
    fn check_beside_args(&self, ty: &Type) -> TokenStream {
        let private = self.private;
        let check = Extent::of(ty)
            .cover(quote!(#private::check_beside_args(#private::IsContext::<#ty>::FEATURE)));
        quote!(const _: () = #check;)
    }

    /// Emits whether the parameter is an argument of the message.
    fn is_read(&self, at: usize, source: &Source) -> TokenStream {
        let (kind, private) = (kind(at), self.private);
        match source {
            Source::Type => quote!(#kind == #private::ARGUMENT),
            Source::Argument | Source::Default | Source::Args | Source::Kwargs => quote!(true),
            Source::Extractor | Source::Capture { .. } => quote!(false),
        }
    }

    fn extraction(&self, at: usize, parameter: &Parameter, source: &Source) -> TokenStream {
        let private = self.private;
        let (local, kind, ty) = (local(at), kind(at), &parameter.ty);
        let described = quote!(&__WAMP_PARAMETERS[#at]);
        let argument = if parameter.is_argument {
            quote!({ #private::kind_of_argument(#kind) })
        } else {
            quote!({ #kind })
        };
        let extract = |kind| {
            quote! {
                #private::extract::<#ty, #kind>(&mut __wamp_arguments, #described).await?
            }
        };
        let value = match source {
            Source::Type => extract(quote!({ #kind })),
            Source::Argument => extract(argument),
            Source::Extractor => extract(quote!({ #private::EXTRACTOR })),
            Source::Default => {
                let default = default(parameter);
                quote!(#private::take_or::<#ty, #argument>(
                    &mut __wamp_arguments,
                    #described,
                    || #default
                )?)
            }
            Source::Args => quote!(__wamp_arguments.take_args::<#ty>(#described)?),
            Source::Kwargs => quote!(__wamp_arguments.take_kwargs::<#ty>(#described)?),
            Source::Capture { place, .. } => {
                let place = match place {
                    Place::Component(at) => quote!(Component(#at)),
                    Place::Rest(from) => quote!(Rest(#from)),
                };
                quote!(#private::capture::<#ty, #argument>(
                    &__wamp_arguments,
                    #described,
                    #private::Capture::#place
                )?)
            }
        };
        quote!(let #local = #value;)
    }

    fn answer(&self, kind: Kind) -> TokenStream {
        let private = self.private;
        match kind {
            Kind::Rpc | Kind::Publish => quote!(()),
            Kind::Subscribe | Kind::Session => quote!(#private::Acceptance),
        }
    }
}

fn optional(value: Option<&impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn default(parameter: &Parameter) -> TokenStream {
    let ty = &parameter.ty;
    match &parameter.mark {
        Mark::Default(Some(value)) => value.to_token_stream(),
        _ => quote!(<#ty as ::core::default::Default>::default()),
    }
}

/// Returns the name of the kind's variants in the core.
fn variant(kind: Kind) -> Ident {
    match kind {
        Kind::Rpc => format_ident!("Rpc"),
        Kind::Subscribe => format_ident!("Subscribe"),
        Kind::Publish => format_ident!("Publish"),
        Kind::Session => format_ident!("Session"),
    }
}

fn local(at: usize) -> Ident {
    format_ident!("__wamp_{at}")
}

fn kind(at: usize) -> Ident {
    format_ident!("__WAMP_KIND_{at}")
}

fn kind_inside(at: usize, nth: usize) -> Ident {
    format_ident!("__WAMP_KIND_{at}_{nth}")
}
