//! Prints the credential that a server stores for a user, as JSON. The password is read from
//! standard input, so that neither the process list nor the shell's history shows it.
//!
//! ```text
//! credentials wampcra [--iterations N] [--keylen N] [--salt TEXT]
//! credentials pbkdf2 [--iterations N] [--salt BASE64]
//! credentials argon2id13 [--iterations N] [--memory KIB] [--salt BASE64]
//! ```

use std::error::Error;
use std::io::{self, Read as _, Write};

use serde::Serialize;
use wamp_actix::{CraCredential, ScramCredential, salt};

#[derive(Debug)]
enum Kind {
    WampCra,
    Pbkdf2,
    Argon2id13,
}

/// The options of the command line; those that are not given have the default of the method.
#[derive(Debug)]
struct Options {
    kind: Kind,
    salt: Option<String>,
    iterations: Option<u32>,
    keylen: Option<u32>,
    memory: Option<u32>,
}

impl Options {
    fn parse(mut arguments: lexopt::Parser) -> Result<Self, lexopt::Error> {
        use lexopt::prelude::*;
        let (mut kind, mut salt, mut iterations, mut keylen, mut memory) =
            (None, None, None, None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Value(name) if kind.is_none() => kind = Some(Kind::parse(&name.string()?)?),
                Long("salt") => salt = Some(arguments.value()?.string()?),
                Long("iterations") => iterations = Some(arguments.value()?.parse()?),
                Long("keylen") => keylen = Some(arguments.value()?.parse()?),
                Long("memory") => memory = Some(arguments.value()?.parse()?),
                _ => return Err(argument.unexpected()),
            }
        }
        let kind = kind.ok_or("say which: wampcra, pbkdf2 or argon2id13")?;
        Ok(Self { kind, salt, iterations, keylen, memory })
    }

    fn print(self, password: &str, out: impl Write) -> Result<(), Box<dyn Error>> {
        let salt = self.salt.unwrap_or_else(salt);
        match self.kind {
            Kind::WampCra => {
                let (iterations, keylen) =
                    (self.iterations.unwrap_or(1000), self.keylen.unwrap_or(32));
                write(out, &CraCredential::derive(password, &salt, iterations, keylen)?)
            }
            Kind::Pbkdf2 => write(
                out,
                &ScramCredential::pbkdf2(password, &salt, self.iterations.unwrap_or(600_000))?,
            ),
            Kind::Argon2id13 => {
                let (iterations, memory) =
                    (self.iterations.unwrap_or(2), self.memory.unwrap_or(19_456));
                write(out, &ScramCredential::argon2id13(password, &salt, iterations, memory)?)
            }
        }
    }
}

impl Kind {
    fn parse(name: &str) -> Result<Self, String> {
        match name {
            "wampcra" => Ok(Self::WampCra),
            "pbkdf2" => Ok(Self::Pbkdf2),
            "argon2id13" => Ok(Self::Argon2id13),
            _ => Err(format!("{name:?} is none of wampcra, pbkdf2, argon2id13")),
        }
    }
}

fn write(mut out: impl Write, credential: &impl Serialize) -> Result<(), Box<dyn Error>> {
    Ok(writeln!(out, "{}", serde_json::to_string(credential)?)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(lexopt::Parser::from_env())?;
    let mut password = String::new();
    io::stdin().read_to_string(&mut password)?;
    // The line break comes from the terminal.
    let password = password.strip_suffix('\n').unwrap_or(&password);
    options.print(password, io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(arguments: &[&str]) -> String {
        let options = Options::parse(lexopt::Parser::from_args(arguments)).unwrap();
        let mut out = Vec::new();
        options.print("pencil", &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_printed_is_what_a_server_reads() {
        let scram =
            printed(&["pbkdf2", "--salt", "W22ZaJ0SNY7soEsUEjb6gQ==", "--iterations", "4096"]);
        assert!(scram.contains("WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="), "{scram}");
        assert!(serde_json::from_str::<ScramCredential>(&scram).is_ok());
        let argon2 = printed(&["argon2id13", "--iterations", "1", "--memory", "8"]);
        assert!(serde_json::from_str::<ScramCredential>(&argon2).is_ok(), "{argon2}");
        let cra = printed(&["wampcra", "--keylen", "16"]);
        assert!(serde_json::from_str::<CraCredential>(&cra).is_ok(), "{cra}");
        assert_ne!(cra, printed(&["wampcra", "--keylen", "16"]), "every salt is new");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for arguments in
            [&[][..], &["bcrypt"], &["wampcra", "scram"], &["wampcra", "--rounds", "1"]]
        {
            assert!(Options::parse(lexopt::Parser::from_args(arguments)).is_err(), "{arguments:?}");
        }
    }
}
