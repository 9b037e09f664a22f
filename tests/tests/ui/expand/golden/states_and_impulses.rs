const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{target as _, emitter as _, emitter as _};
    #[automatically_derived]
    impl __rship::Derived for BananaStand {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl __rship::ListsActions<BananaStand> for __rship::Listing {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for BananaStand {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                f64,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("cash")
                    .name("Cash")
                    .doc("Dollars in the walls."),
                |__rship_target: &Self| &__rship_target.cash,
            );
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                Emitter<u32>,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("sold").name("Bananas sold"),
                |__rship_target: &Self| &__rship_target.banana_sold,
            );
        }
    }
    #[automatically_derived]
    impl __rship::Target for BananaStand {
        const EMITTERS: __rship::Option<__rship::written::Emitters> = __rship::Some(
            &[("cash", "cash"), ("banana_sold", "sold")],
        );
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::first(
            &[__rship::Probe::<Self>::AWAITING],
        );
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model.name("The Banana Stand");
            __rship_model.doc("Sells bananas.");
            __rship_model.category("retail");
            __rship_model.bg_color("#ffff00");
            __rship_model.key::<String>(|__rship_target: &Self| &__rship_target.serial);
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
            __rship::Probe::<Self>::describe_actions(__rship_model);
        }
    }
    const _: () = {
        if __rship::is_taken("cash", &[__rship::Probe::<BananaStand>::EMITTER_IDS]) {
            ::core::panic!(
                "{}",
                "field `cash` and a method of `BananaStand` both have the emitter id `cash`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
            )
        }
    };
    const _: () = {
        if __rship::is_taken("sold", &[__rship::Probe::<BananaStand>::EMITTER_IDS]) {
            ::core::panic!(
                "{}",
                "field `banana_sold` and a method of `BananaStand` both have the emitter id `sold`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
            )
        }
    };
};
