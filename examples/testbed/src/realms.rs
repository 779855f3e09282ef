//! The realms, each with its method of login. Every user has the role `user`.

use std::sync::LazyLock;

use wamp_actix::{
    Attempt, CraCredential, Cryptosign, Denied, History, Identity, MetaApi, Realm, RealmBuilder,
    Scram, ScramCredential, Ticket, Topic, WampCra,
};

/// The public key of the seed 00 01 … 1f.
const JOES_KEY: &str = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";

/// The credentials that an application reads from its database. Their salts are stored, and so
/// constant.
static SALTED: LazyLock<CraCredential> = LazyLock::new(|| {
    CraCredential::derive("secret3", "salt123", 1000, 32).expect("the parameters are sound")
});
static PBKDF2: LazyLock<ScramCredential> = LazyLock::new(|| {
    ScramCredential::pbkdf2("pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096)
        .expect("the parameters are sound")
});
static ARGON2: LazyLock<ScramCredential> = LazyLock::new(|| {
    ScramCredential::argon2id13("pencil", "aBc+fx0NAVA8Ku5zmrBhVw==", 4, 512)
        .expect("the parameters are sound")
});

/// Returns all realms.
pub(crate) fn all() -> [RealmBuilder; 7] {
    [
        realm("realm1"),
        realm("testbed.strict").strict_request_ids(true),
        router(),
        realm("testbed.ticket").authenticate(ticket()),
        realm("testbed.cra").authenticate(cra()),
        realm("testbed.cryptosign").authenticate(cryptosign()),
        realm("testbed.scram").authenticate(scram()),
    ]
}

/// Returns a realm with the meta API.
fn realm(name: &str) -> RealmBuilder {
    bare(name).meta_api(MetaApi::reading())
}

/// Declares the topics and features that all realms have in common.
fn bare(name: &str) -> RealmBuilder {
    Realm::new(name)
        .topic("testbed.chat", Topic::open())
        .topic("testbed.open.{rest..}", Topic::open().retained())
        .topic("testbed.readonly", Topic::read_only())
        .topic("bench.topic", Topic::open())
}

/// Returns a realm that routes between clients, with every feature.
fn router() -> RealmBuilder {
    bare("router")
        .route_clients(true)
        .meta_api(MetaApi::reading().killing())
        .history("history.demo", History::last(100))
}

fn user(authid: &str) -> Identity {
    Identity { authprovider: "static".into(), ..Identity::new(authid, "user") }
}

fn ticket() -> Ticket {
    Ticket::new(|attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") if attempt.ticket_is("secret!!!") => Ok(user("joe")),
            _ => Err(Denied::credentials()),
        }
    })
}

fn cra() -> WampCra {
    let cra = WampCra::new(|attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") => Ok((user("joe"), CraCredential::plain("secret2"))),
            Some("salted") => Ok((user("salted"), SALTED.clone())),
            _ => Err(Denied::credentials()),
        }
    });
    cra.mock_like(SALTED.clone())
}

fn cryptosign() -> Cryptosign {
    Cryptosign::new(|attempt: Attempt| async move {
        match (attempt.authid(), attempt.public_key()) {
            (Some("joe") | None, Some(JOES_KEY)) => Ok(user("joe")),
            _ => Err(Denied::credentials()),
        }
    })
}

fn scram() -> Scram {
    let scram = Scram::new(|attempt: Attempt| async move {
        match attempt.authid() {
            Some("joe") => Ok((user("joe"), PBKDF2.clone())),
            Some("argon") => Ok((user("argon"), ARGON2.clone())),
            _ => Err(Denied::credentials()),
        }
    });
    scram.mock_like(PBKDF2.clone())
}
