//! Mock challenges for unknown users, indistinguishable from real ones (no user enumeration, A-06).

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::keys::{Key, keyed};

/// A credential of which mock challenges can be made.
pub(super) trait Mockable {
    /// Creates an example of the usual shape, which admits no client.
    fn example() -> Self;

    /// Creates a credential of the same shape for an unknown user, which admits no client.
    fn mocked(&self, secret: &MockSecret, realm: &str, authid: &str) -> Self;
}

/// The options of a method's mock challenges.
#[derive(Clone, Debug)]
pub(super) struct Mocks<C> {
    /// The credential whose shape they have.
    example: Arc<C>,
    secret: MockSecret,
}

impl<C: Mockable> Default for Mocks<C> {
    fn default() -> Self {
        Self { example: Arc::new(C::example()), secret: MockSecret::default() }
    }
}

impl<C: Mockable> Mocks<C> {
    pub(super) fn set_example(&mut self, example: C) {
        self.example = Arc::new(example);
    }

    pub(super) fn set_key(&mut self, key: Key) {
        self.secret = MockSecret(key);
    }

    /// Returns the credential for an unknown user.
    pub(super) fn credential(&self, realm: &str, authid: &str) -> C {
        self.example.mocked(&self.secret, realm, authid)
    }
}

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
