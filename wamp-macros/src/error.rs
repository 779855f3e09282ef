//! The model of `#[derive(WampError)]`, with all checks.

mod expand;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, Generics, Ident, LitInt, LitStr, Meta, Path,
    Token, Type,
};

use crate::faults::Faults;
use crate::krate;
use crate::lints;
use crate::uri;

/// An error type.
struct ErrorType {
    krate: Path,
    ident: Ident,
    generics: Generics,
    is_enum: bool,
    levels: Vec<Attribute>,
    variants: Vec<Variant>,
}

/// A variant of an enum, or a struct.
struct Variant {
    ident: Ident,
    fields: Fields,
    form: Form,
    /// The status over HTTP.
    status: Option<u16>,
}

/// The ERROR that a variant becomes.
enum Form {
    /// An ERROR of its own, with these fields as keywords.
    Uri(LitStr, Vec<(Ident, Type)>),
    /// The ERROR of its only field.
    Transparent,
    /// An ERROR with a neutral text.
    Internal,
}

/// Expands the derive.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(fault) => return fault.into_compile_error(),
    };
    let mut faults = Faults::default();
    let read = ErrorType::read(&input, &mut faults);
    match faults.into_result() {
        Ok(()) => expand::implementation(&read),
        Err(faults) => {
            let (stub, faults) = (expand::stub(&read), faults.into_compile_error());
            quote!(#stub #faults)
        }
    }
}

impl ErrorType {
    fn read(input: &DeriveInput, faults: &mut Faults) -> Self {
        let mut own = elements(&input.attrs, faults);
        let krate = own.as_mut().and_then(take_crate);
        let variants = match &input.data {
            Data::Struct(data) => vec![Variant::read(&input.ident, &data.fields, own, faults)],
            Data::Enum(data) => {
                for element in own.into_iter().flatten() {
                    faults.on(
                        element,
                        "on an enum this attribute belongs on each variant: move it there",
                    );
                }
                let variants = data.variants.iter();
                variants
                    .map(|variant| {
                        let elements = elements(&variant.attrs, faults);
                        Variant::read(&variant.ident, &variant.fields, elements, faults)
                    })
                    .collect()
            }
            Data::Union(data) => {
                faults.on(
                    data.union_token,
                    "`WampError` is derived for enums and structs, not for unions",
                );
                Vec::new()
            }
        };
        Self {
            krate: krate::path(krate, faults, |name| format!("#[wamp(crate = {name})]")),
            ident: input.ident.clone(),
            generics: input.generics.clone(),
            is_enum: matches!(input.data, Data::Enum(_)),
            levels: lints::levels(&input.attrs),
            variants,
        }
    }
}

/// Removes the path of the crate from the elements of a type.
fn take_crate(elements: &mut Vec<Element>) -> Option<Path> {
    let at = elements.iter().position(|element| matches!(element, Element::Crate(..)))?;
    match elements.remove(at) {
        Element::Crate(_, path) => Some(path),
        _ => None,
    }
}

impl Variant {
    fn read(
        ident: &Ident,
        fields: &Fields,
        elements: Option<Vec<Element>>,
        faults: &mut Faults,
    ) -> Self {
        let sent = sent(fields, faults);
        let Some(elements) = elements else {
            let form = Form::Internal;
            return Self { ident: ident.clone(), fields: fields.clone(), form, status: None };
        };
        let (statuses, elements): (Vec<_>, Vec<_>) =
            elements.into_iter().partition(|element| matches!(element, Element::Status(..)));
        let mut elements = elements.into_iter();
        let form = match elements.next() {
            Some(Element::Uri(literal)) => {
                if let Err(fault) = uri::check_error(&literal.value()) {
                    faults.on(&literal, fault);
                }
                Form::Uri(literal, sent)
            }
            Some(Element::Transparent(keyword)) => {
                if fields.len() != 1 {
                    faults.on(
                        keyword,
                        format!(
                            "`transparent` passes on the error in the only field, `{ident}` has \
                             {}: write `{ident}(OtherError)`",
                            fields.len()
                        ),
                    );
                }
                Form::Transparent
            }
            Some(Element::Internal(_)) => Form::Internal,
            Some(other) => {
                faults.on(
                    other,
                    "this is not allowed here: write `#[wamp(\"com.example.error.name\")]`",
                );
                Form::Internal
            }
            None => {
                faults.on(
                    ident,
                    format!(
                        "`{ident}` has no error URI: write `#[wamp(\"com.example.error.name\")]`, \
                         `#[wamp(transparent)]` or `#[wamp(internal)]` before it"
                    ),
                );
                Form::Internal
            }
        };
        for other in elements {
            faults.on(other, format!("`{ident}` has its WAMP form already: remove one of the two"));
        }
        let status = status(&statuses, &form, faults);
        Self { ident: ident.clone(), fields: fields.clone(), form, status }
    }
}

