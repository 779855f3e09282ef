//! The compiler on programs that use the macros: its messages about mistakes, and programs that
//! must compile.

/// One program for each mistake.
#[test]
fn each_mistake_has_a_message_on_what_is_wrong() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// One program for each circumstance.
#[test]
fn what_surrounds_a_handler_does_not_hinder_it() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}
