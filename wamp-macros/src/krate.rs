//! The path of `wamp_actix` in the user's crate.

use std::env;
use std::path::Path as FilePath;
use std::sync::OnceLock;

use proc_macro2::{Ident, Span};
use syn::Path;

use crate::faults::Faults;

const NAME: &str = "wamp_actix";

/// Returns the path that the user gave, or else `::wamp_actix`. A crate that renames the dependency
/// gets a fault that shows what to write, which the compiler's own error would not.
pub(crate) fn path(
    given: Option<Path>,
    faults: &mut Faults,
    shown: impl FnOnce(&str) -> String,
) -> Path {
    static RENAMED: OnceLock<Option<String>> = OnceLock::new();
    if let Some(path) = given {
        return path;
    }
    let Some(name) = RENAMED.get_or_init(|| renamed(env::args())) else {
        return syn::parse_quote!(::wamp_actix);
    };
    let text = format!("`wamp-actix` is called `{name}` in Cargo.toml: write `{}`", shown(name));
    faults.add(syn::Error::new(Span::call_site(), text));
    let name = Ident::new(name, Span::call_site());
    syn::parse_quote!(::#name)
}

/// Returns the name to which the user's crate renames `wamp_actix`, from the compiler's arguments
/// (`--extern name=file`); `None` if it does not.
fn renamed(arguments: impl IntoIterator<Item = String>) -> Option<String> {
    let mut arguments = arguments.into_iter();
    let mut renamed = None;
    while let Some(argument) = arguments.next() {
        let declared = match argument.strip_prefix("--extern") {
            Some("") => arguments.next(),
            Some(declared) => declared.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        let declared = declared.as_deref().and_then(|declared| declared.split_once('='));
        let Some((name, file)) = declared else {
            continue;
        };
        // Options may stand before the name, as in `priv:name`.
        let name = name.rsplit(':').next().unwrap_or(name);
        match name == NAME {
            true => return None,
            false if is_ours(file) => renamed = Some(name.to_owned()),
            false => {}
        }
    }
    renamed
}

/// Returns whether this is a file of `wamp_actix`, such as `libwamp_actix-0123456789abcdef.rmeta`.
fn is_ours(file: &str) -> bool {
    let stem = FilePath::new(file).file_stem().and_then(|stem| stem.to_str());
    let name = stem.and_then(|stem| stem.strip_prefix("lib"));
    name.is_some_and(|name| name.split('-').next() == Some(NAME))
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn another_name_is_found_where_the_own_one_is_not_there() {
        let file = "/target/debug/deps/libwamp_actix-0123456789abcdef.rmeta";
        let found = |arguments: &[&str]| renamed(arguments.iter().map(ToString::to_string));
        let is = |name: &str| format!("{name}={file}");
        assert_eq!(found(&["rustc", "--extern", &is("wamp"), "lib.rs"]), Some("wamp".into()));
        assert_eq!(found(&[&format!("--extern={}", is("wamp"))]), Some("wamp".into()));
        assert_eq!(found(&["--extern", &is("priv,noprelude:wamp")]), Some("wamp".into()));
        assert_eq!(found(&["--extern", "wamp=libwamp_actix.rlib"]), Some("wamp".into()));
        assert_eq!(found(&["--extern", &is("wamp"), "--extern", &is("wamp_actix")]), None);
        assert_eq!(found(&["--extern", "wamp_actix"]), None);
        assert_eq!(found(&["--extern", "wamp=libwamp_actix_extra-01.rmeta"]), None);
        assert_eq!(found(&["--extern", "serde=libserde-01.rmeta", "--extern"]), None);
        assert_eq!(found(&["rust-analyzer-proc-macro-srv"]), None);
    }
}
