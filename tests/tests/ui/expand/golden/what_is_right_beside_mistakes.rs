::core::compile_error! {
    "unknown argument `nam`, expected one of `name`, `category`, `bg_color`, `fg_color`, `id`, `key`, `name_field`, `actions`, `crate`\nnote: did you mean `name`?"
}
::core::compile_error! {
    "the id `cash:` must not contain `:`\nnote: `:` separates a target from its members; write `cash`"
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{NoActions as _, PlainField as _};
    use __rship::attributes::{target as _, emitter as _, emitter as _};
    #[automatically_derived]
    impl __rship::Derived for Stand {
        type Listing = __rship::Listing;
        type Kind = __rship::Fields;
    }
    #[automatically_derived]
    impl __rship::ListsActions<Stand> for __rship::Listing {}
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Stand {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                f64,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("cash").name("Cash"),
                |__rship_target: &Self| &__rship_target.cash,
            );
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship::FieldOf::<
                u32,
            >::__rship_describe(
                __rship_model,
                __rship::EmitterSpec::new("stock").name("Stock"),
                |__rship_target: &Self| &__rship_target.stock,
            );
        }
    }
    #[automatically_derived]
    impl __rship::Target for Stand {
        fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
            __rship_model.name("Stand");
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
            __rship::Probe::<Self>::describe_actions(__rship_model);
        }
    }
    const _: () = {
        if __rship::is_taken("stock", &[__rship::Probe::<Stand>::EMITTER_IDS]) {
            ::core::panic!(
                "{}",
                "field `stock` and a method of `Stand` both have the emitter id `stock`\nnote: give one of them another: `#[emitter(id = \"..\")]`"
            )
        }
    };
};
impl Stand {
    fn sell(self, count: u32) {}
    fn burn(&mut self) {}
}
::core::compile_error! {
    "action `sell` takes `self` by value, but the target stays in the executor\nnote: write `&self`, `&mut self`, or `this: Handle<Self>` if it runs long"
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Stand {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let _ = __rship::Arg::<u32>::new("count");
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("burn").name("Burn");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::burn(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<1114416753522820323u64> for Stand {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Stand {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &["burn", "sell"];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
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
