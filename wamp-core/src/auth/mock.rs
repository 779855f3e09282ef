//! What clients that nobody knows are shown, so that they cannot tell it from what others are shown.

use std::fmt;
use std::sync::LazyLock;

use super::keys::{Key, keyed};

/// What made-up salts are made of. It is known to nobody outside, so that nobody can compute what would be made up.
#[derive(Clone)]
pub(super) struct MockSecret(Key);

/// One for all that this process makes up.
impl Default for MockSecret {
    fn default() -> Self {
        static OF_PROCESS: LazyLock<Key> = LazyLock::new(rand::random);
        Self(*OF_PROCESS)
    }
}

impl MockSecret {
    pub(super) fn new(key: Key) -> Self {
        Self(key)
    }

    /// So many bytes of salt, made up: always the same for one authid of one realm.
    pub(super) fn salt(&self, realm: &str, authid: &str, bytes: usize) -> Vec<u8> {
        let blocks = (0_u32..).map(|block| {
            // With its length in front, no realm can be mistaken for part of an authid.
            let seed = format!("{block} {} {realm}{authid}", realm.len());
            keyed(&self.0, seed.as_bytes())
        });
        blocks.flatten().take(bytes).collect()
    }
}

/// Without the secret.
impl fmt::Debug for MockSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockSecret")
    }
}

/// A key that nobody has.
pub(super) fn key() -> Key {
    rand::random()
}
