//! Payload passthru mode: how sender and receiver describe a payload that the router does not read.

use serde::Deserialize;

/// A description of a payload that only its sender and its receiver understand (X-01): the options
/// `ppt_scheme`, `ppt_serializer`, `ppt_cipher` and `ppt_keyid`. The payload itself is one binary
/// argument (X-04).
///
/// A handler that takes it answers calls in payload passthru mode; any other handler refuses them
/// with `wamp.error.feature_not_supported`.
///
/// ```
/// use wamp_core::{Passthru, Raw, Reply};
///
/// /// Returns a sealed payload unchanged.
/// async fn echo(sealed: Raw<'_>, passthru: Passthru) -> Reply {
///     Reply::new().arg(sealed).passthru(passthru)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Passthru {
    /// The key management scheme: `wamp`, `mqtt`, or `x_…`.
    pub scheme: String,
    /// The serialisation of the payload.
    pub serializer: Option<String>,
    /// The encryption of the payload.
    pub cipher: Option<String>,
    /// The key of the encryption.
    pub keyid: Option<String>,
}

/// The keys with which Details describe a payload in passthru mode; none for a plain payload.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct PassthruKeys<'p>(pub(crate) Option<&'p Passthru>);

impl<'p> PassthruKeys<'p> {
    pub(crate) fn scheme(self) -> Option<&'p str> {
        self.0.map(|passthru| passthru.scheme.as_str())
    }

    pub(crate) fn serializer(self) -> Option<&'p str> {
        self.0?.serializer.as_deref()
    }

    pub(crate) fn cipher(self) -> Option<&'p str> {
        self.0?.cipher.as_deref()
    }

    pub(crate) fn keyid(self) -> Option<&'p str> {
        self.0?.keyid.as_deref()
    }
}

/// The options that a client sent. Their values are not checked (X-05).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PassthruOptions<'f> {
    #[serde(borrow)]
    pub(crate) ppt_scheme: Option<&'f str>,
    #[serde(borrow)]
    pub(crate) ppt_serializer: Option<&'f str>,
    #[serde(borrow)]
    pub(crate) ppt_cipher: Option<&'f str>,
    #[serde(borrow)]
    pub(crate) ppt_keyid: Option<&'f str>,
}

impl PassthruOptions<'_> {
    /// Returns the description if the scheme is not empty; without a scheme, the other options mean
    /// nothing.
    pub(crate) fn passthru(&self) -> Option<Box<Passthru>> {
        let owned = |option: Option<&str>| option.map(str::to_owned);
        let scheme = self.ppt_scheme.filter(|scheme| !scheme.is_empty())?;
        Some(Box::new(Passthru {
            scheme: scheme.to_owned(),
            serializer: owned(self.ppt_serializer),
            cipher: owned(self.ppt_cipher),
            keyid: owned(self.ppt_keyid),
        }))
    }
}
