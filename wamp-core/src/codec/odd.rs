//! Odd values in a payload: well-formed, but not readable by every client (decision 9 of the
//! conformance list).

/// A kind of values that cannot be passed on to other clients.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Oddity {
    /// A MessagePack extension type, for instance its timestamp.
    Extension,
    /// A key that is not a string.
    Key,
    /// A CBOR tag that refers to another place of the message: the tagged item is not the value
    /// itself.
    Reference,
    /// A CBOR simple value that is not assigned.
    Simple,
    /// A number beyond `i64`, `u64` and `f64`.
    Number,
}

impl Oddity {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Extension => "extension types are not part of WAMP",
            Self::Key => "a key must be a string",
            Self::Reference => "references to other values are not part of WAMP",
            Self::Simple => "unknown simple value",
            Self::Number => "number out of range",
        }
    }
}

/// The way in which a payload can be passed on.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Odd {
    /// Unchanged.
    #[default]
    Nothing,
    /// After it is written again: without CBOR's tags, with integers for its bignums, and with null
    /// for MessagePack's undefined.
    Dressed,
    /// Not at all.
    Refused(Oddity),
}

/// The owner of the part of a message in which a cursor stands.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) enum Owner {
    /// The protocol's part, in which odd values are refused.
    #[default]
    Protocol,
    /// The application's part, in which odd values are noted; this is the worst of them.
    Application(Odd),
}

impl Owner {
    #[inline]
    pub(crate) fn is_application(self) -> bool {
        matches!(self, Self::Application(_))
    }

    pub(crate) fn odd(self) -> Odd {
        match self {
            Self::Protocol => Odd::Nothing,
            Self::Application(odd) => odd,
        }
    }

    /// Notes an odd value in the application's part; in the protocol's part the caller has to
    /// refuse it.
    #[cold]
    pub(crate) fn note(&mut self, odd: Odd) {
        if let Self::Application(worst) = self {
            *worst = odd.max(*worst);
        }
    }
}
