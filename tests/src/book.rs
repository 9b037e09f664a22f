//! The code in the README and in each page of the book, compiled and run: `it/book.rs` says that none is left out.

macro_rules! pages {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../../", $path))]
            mod $name {}
        )*
    };
}

pages! {
    readme: "README.md",
    agents: "AGENTS.md",
    introduction: "docs/introduction.md",
    first_device: "docs/tutorial/first-device.md",
    actions: "docs/tutorial/actions.md",
    on_the_show: "docs/tutorial/on-the-show.md",
    new_device: "docs/how-to/new-device.md",
    existing_code: "docs/how-to/existing-code.md",
    foreign_types: "docs/how-to/foreign-types.md",
    generic_targets: "docs/how-to/generic-targets.md",
    choices: "docs/how-to/choices.md",
    shared_state: "docs/how-to/shared-state.md",
    sub_targets: "docs/how-to/sub-targets.md",
    hardware: "docs/how-to/hardware.md",
    long_actions: "docs/how-to/long-actions.md",
    what_waits_for_itself: "docs/how-to/what-waits-for-itself.md",
    without_a_runtime: "docs/how-to/without-a-runtime.md",
    comes_back: "docs/how-to/comes-back.md",
    gui_programs: "docs/how-to/gui-programs.md",
    testing: "docs/how-to/testing.md",
    manifest: "docs/how-to/manifest.md",
    compat: "docs/how-to/compat.md",
    stand_in: "docs/how-to/stand-in.md",
    real_server: "docs/how-to/real-server.md",
    page: "docs/how-to/page.md",
    logs: "docs/how-to/logs.md",
    recordings: "docs/how-to/recordings.md",
    static_binary: "docs/how-to/static-binary.md",
    does_not_show_up: "docs/how-to/does-not-show-up.md",
    says_silent: "docs/how-to/says-silent.md",
    attributes: "docs/reference/attributes.md",
    behaviour: "docs/reference/behaviour.md",
    limits: "docs/reference/limits.md",
    environment: "docs/reference/environment.md",
    generations: "docs/reference/generations.md",
    rship_dev: "docs/reference/rship-dev.md",
    errors: "docs/reference/errors.md",
    wire: "docs/reference/wire.md",
    schema_profile: "docs/reference/schema-profile.md",
    metrics: "docs/reference/metrics.md",
    design: "docs/explanation/design.md",
    architecture: "docs/explanation/architecture.md",
    guarantees: "docs/explanation/guarantees.md",
    figures: "docs/explanation/figures.md",
    soak: "docs/explanation/soak.md",
    lines: "docs/explanation/lines.md",
    platforms: "docs/explanation/platforms.md",
}
