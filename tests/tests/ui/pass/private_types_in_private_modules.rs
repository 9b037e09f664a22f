//! Nothing has to be public to be shown.

#![deny(warnings)]

mod outer {
    mod inner {
        use rship_runtime::prelude::*;

        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        struct Secret {
            code: u32,
        }

        #[derive(Target, Default)]
        struct Safe {
            #[emitter]
            #[action]
            locked: bool,
            #[emitter]
            opened: Emitter<Secret>,
        }

        #[actions]
        impl Safe {
            #[action]
            fn open(&mut self, with: Secret) -> Result<Secret, String> {
                self.locked = false;
                self.opened.pulse(Secret { code: with.code });
                Ok(with)
            }

            #[emitter]
            fn secret(&self) -> Secret {
                Secret { code: 1 }
            }
        }

        pub(super) fn check() {
            assert_eq!(Safe::descriptor().unwrap().actions.len(), 2);
            assert!(Safe::default().open(Secret { code: 1 }).is_ok());
        }
    }

    pub(crate) fn check() {
        inner::check();
    }
}

fn main() {
    outer::check();

    use rship_runtime::prelude::*;

    #[derive(Target)]
    struct InABody {
        #[emitter]
        level: f64,
    }

    #[actions]
    impl InABody {
        #[action]
        fn dim(&mut self, level: f64) {
            self.level = level;
        }
    }

    assert_eq!(InABody::descriptor().unwrap().actions.len(), 1);
    InABody { level: 0.0 }.dim(1.0);
}
