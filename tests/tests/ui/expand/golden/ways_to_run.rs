impl Lamp {
    fn toggle(&mut self) -> bool {
        self.on = !self.on;
        self.on
    }
    fn save(&self) {}
    async fn dim(&mut self, to: f64) -> Result<(), String> {
        Ok(())
    }
    async fn fade(this: Handle<Self>, to: f64) {}
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_2(__rship_model: &mut __rship::ModelBuilder<Self>);
        fn __rship_describe_3(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Lamp {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("toggle").name("Toggle");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::toggle(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("save")
                .name("Save")
                .timeout(__rship::Duration::new(5u64, 0u32));
            let __rship_action = __rship_spec
                .blocking(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::save(__rship_target);
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
        fn __rship_describe_2(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("dim")
                .name("Dim")
                .writes(
                    __rship::written::id(
                        __rship::written::Fields::<Self>::EMITTERS,
                        __rship::written::Fields::<Self>::BLOCKS,
                        "level",
                        "level",
                    ),
                );
            let __rship_arg_0 = __rship::Arg::<f64>::new("to");
            let __rship_reader_0 = __rship::Arg::reader(&__rship_arg_0);
            let __rship_spec = __rship_spec.arg(&__rship_arg_0);
            let __rship_action = __rship_spec
                .future(move |__rship_target: &mut Self, mut __rship_owned_args| {
                    let __rship_args = &mut __rship_owned_args;
                    let __rship_value_0 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_0,
                    );
                    __rship::Box::pin(async move {
                        let __rship_answer = Self::dim(__rship_target, __rship_value_0?)
                            .await;
                        __rship::ReplyOf(__rship_answer).__rship_reply()
                    })
                });
            __rship_model.action(__rship_action);
        }
        fn __rship_describe_3(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("fade").name("Fade").restart();
            let __rship_arg_0 = __rship::Arg::<f64>::new("to");
            let __rship_reader_0 = __rship::Arg::reader(&__rship_arg_0);
            let __rship_spec = __rship_spec.arg(&__rship_arg_0);
            let __rship_action = __rship_spec
                .detached::<
                    Self,
                    Handle<Self>,
                >(move |__rship_handle: Handle<Self>, mut __rship_owned_args| {
                    let __rship_args = &mut __rship_owned_args;
                    let __rship_value_0 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_0,
                    );
                    __rship::Box::pin(async move {
                        let __rship_answer = Self::fade(__rship_handle, __rship_value_0?)
                            .await;
                        __rship::ReplyOf(__rship_answer).__rship_reply()
                    })
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<748311699140919599u64> for Lamp {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Lamp {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[
            "dim",
            "fade",
            "save",
            "toggle",
        ];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::Some(
            "action `dim` of `Lamp` is `async` or takes a handle, so `Lamp` cannot stand behind a lock, which must not be held over an await\nnote: write an `fn` with `&mut self`, `#[action(blocking)]` where it takes long, or take `Lamp` itself in place of the `Arc<Mutex<Lamp>>`",
        );
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<
                Self,
            >>::MAY;
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsActions<
                Self,
            >>::LISTED;
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
            <Self as __RshipMembers>::__rship_describe_2(__rship_model);
            <Self as __RshipMembers>::__rship_describe_3(__rship_model);
        }
    }
    const _: () = {
        if !__rship::written::exists(
            __rship::written::Fields::<Lamp>::EMITTERS,
            __rship::written::Fields::<Lamp>::BLOCKS,
            "level",
            "level",
        ) {
            ::core::panic!(
                "action `dim` writes `level`, and there is no such emitter\nnote: name a field or a method that is marked `#[emitter]`"
            )
        }
    };
};
