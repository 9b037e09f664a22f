impl Clock {
    /// What it shows.
    fn text(&self) -> String {
        self.time.to_string()
    }
    fn uptime(&self) -> u64 {
        0
    }
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    #[allow(unused_imports)]
    use __rship::PlainReply as _;
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    #[allow(
        deprecated,
        unreachable_code,
        unused_mut,
        unused_qualifications,
        unused_variables,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]
    impl __RshipMembers for Clock {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model
                .computed::<
                    String,
                >(
                    __rship::EmitterSpec::new("text").name("Text").doc("What it shows."),
                    __rship::None,
                    |__rship_target: &Self| Self::text(__rship_target),
                );
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model
                .computed::<
                    u64,
                >(
                    __rship::EmitterSpec::new("seconds").name("Uptime"),
                    __rship::Some(__rship::Duration::new(0u64, 500000000u32)),
                    |__rship_target: &Self| Self::uptime(__rship_target),
                );
        }
    }
    #[diagnostic::on_unimplemented(
        message = "`{T}` does not say that it has actions",
        label = "not known to `#[derive(Target)]`",
        note = "a generic struct says so itself: add `#[target(actions)]` to it"
    )]
    trait __RshipClockLists<T> {
        const LISTED: () = ();
    }
    #[diagnostic::do_not_recommend]
    impl<T, L: __rship::Lists<T, __rship::NoBlockName>> __RshipClockLists<T> for L {}
    #[automatically_derived]
    #[allow(
        deprecated,
        unreachable_code,
        unused_mut,
        unused_qualifications,
        unused_variables,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]
    impl __rship::Actions<__rship::NoBlockName> for Clock {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[
            "seconds",
            "text",
        ];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            <<Self as __rship::Derived>::Listing as __RshipClockLists<Self>>::LISTED;
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
        }
    }
};
