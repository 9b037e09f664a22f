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
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
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
    #[automatically_derived]
    impl __rship::Block<3649013561443408469u64> for Clock {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Clock {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[
            "seconds",
            "text",
        ];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<
                Self,
            >>::MAY;
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsActions<
                Self,
            >>::LISTED;
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
        }
    }
};
