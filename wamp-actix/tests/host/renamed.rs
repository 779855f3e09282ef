//! A crate in whose Cargo.toml `wamp-actix` has another name.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// Returns the library to which this test is linked.
fn library(deps: &std::path::Path) -> PathBuf {
    let files = fs::read_dir(deps).unwrap().map(|entry| entry.unwrap().path());
    let libraries = files.filter(|file| {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("libwamp_actix-") && name.ends_with(".rlib")
    });
    libraries.max_by_key(|file| fs::metadata(file).unwrap().modified().unwrap()).unwrap()
}

/// Compiles a crate that renames ours to `wamp`. An error is the text of the compiler.
fn compile(name: &str, program: &str) -> Result<(), String> {
    let test = env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let source = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.rs"));
    fs::write(&source, program).unwrap();
    let mut compiler = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".into()));
    compiler
        .args([
            "--edition=2024",
            "--crate-type=lib",
            "--emit=metadata",
            "--out-dir",
            env!("CARGO_TARGET_TMPDIR"),
        ])
        .args(["--extern", &format!("wamp={}", library(deps).display())])
        .args(["-L", &format!("dependency={}", deps.display())])
        .arg(&source);
    let output = compiler.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    output.status.success().then_some(()).ok_or(text)
}

#[test]
fn without_a_path_each_attribute_shows_what_to_write() {
    let program = r#"
        #[wamp::rpc("a.b")] pub async fn call() {}
        #[wamp::session] pub async fn join() {}
        #[derive(wamp::WampError)] #[wamp("a.error")] pub struct Failed;
        impl std::fmt::Display for Failed {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
        }
    "#;
    let errors = compile("renamed_without_path", program).unwrap_err();
    for hint in ["#[rpc(…, crate = wamp)]", "#[session(crate = wamp)]", "#[wamp(crate = wamp)]"] {
        let expected =
            format!("error: `wamp-actix` is called `wamp` in Cargo.toml: write `{hint}`");
        assert!(errors.contains(&expected), "{errors}");
    }
    assert_eq!(errors.matches("error: ").count(), 4, "three, and how many they were:\n{errors}");
}

#[test]
fn with_a_path_it_compiles() {
    let program = r#"
        #[wamp::rpc("a.b", crate = wamp)] pub async fn call() -> Result<(), Failed> { Err(Failed) }
        #[wamp::session(crate = wamp)] pub async fn join() {}
        #[derive(wamp::WampError)] #[wamp("a.error", crate = wamp)] pub struct Failed;
        impl std::fmt::Display for Failed {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
        }
        pub fn handlers() -> wamp::Handlers { wamp::handlers![call, join] }
    "#;
    compile("renamed_with_path", program).unwrap();
}
