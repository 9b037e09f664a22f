#[cfg(unix)]
impl Machine {
    #[cfg(debug_assertions)]
    fn halt(&mut self, #[cfg(test)] hard: bool) {}
    #[cfg(not(debug_assertions))]
    fn stop(&mut self) {}
}
#[cfg(not(debug_assertions))]
#[cfg(debug_assertions)]
::core::compile_error! {
    "action `stop` has the id `stop`, which action `halt` has already\nnote: give one of them another: `#[action(id = \"..\")]`"
}
#[cfg(unix)]
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
const _: () = {
    use ::rship_runtime::__private as __rship;
    #[allow(unused_imports)]
    use __rship::PlainReply as _;
    trait __RshipMembers: ::core::marker::Sized {
        #[cfg(debug_assertions)]
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>);
        #[cfg(not(debug_assertions))]
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>);
    }
    #[automatically_derived]
    impl __RshipMembers for Machine {
        #[cfg(debug_assertions)]
        fn __rship_describe_0(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("stop").name("Halt");
            #[cfg(test)]
            let __rship_arg_0 = __rship::Arg::<bool>::new("hard");
            #[cfg(test)]
            let __rship_reader_0 = __rship_arg_0.reader();
            #[cfg(test)]
            let __rship_spec = __rship_spec.arg(&__rship_arg_0);
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, __rship_args| {
                    #[cfg(test)]
                    let __rship_value_0 = __rship_args.read(&__rship_reader_0);
                    let __rship_answer = Self::halt(
                        __rship_target,
                        #[cfg(test)]
                        __rship_value_0?,
                    );
                    __rship::ReplyOf(__rship_answer).reply()
                });
            __rship_model.action(__rship_action);
        }
        #[cfg(not(debug_assertions))]
        fn __rship_describe_1(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let __rship_spec = __rship::ActionSpec::new("stop").name("Stop");
            let __rship_action = __rship_spec
                .sync(move |__rship_target: &mut Self, _| {
                    let __rship_answer = Self::stop(__rship_target);
                    __rship::ReplyOf(__rship_answer).reply()
                });
            __rship_model.action(__rship_action);
        }
    }
    #[automatically_derived]
    impl __rship::Block<8116219430956647551u64> for Machine {}
    #[automatically_derived]
    impl __rship::Actions<__rship::NoBlockName> for Machine {
        const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[
            #[cfg(debug_assertions)]
            "stop",
            #[cfg(not(debug_assertions))]
            "stop",
        ];
        const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[];
        fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
            let () = <<Self as __rship::Derived>::Listing as __rship::ListsActions<
                Self,
            >>::LISTED;
            #[cfg(debug_assertions)]
            <Self as __RshipMembers>::__rship_describe_0(__rship_model);
            #[cfg(not(debug_assertions))]
            <Self as __RshipMembers>::__rship_describe_1(__rship_model);
        }
    }
};
