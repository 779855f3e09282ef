//! Numbers, independent of their notation.

use serde::de::{Unexpected, Visitor};

use super::Malformed;

/// The largest integer up to which floats tell integers apart, and the largest WAMP id (M-12).
pub(crate) const MAX_INTEGRAL: u64 = 1 << 53;

/// A number by its value, not by its notation: `1`, `1.0` and `10e-1` are the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Unsigned(u64),
    /// An integer below zero.
    Negative(i64),
    /// Negative zero: -0.0 for types that take floats, 0 for the others.
    NegativeZero,
    /// A number with a fraction, or one beyond the integers.
    Float(f64),
}

impl Number {
    pub(crate) fn signed(value: i64) -> Self {
        u64::try_from(value).map_or(Self::Negative(value), Self::Unsigned)
    }

    /// Returns the integer if the float is integral and not beyond [`MAX_INTEGRAL`], or else the
    /// float.
    #[inline]
    pub(crate) fn of_float(value: f64) -> Self {
        if value.trunc() != value || value.abs() > MAX_INTEGRAL as f64 {
            Self::Float(value)
        } else if value == 0.0 && value.is_sign_negative() {
            Self::NegativeZero
        } else {
            Self::signed(value as i64)
        }
    }

    /// Visits the number for a type that expects an integer; the type itself refuses any other.
    #[inline]
    pub(super) fn visit_integer<'de, V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        match self {
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Negative(value) => visitor.visit_i64(value),
            Self::NegativeZero => visitor.visit_u64(0),
            Self::Float(value) => visitor.visit_f64(value),
        }
    }

    /// Visits the number for a type that accepts any value.
    #[inline]
    pub(super) fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self {
            Self::NegativeZero => visitor.visit_f64(-0.0),
            number => number.visit_integer(visitor),
        }
    }

    pub(crate) fn float(self) -> f64 {
        match self {
            Self::Unsigned(value) => value as f64,
            Self::Negative(value) => value as f64,
            Self::NegativeZero => -0.0,
            Self::Float(value) => value,
        }
    }

    /// Returns the nearest `f32`, or `None` if that is infinity.
    pub(crate) fn f32(self) -> Option<f32> {
        let value = self.float();
        let single = match self {
            Self::Unsigned(value) => value as f32,
            Self::Negative(value) => value as f32,
            Self::NegativeZero | Self::Float(_) => value as f32,
        };
        (single.is_finite() || !value.is_finite()).then_some(single)
    }

    pub(super) fn unexpected(self) -> Unexpected<'static> {
        match self {
            Self::Unsigned(value) => Unexpected::Unsigned(value),
            Self::Negative(value) => Unexpected::Signed(value),
            Self::NegativeZero => Unexpected::Float(-0.0),
            Self::Float(value) => Unexpected::Float(value),
        }
    }
}
