const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{target as _, emitter as _, action as _};
    #[automatically_derived]
    impl<V: Serialize + JsonSchema + Send + 'static, const N: usize> __rship::Derived
    for Dimmer<V, N>
    where
        [V; N]: Send,
    {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + 'static,
        const N: usize,
    > __rship::ListsActions<Dimmer<V, N>> for __rship::Listing
    where
        [V; N]: Send,
    {}
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + 'static,
        const N: usize,
    > __rship::HasField<7548762480640922022u64> for Dimmer<V, N>
    where
        [V; N]: Send,
    {}
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + 'static,
        const N: usize,
    > __rship::HasField<10118242007789792688u64> for Dimmer<V, N>
    where
        [V; N]: Send,
    {}
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + 'static,
        const N: usize,
    > __rship::HasField<14212577152324296295u64> for Dimmer<V, N>
    where
        [V; N]: Send,
    {}
    #[automatically_derived]
    impl<V: Serialize + JsonSchema + Send + 'static, const N: usize> __rship::HasOneBlock
    for Dimmer<V, N>
    where
        [V; N]: Send,
    {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl<V: Serialize + JsonSchema + Send + 'static, const N: usize> __RshipMembers
    for Dimmer<V, N>
    where
        [V; N]: Send,
        Self: __rship::Actions<__rship::NoBlockName>,
    {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                V,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("level").name("Level"),
                |__rship_target: &Self| &__rship_target.level,
            );
            __rship_model
                .setter(
                    __rship::ActionSpec::new("set-level").name("Set level"),
                    "level",
                    "level",
                    __rship::Arg::<V>::new("level"),
                    |__rship_target: &mut Self, __rship_value: V| {
                        __rship::FieldOf::<
                            V,
                        >::__rship_set(&mut __rship_target.level, __rship_value)
                    },
                );
        }
    }
    #[automatically_derived]
    impl<V: Serialize + JsonSchema + Send + 'static, const N: usize> __rship::Target
    for Dimmer<V, N>
    where
        [V; N]: Send,
        Self: __rship::Actions<__rship::NoBlockName>,
    {
        const EMITTERS: __rship::Option<__rship::written::Emitters> = __rship::Some(
            &[("level", "level")],
        );
        const BLOCKS: __rship::written::Blocks = &[
            <Self as __rship::Actions<__rship::NoBlockName>>::EMITTER_IDS,
        ];
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::first(
            &[<Self as __rship::Actions<__rship::NoBlockName>>::AWAITING],
        );
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            const {
                if __rship::is_taken(
                    "level",
                    &[<Self as __rship::Actions<__rship::NoBlockName>>::EMITTER_IDS],
                ) {
                    ::core::panic!(
                        "{}",
                        "field `level` and a method of `Dimmer` both have the emitter id `level`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
                    )
                }
            }
            const {
                if __rship::is_taken(
                    "set-level",
                    &[<Self as __rship::Actions<__rship::NoBlockName>>::ACTION_IDS],
                ) {
                    ::core::panic!(
                        "{}",
                        "field `level` and a method of `Dimmer` both have the action id `set-level`\nnote: give one of them another: `#[action(id = \"..\")]`"
                    )
                }
            }
            __rship_model.name("Dimmer");
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __rship::Actions<
                __rship::NoBlockName,
            >>::describe_actions(__rship_model);
        }
    }
};
impl<V: Serialize + JsonSchema + Send + Clone + 'static, const N: usize> Dimmer<V, N>
where
    [V; N]: Send,
{
    fn level(&self) -> V {
        self.level.clone()
    }
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + Clone + 'static,
        const N: usize,
    > __RshipMembers for Dimmer<V, N>
    where
        [V; N]: Send,
    {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("level").name("Level");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::level(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + Clone + 'static,
        const N: usize,
    > __rship::Block<6377151555027317912u64> for Dimmer<V, N>
    where
        [V; N]: Send,
    {}
    #[automatically_derived]
    impl<
        V: Serialize + JsonSchema + Send + Clone + 'static,
        const N: usize,
    > __rship::Actions<__rship::NoBlockName> for Dimmer<V, N>
    where
        [V; N]: Send,
    {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &["level"];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<
                Self,
            >>::MAY;
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsActions<
                Self,
            >>::LISTED;
            {
                use __rship::OtherwiseNo as _;
                {
                    #[diagnostic::on_unimplemented(
                        message = "method `level` and a field of `Dimmer<V, N>` both have the action id `level`",
                        label = "this id is taken",
                        note = "give one of them another: `#[action(id = \"..\")]`"
                    )]
                    trait __RshipRight {}
                    impl __RshipRight for __rship::No {}
                    fn __rship_is_right<A: __RshipRight>(_: A) {}
                    __rship_is_right(
                        __rship::AskField::<
                            Self,
                            5600467331612657205u64,
                        >::__rship_answer(),
                    );
                }
            }
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
        }
    }
};
