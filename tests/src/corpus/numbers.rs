//! Integers and floats of all widths.

use std::num::{NonZeroI16, NonZeroU8};

use serde_json::json;

use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<u8>("u8")
            .good([json!(0), json!(255)])
            .served([json!(3.0)])
            .bad([json!(-1), json!(256), json!(3.5), json!("3"), json!(true)]),
        case::<u16>("u16")
            .good([json!(0), json!(65535)])
            .bad([json!(-1), json!(65536)]),
        case::<u32>("u32")
            .good([json!(0), json!(u32::MAX)])
            .served([json!(4_294_967_295.0)])
            .bad([json!(-1), json!(4_294_967_296_u64), json!(4_294_967_296.0)]),
        case::<u64>("u64")
            .good([json!(0), json!(u64::MAX)])
            .served([json!(9_223_372_036_854_775_808.0)])
            .bad([json!(-1), json!(18_446_744_073_709_551_616.0), json!(0.5)]),
        case::<usize>("usize")
            .good([json!(0), json!(7)])
            .bad([json!(-1), json!([7])]),
        case::<i8>("i8")
            .good([json!(-128), json!(127)])
            .served([json!(-3.0)])
            .bad([json!(-129), json!(128)]),
        case::<i16>("i16")
            .good([json!(-32768), json!(32767)])
            .bad([json!(-32769), json!(32768)]),
        case::<i32>("i32")
            .good([json!(i32::MIN), json!(i32::MAX)])
            .bad([json!(2_147_483_648_i64), json!(-2_147_483_649_i64)]),
        case::<i64>("i64")
            .good([json!(i64::MIN), json!(i64::MAX)])
            .served([json!(-9_223_372_036_854_775_808.0)])
            .bad([json!(9_223_372_036_854_775_808_u64), json!(-1e19)]),
        case::<isize>("isize").good([json!(-1)]).bad([json!(0.1)]),
        case::<i128>("i128")
            .good([json!(-5), json!(u64::MAX)])
            .bad([json!("5"), json!(5.5), json!(1e300)]),
        case::<u128>("u128")
            .good([json!(5), json!(u64::MAX)])
            .bad([json!(-5), json!(18_446_744_073_709_551_616.0)]),
        case::<NonZeroU8>("NonZeroU8")
            .good([json!(1), json!(255)])
            .bad([json!(0), json!(256)]),
        case::<NonZeroI16>("NonZeroI16")
            .good([json!(-1)])
            .bad([json!(40_000)])
            .left_to_decoder([json!(0)]),
        case::<f32>("f32")
            .good([json!(0.5), json!(3)])
            .bad([json!("0.5"), json!(null)]),
        case::<f64>("f64")
            .good([json!(0.1), json!(-1e300), json!(u64::MAX)])
            .bad([json!("loud"), json!([0.1]), json!(false)]),
        case::<serde_json::Number>("Number")
            .good([json!(1), json!(1.5)])
            .bad([json!("1")]),
    ]
}
