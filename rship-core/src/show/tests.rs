//! That the ready-made types have the shapes by which servers know them.

use serde_json::{Value, json};

use super::{Hsl, Hsv, Point3, Rgb, Rgba, Trigger, UnitInterval};
use crate::model::{ArgumentValue, EmitterValue};
use crate::payload::{Checker, decode};
use crate::schema::{of_argument, of_emitter};

fn fields<T: schemars::JsonSchema>() -> Vec<(String, Value)> {
    let schema = of_argument::<T>().expect("a schema").schema;
    assert_eq!(of_emitter::<T>().expect("a schema").schema, schema);
    let fields = schema["properties"].as_object().expect("an object");
    fields
        .iter()
        .map(|(name, field)| (name.clone(), field["type"].clone()))
        .collect()
}

#[test]
fn colors_and_positions_have_exactly_their_numbers() {
    let numbers = |names: &[&str]| -> Vec<(String, Value)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), json!("number")))
            .collect()
    };
    assert_eq!(fields::<Rgb>(), numbers(&["b", "g", "r"]));
    assert_eq!(fields::<Rgba>(), numbers(&["a", "b", "g", "r"]));
    assert_eq!(fields::<Hsv>(), numbers(&["h", "s", "v"]));
    assert_eq!(fields::<Hsl>(), numbers(&["h", "l", "s"]));
    assert_eq!(fields::<Point3>(), numbers(&["x", "y", "z"]));
}

#[test]
fn what_is_published_is_read_again() {
    let orange = Rgb::new(1.0, 0.5, 0.0);
    assert_eq!(decode("", json!({"r": 1, "g": 0.5, "b": 0})), Ok(orange));
    assert_eq!(
        serde_json::to_value(orange.with_alpha(0.25)).expect("json"),
        json!({"r": 1.0, "g": 0.5, "b": 0.0, "a": 0.25})
    );
    assert_eq!(Rgba::from([1.0, 0.5, 0.0, 1.0]).rgb(), orange);
    assert_eq!(<[f64; 3]>::from(Hsv::new(0.1, 0.2, 0.3)), [0.1, 0.2, 0.3]);
    assert_eq!(Point3::from([1.0, 2.0, 3.0]), Point3::new(1.0, 2.0, 3.0));
}

#[test]
fn a_unit_interval_refuses_what_is_outside_and_names_the_range() {
    let schema = of_argument::<UnitInterval>().expect("a schema").schema;
    let checker = Checker::compile(&schema);
    for inside in [json!(0), json!(0.5), json!(1), json!(1.0)] {
        assert!(checker.check(&mut inside.clone()).is_ok(), "{inside}");
        assert!(decode::<UnitInterval>("level", &inside).is_ok(), "{inside}");
    }
    for outside in [json!(-0.001), json!(1.001), json!(2), json!(1e300)] {
        assert!(checker.check(&mut outside.clone()).is_err(), "{outside}");
        let error = decode::<UnitInterval>("level", &outside).expect_err("outside");
        let error = error.to_string();
        assert!(
            error.starts_with("argument `level`: invalid value: "),
            "{error}"
        );
        assert!(
            error.ends_with(", expected a number from 0 to 1"),
            "{error}"
        );
    }
    for number in [f64::NAN, f64::INFINITY, -0.1] {
        assert!(UnitInterval::new(number).is_err());
    }
    assert_eq!(UnitInterval::clamp(f64::NAN), UnitInterval::ZERO);
    assert_eq!(UnitInterval::clamp(7.0), UnitInterval::ONE);
}

#[test]
fn a_trigger_takes_whatever_comes_and_need_not_come() {
    let trigger = of_argument::<Trigger>().expect("a schema");
    assert_eq!(trigger.schema, json!({"format": "exec-tick"}));
    assert!(trigger.nullable);
    for sent in [json!(null), json!(true), json!(3), json!({}), json!([1])] {
        assert_eq!(decode("go", &sent), Ok(Trigger));
    }
    assert_eq!(decode("go", json!(null)), Ok(None::<Trigger>));
    assert_eq!(decode("go", json!({})), Ok(Some(Trigger)));
    let optional = of_argument::<Option<Trigger>>().expect("a schema");
    assert_eq!(optional, trigger);
}

#[test]
fn all_of_them_are_argument_and_emitter_types() {
    fn both<T: ArgumentValue + EmitterValue + Copy + Default + PartialEq>() {}
    both::<Rgb>();
    both::<Rgba>();
    both::<Hsv>();
    both::<Hsl>();
    both::<Point3>();
    both::<UnitInterval>();
    both::<Trigger>();
}
