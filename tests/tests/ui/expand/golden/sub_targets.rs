const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{
        target as _, target as _, target as _, target as _, target as _,
    };
    #[automatically_derived]
    impl __rship::Derived for Hub {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl __rship::ListsActions<Hub> for __rship::Listing {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_2(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_3(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_4(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Hub {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model
                .sub_targets::<
                    Port,
                >(
                    __rship::SubTargetSpec::new("first"),
                    |__rship_target: &Self| &__rship_target.first,
                    |__rship_target: &mut Self| &mut __rship_target.first,
                );
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model
                .sub_targets::<
                    Option<Port>,
                >(
                    __rship::SubTargetSpec::new("spare").id("spare").name("Spare port"),
                    |__rship_target: &Self| &__rship_target.spare,
                    |__rship_target: &mut Self| &mut __rship_target.spare,
                );
        }
        fn __rship_describe_2(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::keyed::<
                Vec<Port>,
                _,
                _,
            >(
                __rship_model,
                __rship::SubTargetSpec::new("ports"),
                |__rship_target: &Self| &__rship_target.ports,
                |__rship_target: &mut Self| &mut __rship_target.ports,
                |__rship_member| &__rship_member.serial,
            );
        }
        fn __rship_describe_3(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model
                .sub_targets_with::<
                    film::Loop,
                    _,
                    _,
                >(
                    __rship::SubTargetSpec::new("played"),
                    film::describe,
                    |__rship_target: &Self| &__rship_target.played,
                    |__rship_target: &mut Self| &mut __rship_target.played,
                );
        }
        fn __rship_describe_4(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::keyed_with::<
                Vec<film::Loop>,
                _,
                _,
                _,
                _,
            >(
                __rship_model,
                __rship::SubTargetSpec::new("loops"),
                film::describe,
                |__rship_target: &Self| &__rship_target.loops,
                |__rship_target: &mut Self| &mut __rship_target.loops,
                |__rship_member| &__rship_member.id,
            );
        }
    }
    #[automatically_derived]
    impl __rship::Target for Hub {
        const EMITTERS: __rship::Option<__rship::written::Emitters> = __rship::Some(&[]);
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::first(
            &[__rship::Probe::<Self>::AWAITING],
        );
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model.name("Hub");
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
            <Self as __RshipMembers>::__rship_describe_2(__rship_model);
            <Self as __RshipMembers>::__rship_describe_3(__rship_model);
            <Self as __RshipMembers>::__rship_describe_4(__rship_model);
            __rship::Probe::<Self>::describe_actions(__rship_model);
        }
    }
};
