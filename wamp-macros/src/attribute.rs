//! The attributes of functions, such as `#[rpc("uri", …, option = …)]`, as the user wrote them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, ExprPath, Lit, LitStr, Meta, Path, Token};

use crate::conditional::parts;
use crate::faults::Faults;
use crate::uri::Uri;

/// The only argument of a marker attribute, which expands to nothing.
pub(crate) const TAKEN: &str = "__wamp_taken";

/// The kind of a handler: the message that it answers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rpc,
    Subscribe,
    Publish,
    Session,
}

impl Kind {
    /// Returns the kind of an attribute, by the last segment of its path; `None` if it is not ours.
    fn of(path: &Path) -> Option<Self> {
        let last = path.segments.last()?.ident.to_string();
        [Self::Rpc, Self::Subscribe, Self::Publish, Self::Session]
            .into_iter()
            .find(|kind| kind.name() == last)
    }

    /// Returns the name of the attribute.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rpc => "rpc",
            Self::Subscribe => "subscribe",
            Self::Publish => "publish",
            Self::Session => "session",
        }
    }

    /// Returns the noun for what the URI of the attribute names.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Rpc => "procedure",
            Self::Subscribe | Self::Publish | Self::Session => "topic",
        }
    }

    /// Returns whether the client's message has arguments.
    pub(crate) fn carries_arguments(self) -> bool {
        matches!(self, Self::Rpc | Self::Publish)
    }
}

/// One attribute of a function.
pub(crate) struct Annotation {
    pub(crate) kind: Kind,
    /// The place of the attribute.
    pub(crate) at: Span,
    /// The path of the attribute; `None` for the outermost, which the compiler has removed.
    pub(crate) path: Option<Path>,
    pub(crate) uris: Vec<(LitStr, Uri)>,
    pub(crate) realm: Option<LitStr>,
    pub(crate) roles: Vec<LitStr>,
    /// The timeout in milliseconds.
    pub(crate) timeout: Option<u64>,
    /// True if publishers may have their events retained.
    pub(crate) retain: bool,
    /// The place of `subscribe = true`, which also opens the topics to subscribers.
    pub(crate) subscribe: Option<Span>,
    /// The layers around the function, the outermost first.
    pub(crate) around: Vec<ExprPath>,
    pub(crate) krate: Option<Path>,
}

impl Annotation {
    /// Parses the arguments of the attribute.
    pub(crate) fn read(kind: Kind, at: Span, arguments: TokenStream, faults: &mut Faults) -> Self {
        let mut read = Self {
            kind,
            at,
            path: None,
            uris: Vec::new(),
            realm: None,
            roles: Vec::new(),
            timeout: None,
            retain: false,
            subscribe: None,
            around: Vec::new(),
            krate: None,
        };
        let mut given: Vec<Ident> = Vec::new();
        let mut positional = false;
        // Each part is parsed alone, so that a fault in one does not hide those of the next.
        for part in parts(arguments) {
            match faults.ok(syn::parse2(part)) {
                Some(Setting::Uri(literal)) => {
                    positional = true;
                    read.uri(literal, faults);
                }
                Some(Setting::Option(name, value)) if given.contains(&name) => {
                    faults.on(quote!(#name #value), format!("`{name}` is given twice: remove one"));
                }
                Some(Setting::Option(name, value)) => {
                    read.option(&name, &value, faults);
                    given.push(name);
                }
                // The faulty part may have been meant as a URI: do not report a missing one, too.
                None => positional = true,
            }
        }
        if !positional && kind != Kind::Session {
            let (name, subject) = (kind.name(), kind.subject());
            faults.add(syn::Error::new(
                at,
                format!(
                    "the URI of the {subject} is missing: write \
                     `#[{name}(\"com.example.{subject}\")]`"
                ),
            ));
        }
        read
    }

    /// Removes our attributes from those of an item, and parses them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, faults: &mut Faults) -> Vec<Self> {
        let mut taken = Vec::new();
        attributes.retain(|attribute| {
            let Some(kind) = Kind::of(attribute.path()) else {
                return true;
            };
            let at = attribute
                .path()
                .segments
                .last()
                .map_or_else(Span::call_site, |last| last.ident.span());
            let arguments = match &attribute.meta {
                Meta::Path(_) => TokenStream::new(),
                Meta::List(list) => list.tokens.clone(),
                Meta::NameValue(_) => {
                    faults
                        .on(attribute, format!("write `#[{}(…)]`, with parentheses", kind.name()));
                    return false;
                }
            };
            let path = Some(attribute.path().clone());
            taken.push(Self { path, ..Self::read(kind, at, arguments, faults) });
            false
        });
        taken
    }

    fn uri(&mut self, literal: LitStr, faults: &mut Faults) {
        if self.kind == Kind::Session {
            faults.on(
                literal,
                "`#[session]` has no URI: it runs for every session of its realm (`realm = \"…\"`)",
            );
            return;
        }
        match Uri::parse(&literal.value()) {
            Err(fault) => faults.on(literal, fault),
            Ok(uri) if uri.is_reserved() => {
                let subject = self.kind.subject();
                faults.on(
                    literal,
                    format!(
                        "URIs that begin with `wamp.` belong to the protocol: name the {subject} \
                         otherwise"
                    ),
                );
            }
            Ok(uri) => self.uris.push((literal, uri)),
        }
    }

    fn option(&mut self, name: &Ident, value: &Expr, faults: &mut Faults) {
        if name == "realm" {
            self.realm = faults.ok(text(value, "a realm is a string: `realm = \"realm1\"`"));
        } else if name == "role" {
            self.roles = faults.ok(roles(value)).unwrap_or_default();
        } else if name == "timeout" && self.kind != Kind::Rpc {
            faults.on(name, "`timeout` is an option of `#[rpc]`: only a call has one");
        } else if name == "timeout" {
            self.timeout = faults.ok(milliseconds(value));
        } else if name == "retain" && self.kind != Kind::Publish {
            faults
                .on(name, "`retain` is an option of `#[publish]`: only publishers can ask for it");
        } else if name == "retain" {
            self.retain = faults.ok(flag(name, value)).unwrap_or_default();
        } else if name == "subscribe" && self.kind != Kind::Publish {
            faults.on(
                name,
                "`subscribe` is an option of `#[publish]`: it opens the topic to subscribers, for \
                 which `#[subscribe]` has a function",
            );
        } else if name == "subscribe" {
            self.subscribe = faults.ok(flag(name, value)).unwrap_or_default().then(|| name.span());
        } else if name == "around" {
            self.around = faults.ok(layers(value)).unwrap_or_default();
        } else if let Expr::Path(path) = value {
            self.krate = Some(path.path.clone());
        } else {
            faults.on(value, "the crate is a path: `crate = my_crate::wamp_actix`");
        }
    }
}

enum Setting {
    Uri(LitStr),
    Option(Ident, Expr),
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Uri);
        }
        if !input.peek(Ident::peek_any) || input.peek2(Token![::]) || input.peek2(Token![!]) {
            let rest: TokenStream = input.parse()?;
            return Err(syn::Error::new_spanned(
                rest,
                "expected a URI as a string literal, or one of the options `realm = \"…\"`, \
                 `role = \"…\"`, `timeout = \"…\"`, `retain = true`, `subscribe = true`, \
                 `around = path`, `crate = path`",
            ));
        }
        let name = input.call(Ident::parse_any)?;
        if !["realm", "role", "timeout", "retain", "subscribe", "around", "crate"]
            .iter()
            .any(|known| name == known)
        {
            let _: TokenStream = input.parse()?;
            return Err(syn::Error::new_spanned(
                &name,
                format!(
                    "unknown option `{name}`: the options are `realm`, `role`, `timeout`, \
                     `retain`, `subscribe`, `around` and `crate`; a URI is a string literal"
                ),
            ));
        }
        if input.is_empty() {
            return Err(syn::Error::new_spanned(
                &name,
                format!("`{name}` needs a value: `{name} = …`"),
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(Self::Option(name, input.parse()?))
    }
}

fn text(value: &Expr, otherwise: &str) -> syn::Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) if literal.value().is_empty() => {
            Err(syn::Error::new_spanned(value, "the name is empty"))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(literal), .. }) => Ok(literal.clone()),
        _ => Err(syn::Error::new_spanned(value, otherwise)),
    }
}

