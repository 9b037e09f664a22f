impl Screen {
    /// Shows a picture.
    fn show(&mut self, file_name: String, after: f64, looping: bool, place: Place) {}
}
const _: () = {
    use ::rship_runtime::__private as __rship;
    use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};
    trait __RshipMembers: ::core::marker::Sized {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Screen {
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("show")
                .name("Show it")
                .doc("Shows a picture.");
            let __rship_arg_0 = __rship::Arg::<String>::new("file")
                .doc("Which one.")
                .label("File");
            let __rship_reader_0 = __rship::Arg::reader(&__rship_arg_0);
            let __rship_spec = __rship_spec.arg(&__rship_arg_0);
            let __rship_arg_1 = __rship::Arg::<f64>::new("after")
                .doc("Unit: s.")
                .min(0.0)
                .max(600.0)
                .default(|| 3.0)
                .show_default();
            let __rship_reader_1 = __rship::Arg::reader(&__rship_arg_1);
            let __rship_spec = __rship_spec.arg(&__rship_arg_1);
            let __rship_arg_2 = __rship::Arg::<bool>::new("looping")
                .default(<bool as ::core::default::Default>::default);
            let __rship_reader_2 = __rship::Arg::reader(&__rship_arg_2);
            let __rship_spec = __rship_spec.arg(&__rship_arg_2);
            let __rship_arg_3 = __rship::Arg::<Place>::new("place").flatten();
            let __rship_reader_3 = __rship::Arg::reader(&__rship_arg_3);
            let __rship_spec = __rship_spec.arg(&__rship_arg_3);
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, __rship_args| {
                    let __rship_value_0 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_0,
                    );
                    let __rship_value_1 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_1,
                    );
                    let __rship_value_2 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_2,
                    );
                    let __rship_value_3 = __rship::Args::read(
                        __rship_args,
                        &__rship_reader_3,
                    );
                    let __rship_answer = Self::show(
                        __rship_target,
                        __rship_value_0?,
                        __rship_value_1?,
                        __rship_value_2?,
                        __rship_value_3?,
                    );
                    __rship::ReplyOf(__rship_answer).__rship_reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<11393166394330813705u64> for Screen {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Screen {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &["show"];
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