/// Returns the status of a variant, which only one with a URI of its own has.
fn status(given: &[Element], form: &Form, faults: &mut Faults) -> Option<u16> {
    for again in given.iter().skip(1) {
        faults.on(again, "`status` is given twice: remove one");
    }
    let Some(Element::Status(name, value)) = given.first() else {
        return None;
    };
    if !matches!(form, Form::Uri(..)) {
        faults.on(name, "`status` belongs beside an error URI: others have a status already");
    }
    let status = value.base10_parse().ok().filter(|status| (400..600).contains(status));
    if status.is_none() {
        faults.on(value, "the status of an error is a number from 400 to 599: `status = 404`");
    }
    status
}

/// Returns the fields that become keyword arguments.
fn sent(fields: &Fields, faults: &mut Faults) -> Vec<(Ident, Type)> {
    let mut sent = Vec::new();
    for field in fields {
        let skipped = is_skipped(field, faults);
        if let (false, Some(name)) = (skipped, &field.ident) {
            sent.push((name.clone(), field.ty.clone()));
        }
    }
    sent
}

fn is_skipped(field: &Field, faults: &mut Faults) -> bool {
    let elements = elements(&field.attrs, faults).unwrap_or_default();
    for element in &elements {
        if !matches!(element, Element::Skip(_)) {
            faults.on(
                element,
                "a field can have `#[wamp(skip)]` only, which keeps it from the client",
            );
        }
    }
    !elements.is_empty()
}

/// An element of `#[wamp(…)]`.
enum Element {
    Uri(LitStr),
    Transparent(Ident),
    Internal(Ident),
    Skip(Ident),
    Crate(Ident, Path),
    Status(Ident, LitInt),
}

impl Parse for Element {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Uri);
        }
        let name = input.call(Ident::parse_any)?;
        if name == "transparent" {
            Ok(Self::Transparent(name))
        } else if name == "internal" {
            Ok(Self::Internal(name))
        } else if name == "skip" {
            Ok(Self::Skip(name))
        } else if name == "crate" {
            input.parse::<Token![=]>()?;
            Ok(Self::Crate(name, input.parse()?))
        } else if name == "status" {
            input.parse::<Token![=]>()?;
            Ok(Self::Status(name, input.parse()?))
        } else {
            let text = format!(
                "unknown key `{name}`: expected an error URI as a string literal, `transparent`, \
                 `internal`, `status = 404`, `skip` on a field, or `crate = path` on the type"
            );
            Err(syn::Error::new_spanned(name, text))
        }
    }
}

impl ToTokens for Element {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Uri(literal) => literal.to_tokens(tokens),
            Self::Transparent(name)
            | Self::Internal(name)
            | Self::Skip(name)
            | Self::Status(name, _)
            | Self::Crate(name, _) => {
                name.to_tokens(tokens);
            }
        }
    }
}

/// Parses the elements of all `#[wamp(…)]` of one item; `None` if one of them has a fault, which is
/// recorded.
fn elements(attributes: &[Attribute], faults: &mut Faults) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    let mut readable = true;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("wamp")) {
        match faults.ok(read(attribute)) {
            Some(read) => elements.extend(read),
            None => readable = false,
        }
    }
    readable.then_some(elements)
}

fn read(attribute: &Attribute) -> syn::Result<Punctuated<Element, Token![,]>> {
    match &attribute.meta {
        Meta::List(list) if !list.tokens.is_empty() => {
            list.parse_args_with(Punctuated::parse_terminated)
        }
        _ => Err(syn::Error::new_spanned(attribute, "write `#[wamp(\"com.example.error.name\")]`")),
    }
}
