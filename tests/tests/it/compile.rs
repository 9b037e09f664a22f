//! The compile-time promises: what must compile, and what must not, with which words.

#[test]
fn the_promises_about_what_compiles_hold() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
