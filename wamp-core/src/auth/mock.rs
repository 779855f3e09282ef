//! What clients that nobody knows are shown, so that they cannot tell it from what others are shown.

use std::sync::LazyLock;

use super::keys::{Key, keyed};

/// Known to this process only, so that nobody can compute what it would make up.
static SECRET: LazyLock<Key> = LazyLock::new(rand::random);

/// So many bytes of salt, made up: always the same for one authid of one realm.
pub(super) fn salt(realm: &str, authid: &str, bytes: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|block| {
        // With its length in front, no realm can be mistaken for part of an authid.
        let seed = format!("{block} {} {realm}{authid}", realm.len());
        keyed(&*SECRET, seed.as_bytes())
    });
    blocks.flatten().take(bytes).collect()
}

/// A key that nobody has.
pub(super) fn key() -> Key {
    rand::random()
}
