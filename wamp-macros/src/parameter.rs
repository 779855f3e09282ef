//! A handler's parameter, as the user wrote it.

mod inside;

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Expr, Lifetime, LitStr, Meta, Pat, PatType, Token, Type, TypeReference};

use crate::conditional::parts;
use crate::faults::Faults;
pub(crate) use inside::Inner;

/// The attributes of parameters. A parameter has at most one of them, except `#[arg]` or `#[kwarg]`
/// with `#[default]`.
const NAMES: [&str; 6] = ["arg", "kwarg", "extract", "default", "args", "kwargs"];

/// The source of a parameter that the user chose by an attribute.
#[derive(Clone, Default)]
pub(crate) enum Mark {
    /// No attribute: the type decides.
    #[default]
    None,
    /// `#[arg]` or `#[kwarg]`.
    Argument,
    /// `#[extract]`.
    Extractor,
    /// `#[default]` or `#[default(expr)]`.
    Default(Option<Expr>),
    /// `#[args]`.
    Args,
    /// `#[kwargs]`.
    Kwargs,
}

pub(crate) struct Parameter {
    /// The name in Rust, unless the pattern is another one.
    pub(crate) ident: Option<Ident>,
    pub(crate) pattern: Pat,
    /// The name as a keyword argument; empty if the parameter has none.
    pub(crate) name: String,
    /// The same name in camel case.
    pub(crate) camel: String,
    /// The type, without the function's named lifetimes.
    pub(crate) ty: Type,
    /// True if the type contains `&'static`.
    pub(crate) is_static: bool,
    pub(crate) mark: Mark,
    /// True with `#[arg]` or `#[kwarg]`, alone or beside `#[default]`.
    pub(crate) is_argument: bool,
    /// True with `#[kwarg]`: no positional argument is read into the parameter.
    pub(crate) is_keyword: bool,
    /// The types that are written inside the type.
    pub(crate) inside: Vec<Inner>,
    /// The attribute of the mark.
    pub(crate) attribute: Option<Attribute>,
}

impl Parameter {
    /// Reads a parameter, and removes our attributes from it.
    pub(crate) fn read(
        typed: &mut PatType,
        lifetimes: &[Lifetime],
        faults: &mut Faults,
    ) -> Option<Self> {
        let Marked { mark, is_argument, is_keyword, renamed, attribute } =
            mark(&mut typed.attrs, faults);
        let mut ty = (*typed.ty).clone();
        let mut types = Types { lifetimes, is_static: false, faults };
        types.visit_type_mut(&mut ty);
        let is_static = types.is_static;
        let ident = name(&typed.pat);
        let renamed = renamed.map(|literal| literal.value());
        if ident.is_none() && renamed.is_none() && !matches!(mark, Mark::None | Mark::Extractor) {
            faults.on(
                &typed.pat,
                "an argument needs a name, under which clients can pass it: write `name: …` here \
                 and take it apart in the body, or give it a name by `#[arg(name = \"…\")]`",
            );
            return None;
        }
        let (name, camel) = names(ident.as_ref(), renamed);
        let inside = inside::of(&ty);
        Some(Self {
            camel,
            name,
            ident,
            pattern: (*typed.pat).clone(),
            ty,
            is_static,
            mark,
            is_argument,
            is_keyword,
            inside,
            attribute,
        })
    }

    /// Returns whether a capture of this name belongs to the parameter.
    pub(crate) fn is_named(&self, capture: &str) -> bool {
        self.name == capture || self.ident.as_ref().is_some_and(|ident| ident.unraw() == capture)
    }

    /// Returns whether clients could not name the parameter, so that its type must be injected or
    /// extracted.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.name.is_empty()
    }
}

/// Returns the two names as a keyword argument, which are the same if the attribute gives one.
fn names(ident: Option<&Ident>, renamed: Option<String>) -> (String, String) {
    match (renamed, ident) {
        (Some(name), _) => (name.clone(), name),
        (None, Some(ident)) => {
            let name = ident.unraw().to_string().trim_start_matches('_').to_owned();
            let camel = camel(&name);
            (name, camel)
        }
        (None, None) => Default::default(),
    }
}

/// Returns the name of a pattern, if it is a plain name.
fn name(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            let only_underscores = name.ident.to_string().chars().all(|c| c == '_');
            (!only_underscores).then(|| name.ident.clone())
        }
        _ => None,
    }
}

/// Returns whether an attribute of a parameter is one of ours.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    NAMES.iter().any(|name| attribute.path().is_ident(name))
}

/// Returns whether this is the placeholder of an attribute of ours that was removed.
pub(crate) fn is_taken(attribute: &Attribute) -> bool {
    taken(attribute).is_some()
}

