//! The model of a handler: everything is checked but the types, which only the compiler can check.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Attribute, ExprPath, FnArg, GenericParam, ItemFn, Lifetime, LitStr, Path, Safety};

use crate::attribute::{Annotation, Kind, TAKEN};
use crate::conditional;
use crate::expand;
use crate::faults::Faults;
use crate::krate;
use crate::lints;
use crate::parameter::{Mark, Parameter};
use crate::span::Extent;
use crate::uri::{Place, Uri};

pub(crate) struct Handler {
    pub(crate) krate: Path,
    /// The `#[cfg]` attributes of the function, which the glue repeats.
    pub(crate) conditions: Vec<Attribute>,
    /// The lint levels of the glue.
    pub(crate) levels: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) is_async: bool,
    pub(crate) parameters: Vec<Parameter>,
    /// The place of the return type, or of the function's name if it has none.
    pub(crate) returns: Extent,
    /// The paths of the attributes that were removed from the function.
    pub(crate) attributes: Vec<Path>,
    pub(crate) runs: Vec<Run>,
}

/// One entry of the registry: an attribute with one of its URIs.
pub(crate) struct Run {
    pub(crate) kind: Kind,
    pub(crate) at: Span,
    /// `None` for `#[session]`.
    pub(crate) uri: Option<LitStr>,
    pub(crate) realm: Option<LitStr>,
    pub(crate) roles: Vec<LitStr>,
    /// The timeout in milliseconds.
    pub(crate) timeout: Option<u64>,
    /// True if publishers may have their events retained.
    pub(crate) retain: bool,
    /// True if the topic is also open to subscribers.
    pub(crate) subscribe: bool,
    /// The layers around the function, the outermost first.
    pub(crate) around: Vec<ExprPath>,
    /// The source of each parameter.
    pub(crate) sources: Vec<Source>,
}

/// The source of a parameter.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The one that the kind of its type determines.
    Type,
    Argument,
    Extractor,
    Default,
    Args,
    Kwargs,
    Capture {
        name: String,
        place: Place,
    },
}

/// Expands the outermost of our attributes on a function, together with those that follow it.
pub(crate) fn annotate(kind: Kind, arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    if arguments.to_string() == TAKEN {
        return TokenStream::new();
    }
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        let text = format!("`#[{}]` belongs on a function", kind.name());
        let fault = syn::Error::new(Span::call_site(), text).into_compile_error();
        return quote!(#item #fault);
    };
    annotate_function(kind, arguments, function)
}