fn flag(name: &Ident, value: &Expr) -> syn::Result<bool> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Ok(flag.value),
        _ => Err(syn::Error::new_spanned(
            value,
            format!("write `{name} = true`, or leave the option out"),
        )),
    }
}

/// Parses a duration: a whole number and its unit.
fn milliseconds(value: &Expr) -> syn::Result<u64> {
    const OTHERWISE: &str =
        "a timeout is a whole number with a unit, `ms`, `s`, `m` or `h`: `timeout = \"5s\"`";
    let written = text(value, OTHERWISE)?.value();
    let unit = written.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(syn::Error::new_spanned(value, OTHERWISE)),
    };
    let number = written[..written.len() - unit.len()].parse().ok();
    match number.and_then(|number: u64| number.checked_mul(factor)) {
        None => Err(syn::Error::new_spanned(value, OTHERWISE)),
        Some(0) => Err(syn::Error::new_spanned(
            value,
            "a timeout of zero ends every call at once: leave the option out for none",
        )),
        Some(milliseconds) => Ok(milliseconds),
    }
}

fn layers(value: &Expr) -> syn::Result<Vec<ExprPath>> {
    const OTHERWISE: &str = "a layer is the path of an `async fn(Invocation, Next) -> Result<(), \
        Error>`: `around = audited`, or several, the first outermost: `around = [audited, \
        limited]`";
    let layer = |value: &Expr| match value {
        Expr::Path(path) => Ok(path.clone()),
        _ => Err(syn::Error::new_spanned(value, OTHERWISE)),
    };
    match value {
        Expr::Array(list) if list.elems.is_empty() => {
            Err(syn::Error::new_spanned(value, "an empty list has no layer: leave the option out"))
        }
        Expr::Array(list) => list.elems.iter().map(layer).collect(),
        path => Ok(vec![layer(path)?]),
    }
}

fn roles(value: &Expr) -> syn::Result<Vec<LitStr>> {
    const OTHERWISE: &str =
        "a role is a string, or a list of strings: `role = [\"admin\", \"staff\"]`";
    match value {
        Expr::Array(list) if list.elems.is_empty() => Err(syn::Error::new_spanned(
            value,
            "an empty list of roles admits no session: name a role, or leave the option out to \
             admit all",
        )),
        Expr::Array(list) => list.elems.iter().map(|role| text(role, OTHERWISE)).collect(),
        role => Ok(vec![text(role, OTHERWISE)?]),
    }
}
