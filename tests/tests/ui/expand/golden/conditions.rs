#[cfg(unix)]
impl Machine {
    #[cfg(debug_assertions)]
    fn halt(&mut self, #[cfg(test)] hard: bool) {}
    #[cfg(not(debug_assertions))]
    fn stop(&mut self) {}
}
#[derive(::rship_runtime::__Described)]
#[::rship_runtime::__asked]
struct __RshipAsked(
    [(); {
        ::core::stringify! {};
        #[cfg(unix)]
        impl Machine {
            #[cfg(debug_assertions)]
            #[action(id = "stop")]
            fn halt(&mut self, #[cfg(test)] hard: bool) {}
            #[cfg(not(debug_assertions))]
            #[action]
            fn stop(&mut self) {}
        }
        0
    }],
);