fn annotate_function(kind: Kind, arguments: &TokenStream, mut function: ItemFn) -> TokenStream {
    if let Some(alternatives) = conditional::alternatives(&function) {
        return alternatives
            .into_iter()
            .map(|function| annotate_function(kind, arguments, function))
            .collect();
    }
    let mut faults = Faults::default();
    let mut annotations =
        vec![Annotation::read(kind, Span::call_site(), arguments.clone(), &mut faults)];
    annotations.extend(Annotation::take(&mut function.attrs, &mut faults));
    let handler = Handler::of(&mut function, annotations, &mut faults);
    let glue = match faults.into_result() {
        Ok(()) => expand::glue(&handler),
        Err(faults) => expand::faults(&handler, &faults),
    };
    quote!(#function #glue)
}

impl Handler {
    /// Removes our attributes from the function and its parameters, and checks all of them.
    fn of(function: &mut ItemFn, annotations: Vec<Annotation>, faults: &mut Faults) -> Self {
        check_signature(function, faults);
        let count = function.sig.inputs.len();
        let parameters = parameters(function, faults);
        if parameters.len() == count {
            check_captures(&annotations, &parameters, faults);
        }
        check_marks(&annotations, &parameters, faults);
        check_names(&parameters, faults);
        check_duplicates(&annotations, faults);
        let given = annotations.iter().find_map(|annotation| annotation.krate.clone());
        let krate = krate::path(given, faults, |name| match annotations.first() {
            Some(Annotation { kind: Kind::Session, .. }) | None => {
                format!("#[session(crate = {name})]")
            }
            Some(Annotation { kind, .. }) => format!("#[{}(…, crate = {name})]", kind.name()),
        });
        let conditions = function.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        Self {
            krate,
            conditions: conditions.cloned().collect(),
            levels: lints::levels(&function.attrs),
            ident: function.sig.ident.clone(),
            is_async: function.sig.asyncness.is_some(),
            returns: match &function.sig.output {
                syn::ReturnType::Default => Extent::of(&function.sig.ident),
                syn::ReturnType::Type(_, ty) => Extent::of(ty),
            },
            attributes: annotations
                .iter()
                .filter_map(|annotation| annotation.path.clone())
                .collect(),
            runs: annotations
                .into_iter()
                .flat_map(|annotation| runs(annotation, &parameters))
                .collect(),
            parameters,
        }
    }
}

/// Returns one run for each URI, and one for a `#[session]`.
fn runs(annotation: Annotation, parameters: &[Parameter]) -> Vec<Run> {
    let Annotation { kind, at, uris, realm, roles, timeout, retain, subscribe, around, .. } =
        annotation;
    let run = |uri: Option<LitStr>, sources| Run {
        kind,
        at,
        uri,
        realm: realm.clone(),
        roles: roles.clone(),
        timeout,
        retain,
        subscribe: subscribe.is_some(),
        around: around.clone(),
        sources,
    };
    if kind == Kind::Session {
        return vec![run(
            None,
            parameters.iter().map(|parameter| source(parameter, None)).collect(),
        )];
    }
    uris.into_iter()
        .map(|(literal, uri)| {
            let sources =
                parameters.iter().map(|parameter| source(parameter, Some(&uri))).collect();
            run(Some(literal), sources)
        })
        .collect()
}

fn source(parameter: &Parameter, uri: Option<&Uri>) -> Source {
    let mut captures = uri.into_iter().flat_map(|uri| &uri.captures);
    if let Some(capture) = captures.find(|capture| parameter.is_named(&capture.name)) {
        return Source::Capture { name: capture.name.clone(), place: capture.place };
    }
    match parameter.mark {
        Mark::None => Source::Type,
        Mark::Argument => Source::Argument,
        Mark::Extractor => Source::Extractor,
        Mark::Default(_) => Source::Default,
        Mark::Args => Source::Args,
        Mark::Kwargs => Source::Kwargs,
    }
}

fn check_signature(function: &ItemFn, faults: &mut Faults) {
    let signature = &function.sig;
    if let Safety::Unsafe(keyword) = &signature.safety {
        faults.on(
            keyword,
            "a handler cannot be unsafe: annotate a safe function that calls this one",
        );
    }
    if let Some(receiver) = signature.receiver() {
        faults.on(
            receiver,
            "a handler has no `self`: write a free function of one line that calls this method, \
             with what `self` is as an injected parameter (`web::Data<T>`, or a type that \
             implements `FromContext`)",
        );
    }
    for generic in &signature.generics.params {
        if !matches!(generic, GenericParam::Lifetime(_)) {
            faults.on(
                generic,
                "a handler cannot be generic: annotate a function of one line that calls this one \
                 with concrete types",
            );
        }
    }
}

/// Reads the parameters, without those that are refused.
fn parameters(function: &mut ItemFn, faults: &mut Faults) -> Vec<Parameter> {
    let lifetimes: Vec<Lifetime> =
        function.sig.generics.lifetimes().map(|lifetime| lifetime.lifetime.clone()).collect();
    let inputs = function.sig.inputs.iter_mut();
    inputs
        .filter_map(|input| match input {
            FnArg::Typed(typed) => Parameter::read(typed, &lifetimes, faults),
            FnArg::Receiver(_) => None,
        })
        .collect()
}

/// Checks that every capture has a parameter.
fn check_captures(annotations: &[Annotation], parameters: &[Parameter], faults: &mut Faults) {
    for (literal, uri) in annotations.iter().flat_map(|annotation| &annotation.uris) {
        for capture in &uri.captures {
            let name = &capture.name;
            if !parameters.iter().any(|parameter| parameter.is_named(name)) {
                faults.on(
                    literal,
                    format!(
                        "the capture `{{{name}}}` has no parameter: add one, such as `{name}: &str`"
                    ),
                );
            }
        }
    }
}

/// Checks that the messages of the handler have what each mark asks for.
fn check_marks(annotations: &[Annotation], parameters: &[Parameter], faults: &mut Faults) {
    for (at, parameter) in parameters.iter().enumerate() {
        let Some(attribute) = &parameter.attribute else {
            continue;
        };
        let repeated = parameters[..at].iter().any(|other| {
            std::mem::discriminant(&other.mark) == std::mem::discriminant(&parameter.mark)
        });
        if let Some(fault) = misplaced(annotations, parameter, repeated) {
            faults.on(attribute, fault);
        }
    }
}

fn misplaced(annotations: &[Annotation], parameter: &Parameter, repeated: bool) -> Option<String> {
    let captured: Vec<(Kind, bool)> =
        annotations.iter().flat_map(|annotation| captured(annotation, parameter)).collect();
    let (is_captured, always) =
        (captured.iter().any(|(_, is)| *is), captured.iter().all(|(_, is)| *is));
    let name = &parameter.name;
    let mute =
        captured.iter().find(|(kind, is_captured)| !is_captured && !kind.carries_arguments());
    match &parameter.mark {
        Mark::None => None,
        Mark::Args if repeated => Some(
            "`#[args]` takes all positional arguments that are left: only one parameter can have it"
                .into(),
        ),
        Mark::Kwargs if repeated => Some(
            "`#[kwargs]` takes all keyword arguments that are left: only one parameter can have it"
                .into(),
        ),
        Mark::Argument | Mark::Default(_) if parameter.is_keyword && is_captured => Some(format!(
            "`{name}` is read from the URI, as the capture `{{{name}}}`, and never from a keyword: \
             remove this attribute, or rename one of the two"
        )),
        Mark::Extractor | Mark::Args | Mark::Kwargs if is_captured => Some(format!(
            "`{name}` is read from the URI, as the capture `{{{name}}}`: remove this attribute, \
             or rename one of the two"
        )),
        Mark::Default(_) if is_captured && always => Some(format!(
            "`{name}` is read from the URI, as the capture `{{{name}}}`, which is never absent: \
             remove this attribute"
        )),
        Mark::Argument | Mark::Default(_) | Mark::Args | Mark::Kwargs => {
            mute.map(|(kind, _)| without_arguments(*kind))
        }
        Mark::Extractor => None,
    }
}

/// Returns for each URI of the attribute whether the parameter is one of its captures.
fn captured(annotation: &Annotation, parameter: &Parameter) -> Vec<(Kind, bool)> {
    if annotation.kind == Kind::Session {
        return vec![(Kind::Session, false)];
    }
    let uris = annotation.uris.iter();
    uris.map(|(_, uri)| {
        (annotation.kind, uri.captures.iter().any(|capture| parameter.is_named(&capture.name)))
    })
    .collect()
}

fn without_arguments(kind: Kind) -> String {
    match kind {
        Kind::Subscribe => {
            "a SUBSCRIBE carries no arguments: parameters of `#[subscribe]` are injected, \
                            extracted, or captures of the topic"
                .into()
        }
        _ => "a HELLO carries no arguments: parameters of `#[session]` are injected or extracted"
            .into(),
    }
}

/// Checks that no two parameters have the same keyword.
fn check_names(parameters: &[Parameter], faults: &mut Faults) {
    for (at, parameter) in parameters.iter().enumerate() {
        let clash = parameters[..at].iter().find(|other| {
            !parameter.is_unnamed()
                && (other.name == parameter.name || other.camel == parameter.camel)
        });
        if let Some(other) = clash {
            let shown = |parameter: &Parameter| match &parameter.ident {
                Some(ident) => ident.to_string(),
                None => parameter.name.clone(),
            };
            faults.on(
                &parameter.pattern,
                format!(
                    "clients cannot tell `{}` from `{}`, both are `{}`: rename one",
                    shown(parameter),
                    shown(other),
                    parameter.camel
                ),
            );
        }
    }
}

/// Checks that no two attributes of a function serve the same URI or session in one realm.
fn check_duplicates(annotations: &[Annotation], faults: &mut Faults) {
    let mut seen: Vec<(Kind, String, Option<String>)> = Vec::new();
    for annotation in annotations {
        let realm = annotation.realm.as_ref().map(LitStr::value);
        let mut check = |kind: Kind, pattern: &str, span: Span, text: &str| {
            let clash = seen.iter().any(|(other_kind, other, their)| {
                let meets = their.is_none() || realm.is_none() || *their == realm;
                *other_kind == kind && other == pattern && meets
            });
            if clash {
                faults.add(syn::Error::new(span, text));
            }
            seen.push((kind, pattern.to_owned(), realm.clone()));
        };
        for (literal, uri) in &annotation.uris {
            let text = "this URI is given twice on the same function: remove one";
            check(annotation.kind, &uri.pattern, literal.span(), text);
        }
        if annotation.kind == Kind::Session {
            let text = "`#[session]` is given twice for the same realm: remove one";
            check(Kind::Session, "", annotation.at.span(), text);
        }
    }
    check_opened(annotations, faults);
}

/// Refuses `subscribe = true` for a topic for which the function has `#[subscribe]`.
fn check_opened(annotations: &[Annotation], faults: &mut Faults) {
    let decided: Vec<_> = annotations
        .iter()
        .filter(|annotation| annotation.kind == Kind::Subscribe)
        .flat_map(|annotation| &annotation.uris)
        .map(|(_, uri)| &uri.pattern)
        .collect();
    for annotation in annotations {
        if let Some(at) = annotation.subscribe
            && annotation.uris.iter().any(|(_, uri)| decided.contains(&&uri.pattern))
        {
            faults.add(syn::Error::new(
                at,
                "`#[subscribe]` on this function decides about subscribers already: remove \
                 `subscribe = true`, or that attribute",
            ));
        }
    }
}
