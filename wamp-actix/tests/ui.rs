//! What the macros say about mistakes: one program for each of them.

#[test]
fn each_mistake_has_a_message_on_what_is_wrong() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
