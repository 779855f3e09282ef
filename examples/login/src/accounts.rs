//! Who may log in. An application has this in its database.

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;

/// Somebody who may log in.
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
        password: "$argon2id$v=19$m=19456,t=2,p=1$YSG8bCSZnnnK9YSpSlq5JQ$5w4rGUZpP/G5OrTvzDpaA1WBezLimLA3SgyaKP4lt5c",
    },
    Account {
        name: "grace",
        role: "admin",
        password: "$argon2id$v=19$m=19456,t=2,p=1$E9DGvgVflUWBmDYJeLeZyQ$7ze5Gud3pdDQxXD94m4lk3yEG5/ieXqOcEXXmQItBGw",
    },
];

/// The account of this name.
pub(crate) fn find(name: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.name == name)
}

/// The account of this name and password. It takes some milliseconds of work, also for a name that nobody has: a stranger
/// does not learn from the time whether it was the name or the password that was wrong.
pub(crate) fn verify(name: &str, password: &str) -> Option<&'static Account> {
    let account = find(name);
    let hash = account.unwrap_or(&ACCOUNTS[0]).password;
    let hash = PasswordHash::new(hash).expect("the hashes above are valid");
    let is_right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    account.filter(|_| is_right)
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
            assert_eq!(verify(name, password).map(|account| account.role), role, "{name} {password}");
        }
    }
}
