const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{emitter as _, action as _};
    #[automatically_derived]
    impl __rship::Derived for Lamp {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl __rship::ListsActions<Lamp> for __rship::Listing {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Lamp {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                f64,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("level").name("Level").doc("Brightness."),
                |__rship_target: &Self| &__rship_target.level,
            );
            __rship_model
                .setter(
                    __rship::ActionSpec::new("set-level")
                        .name("Set level")
                        .doc("Brightness."),
                    "level",
                    "level",
                    __rship::Arg::<f64>::new("level").min(0.0).max(1.0),
                    |__rship_target: &mut Self, __rship_value: f64| {
                        __rship::FieldOf::<
                            f64,
                        >::__rship_set(&mut __rship_target.level, __rship_value)
                    },
                );
        }
    }
    #[automatically_derived]
    impl __rship::Target for Lamp {
        const EMITTERS: __rship::Option<__rship::written::Emitters> = __rship::Some(
            &[("level", "level")],
        );
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::first(
            &[__rship::Probe::<Self>::AWAITING],
        );
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model.name("Lamp");
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            __rship::Probe::<Self>::describe_actions(__rship_model);
        }
    }
    const _: () = {
        if __rship::is_taken("level", &[__rship::Probe::<Lamp>::EMITTER_IDS]) {
            ::core::panic!(
                "{}",
                "field `level` and a method of `Lamp` both have the emitter id `level`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
            )
        }
    };
    const _: () = {
        if __rship::is_taken("set-level", &[__rship::Probe::<Lamp>::ACTION_IDS]) {
            ::core::panic!(
                "{}",
                "field `level` and a method of `Lamp` both have the action id `set-level`\nnote: give one of them another: `#[action(id = \"..\")]`"
            )
        }
    };
};
