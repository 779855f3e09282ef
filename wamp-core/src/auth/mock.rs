//! Mock challenges for unknown users, indistinguishable from real ones (no user enumeration, A-06).

use std::fmt;
use std::sync::LazyLock;

use super::keys::{Key, keyed};

/// The secret from which mock salts are made. No client knows it, so none can compute a mock salt
/// and recognise it.
#[derive(Clone)]
pub(super) struct MockSecret(Key);

/// Returns the secret that all methods of this process share.
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

    /// Returns a mock salt of `bytes` bytes, always the same for one authid of one realm.
    pub(super) fn salt(&self, realm: &str, authid: &str, bytes: usize) -> Vec<u8> {
        let blocks = (0_u32..).map(|block| {
            // The length in front keeps the realm apart from the authid.
            let seed = format!("{block} {} {realm}{authid}", realm.len());
            keyed(&self.0, seed.as_bytes())
        });
        blocks.flatten().take(bytes).collect()
    }
}

/// Hides the secret.
impl fmt::Debug for MockSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MockSecret")
    }
}

/// Returns a random key, which no client has.
pub(super) fn key() -> Key {
    rand::random()
}
