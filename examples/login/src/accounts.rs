//! The accounts, which an application has in its database.

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::memory;

/// A user who can log in.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    /// The password's hash, Argon2id with 19 MiB and two passes. The password itself is not stored.
    password: &'static str,
}

/// `alice` has the password `wonderland`, `grace` has `hopper`.
static ACCOUNTS: [Account; 2] = [
    Account {
        name: "alice",
        role: "user",
        password: "$argon2id$v=19$m=19456,t=2,p=1$YSG8bCSZnnnK9YSpSlq5JQ\
                   $5w4rGUZpP/G5OrTvzDpaA1WBezLimLA3SgyaKP4lt5c",
    },
    Account {
        name: "grace",
        role: "admin",
        password: "$argon2id$v=19$m=19456,t=2,p=1$E9DGvgVflUWBmDYJeLeZyQ\
                   $7ze5Gud3pdDQxXD94m4lk3yEG5/ieXqOcEXXmQItBGw",
    },
];

/// Returns the account of this name.
pub(crate) fn find(name: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.name == name)
}

/// Returns the account of this name and password. The check takes some milliseconds, also for an
/// unknown name, so that the time does not tell whether the name exists (no user enumeration).
pub(crate) fn verify(name: &str, password: &str) -> Option<&'static Account> {
    let account = find(name);
    let hash = account.unwrap_or(&ACCOUNTS[0]).password;
    let is_right = is_right(password, hash) == Some(true);
    account.filter(|_| is_right)
}

/// Checks a password against a hash, after waiting until fewer than the allowed number of checks
/// run.
fn is_right(password: &str, hash: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).expect("the hashes above are valid");
    let (salt, expected) = (hash.salt?, hash.hash?);
    let params = Params::try_from(&hash).ok()?;
    let mut memory = memory::turn(params.block_count());
    let mut output = vec![0; expected.len()];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.as_bytes(), &salt, &mut output, &mut *memory)
        .ok()?;
    // `Output` compares in constant time.
    Some(Output::new(&output).ok()? == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_of_a_name_is_accepted() {
        for (name, password, role) in [
            ("alice", "wonderland", Some("user")),
            ("grace", "hopper", Some("admin")),
            ("alice", "hopper", None),
            ("alice", "", None),
            ("nobody", "wonderland", None),
        ] {
            assert_eq!(
                verify(name, password).map(|account| account.role),
                role,
                "{name} {password}"
            );
        }
    }
}
