const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{target as _, emitter as _};
    #[automatically_derived]
    impl __rship::Derived for Deck {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl __rship::ListsActions<Deck> for __rship::Listing {}
    #[automatically_derived]
    impl __rship::ListsBlock<Deck, 17958452701972169202u64> for __rship::Listing {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Deck {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                bool,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("playing").name("Playing"),
                |__rship_target: &Self| &__rship_target.playing,
            );
        }
    }
    #[automatically_derived]
    impl __rship::Target for Deck {
        const EMITTERS: __rship::Option<__rship::written::Emitters> = __rship::Some(
            &[("playing", "playing")],
        );
        const BLOCKS: __rship::written::Blocks = &[
            <Self as __rship::Actions<__rship::NoBlockName>>::EMITTER_IDS,
            <Self as __rship::Actions<
                __rship::BlockName<17958452701972169202u64>,
            >>::EMITTER_IDS,
        ];
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::first(
            &[
                <Self as __rship::Actions<__rship::NoBlockName>>::AWAITING,
                <Self as __rship::Actions<
                    __rship::BlockName<17958452701972169202u64>,
                >>::AWAITING,
            ],
        );
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model.name("Deck");
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __rship::Actions<
                __rship::NoBlockName,
            >>::describe_actions(__rship_model);
            <Self as __rship::Actions<
                __rship::BlockName<17958452701972169202u64>,
            >>::describe_actions(__rship_model);
        }
    }
    const _: () = {
        if __rship::is_taken(
            "playing",
            &[
                <Deck as __rship::Actions<__rship::NoBlockName>>::EMITTER_IDS,
                <Deck as __rship::Actions<
                    __rship::BlockName<17958452701972169202u64>,
                >>::EMITTER_IDS,
            ],
        ) {
            ::core::panic!(
                "{}",
                "field `playing` and a method of `Deck` both have the emitter id `playing`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
            )
        }
    };
    const _: () = {
        if let __rship::Some(__rship_message) = __rship::Shared::of(
                <Deck as __rship::Actions<
                    __rship::BlockName<17958452701972169202u64>,
                >>::EMITTER_IDS,
                &[<Deck as __rship::Actions<__rship::NoBlockName>>::EMITTER_IDS],
                "block `transport` of `Deck` has emitter ids that methods of an earlier block have already: ",
                "\nnote: give one of them another: `#[emitter(id = \"..\")]`",
            )
            .message()
        {
            ::core::panic!("{}", __rship_message)
        }
    };
    const _: () = {
        if let __rship::Some(__rship_message) = __rship::Shared::of(
                <Deck as __rship::Actions<
                    __rship::BlockName<17958452701972169202u64>,
                >>::ACTION_IDS,
                &[<Deck as __rship::Actions<__rship::NoBlockName>>::ACTION_IDS],
                "block `transport` of `Deck` has action ids that methods of an earlier block have already: ",
                "\nnote: give one of them another: `#[action(id = \"..\")]`",
            )
            .message()
        {
            ::core::panic!("{}", __rship_message)
        }
    };
};
impl Deck {
    fn eject(&mut self) {}
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Deck {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("eject").name("Eject");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::eject(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<6598833050493205529u64> for Deck {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Deck {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &["eject"];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<
                Self,
            >>::MAY;
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsActions<
                Self,
            >>::LISTED;
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
        }
    }
};
impl Transport for Deck {
    fn play(&mut self) {}
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Deck {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("play").name("Play");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = <Self as Transport>::play(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<17054432891826082608u64> for Deck {}
    #[automatically_derived]
    impl __rship::Actions<__rship::BlockName<17958452701972169202u64>> for Deck {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &["play"];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<
                Self,
            >>::MAY;
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsBlock<
                Self,
                17958452701972169202u64,
            >>::LISTED;
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
        }
    }
};