/// Returns the attribute of ours for which this placeholder stands. A removed attribute stays on
/// the parameter under a condition that never holds, because the function may have another of our
/// attributes, imported under another name, which reads the parameters again.
fn taken(attribute: &Attribute) -> Option<Attribute> {
    let tokens = &attribute.meta.require_list().ok()?.tokens;
    let [never, meta] = &parts(tokens.clone())[..] else {
        return None;
    };
    if !attribute.path().is_ident("cfg_attr") || never.to_string().replace(' ', "") != "any()" {
        return None;
    }
    let taken: Attribute = syn::parse_quote!(#[#meta]);
    is_ours(&taken).then_some(taken)
}

/// The attributes of a parameter that are ours, read.
#[derive(Default)]
struct Marked {
    mark: Mark,
    is_argument: bool,
    is_keyword: bool,
    /// The keyword that `#[arg(name = "…")]` or `#[kwarg(name = "…")]` gives.
    renamed: Option<LitStr>,
    attribute: Option<Attribute>,
}

impl Marked {
    fn read(&mut self, attribute: &Attribute, faults: &mut Faults) {
        let name = spelled(attribute);
        if name == "arg" || name == "kwarg" {
            self.is_argument = true;
            self.is_keyword = name == "kwarg";
            self.renamed = faults.ok(renamed(attribute)).flatten();
        }
    }
}

/// Removes our attributes from those of a parameter, and reads them.
fn mark(attributes: &mut [Attribute], faults: &mut Faults) -> Marked {
    let mut ours = take(attributes);
    if let [first, second] = &mut ours[..]
        && is_argument(first)
        && spelled(second) == "default"
    {
        std::mem::swap(first, second);
    }
    let mut ours = ours.into_iter();
    let Some(first) = ours.next() else {
        return Marked::default();
    };
    let mut marked = Marked::default();
    marked.read(&first, faults);
    for other in ours {
        let name = spelled(&first);
        if name == "default" && is_argument(&other) && !marked.is_argument {
            marked.read(&other, faults);
            continue;
        }
        let second = spelled(&other);
        let text = if name == second {
            format!("`#[{name}]` is given twice: remove one")
        } else {
            format!(
                "`#[{second}]` contradicts `#[{name}]`: a parameter has one source, remove one \
                 of the two"
            )
        };
        faults.on(other, text);
    }
    marked.mark = faults.ok(read(&first)).unwrap_or_default();
    marked.attribute = Some(first);
    marked
}

/// Takes our attributes, for each of which a placeholder stays.
fn take(attributes: &mut [Attribute]) -> Vec<Attribute> {
    let mut ours = Vec::new();
    for attribute in attributes {
        if is_ours(attribute) {
            let meta = &attribute.meta;
            let taken = syn::parse_quote!(#[cfg_attr(any(), #meta)]);
            ours.push(std::mem::replace(attribute, taken));
        } else {
            ours.extend(taken(attribute));
        }
    }
    ours
}

fn is_argument(attribute: &Attribute) -> bool {
    matches!(spelled(attribute).as_str(), "arg" | "kwarg")
}

fn spelled(attribute: &Attribute) -> String {
    attribute.path().get_ident().map(ToString::to_string).unwrap_or_default()
}

/// Returns the name in `#[arg(name = "…")]`; `None` without one.
fn renamed(attribute: &Attribute) -> syn::Result<Option<LitStr>> {
    let name = spelled(attribute);
    let otherwise = format!("write `#[{name}]`, or with another keyword `#[{name}(name = \"…\")]`");
    let list = match &attribute.meta {
        Meta::Path(_) => return Ok(None),
        Meta::List(list) => list,
        Meta::NameValue(_) => return Err(syn::Error::new_spanned(attribute, otherwise)),
    };
    let parsed = list.parse_args_with(|input: syn::parse::ParseStream<'_>| {
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok((key, input.parse::<LitStr>()?))
    });
    match parsed {
        Ok((key, literal)) if key == "name" && literal.value().is_empty() => {
            Err(syn::Error::new_spanned(literal, "the name is empty"))
        }
        Ok((key, literal)) if key == "name" => Ok(Some(literal)),
        _ => Err(syn::Error::new_spanned(attribute, otherwise)),
    }
}

fn read(attribute: &Attribute) -> syn::Result<Mark> {
    let name = spelled(attribute);
    if name == "default" {
        return match &attribute.meta {
            Meta::Path(_) => Ok(Mark::Default(None)),
            Meta::List(list) if list.tokens.is_empty() => Err(syn::Error::new_spanned(
                attribute,
                "write the value in the parentheses, or `#[default]` for the default of the type",
            )),
            Meta::List(list) => list.parse_args().map(|value| Mark::Default(Some(value))),
            Meta::NameValue(_) => {
                Err(syn::Error::new_spanned(attribute, "write `#[default(…)]`, with parentheses"))
            }
        };
    }
    if is_argument(attribute) {
        return Ok(Mark::Argument);
    }
    if !matches!(attribute.meta, Meta::Path(_)) {
        return Err(syn::Error::new_spanned(
            attribute,
            format!("`#[{name}]` takes nothing in parentheses"),
        ));
    }
    Ok(match name.as_str() {
        "extract" => Mark::Extractor,
        "args" => Mark::Args,
        _ => Mark::Kwargs,
    })
}

/// Converts a name to camel case: `document_id` to `documentId`.
fn camel(name: &str) -> String {
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
}

/// A visitor that makes a type of the signature usable in an expression: it replaces the function's
/// named lifetimes by `'_`.
struct Types<'a> {
    lifetimes: &'a [Lifetime],
    is_static: bool,
    faults: &'a mut Faults,
}

impl VisitMut for Types<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.lifetimes.contains(lifetime) {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        self.is_static |=
            reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(_) = ty {
            self.faults.on(
                &ty,
                "a handler cannot be generic: give the parameter a concrete type, or annotate a \
                 one-line function that calls this one",
            );
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

#[cfg(test)]
mod tests {
    use super::camel;

    #[test]
    fn the_camel_case_of_a_name_has_no_underscores() {
        for (name, expected) in [
            ("a", "a"),
            ("document_id", "documentId"),
            ("a__b_", "aB"),
            ("x_1", "x1"),
            ("\u{fc}ber_\u{e4}nder", "\u{fc}ber\u{c4}nder"),
            ("documentId", "documentId"),
        ] {
            assert_eq!(camel(name), expected);
        }
    }
}
