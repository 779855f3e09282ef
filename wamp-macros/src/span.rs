//! Places of the compiler's own errors about an expansion.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The spans of the first and the last token of the user's code. If the first and the last token of
/// an expression have these spans, an error about the expression underlines all of that code.
#[derive(Copy, Clone)]
pub(crate) struct Extent {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Extent {
    /// Returns the place of the tokens; names are resolved at the place of the attribute.
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let tokens: TokenStream = tokens.to_token_stream();
        let mut spans = tokens.into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        let last = spans.last().unwrap_or(first);
        let here = Span::call_site();
        Self { first: here.located_at(first), last: here.located_at(last) }
    }

    /// Moves an expression to the place: its last token gets the last span, all others the first.
    pub(crate) fn cover(self, expression: TokenStream) -> TokenStream {
        let mut tokens: Vec<TokenTree> = expression.into_iter().collect();
        let last = tokens.len().saturating_sub(1);
        for (at, token) in tokens.iter_mut().enumerate() {
            token.set_span(if at == last { self.last } else { self.first });
        }
        tokens.into_iter().collect()
    }
}
