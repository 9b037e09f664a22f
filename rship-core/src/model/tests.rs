//! Descriptions by hand: what is refused, and what their actions take.

use serde_json::{Value, json};

use crate::model::{
    ActionSpec, AnyModel as _, AnyTarget, Arg, EmitterSpec, Model, ModelBuilder, Reply, Running,
};

#[derive(Default)]
struct Fader {
    level: f32,
}

fn problems(describe: impl FnOnce(&mut ModelBuilder<Fader>)) -> Vec<String> {
    let mut model = ModelBuilder::new("Fader");
    describe(&mut model);
    let error = model.build().err();
    let problems = error.into_iter().flat_map(|error| error.problems);
    problems.map(|problem| problem.to_string()).collect()
}

fn call(model: &Model<Fader>, fader: &mut Fader, action: usize, mut payload: Value) -> Reply {
    model.prepare(action, &mut payload)?;
    match model.call(action, fader as &mut AnyTarget, payload) {
        Running::Done(reply) => reply,
        Running::Future(_) => Ok("a future".into()),
    }
}

fn setter(model: &mut ModelBuilder<Fader>, arg: Arg<f32>) {
    model.state(EmitterSpec::new("level"), |fader: &Fader| &fader.level);
    let spec = ActionSpec::new("set-level");
    model.setter(spec, "level", "level", arg, |fader, level| {
        fader.level = level
    });
}

fn ignore(arg: &Arg<f32>) -> crate::model::Action<Fader> {
    let read = arg.reader();
    let spec = ActionSpec::new("go").arg(arg);
    spec.sync(move |_, args| args.read(&read).map(|level| json!(level)))
}

#[test]
fn what_an_f32_publishes_can_be_set_again_up_to_its_bounds() {
    let mut model = ModelBuilder::new("Fader");
    setter(&mut model, Arg::new("level").min(0.1).max(0.7));
    let model = model.build().unwrap();
    let schema = &model.descriptor().actions[0].schema;
    assert_eq!(
        (&schema["minimum"], &schema["maximum"]),
        (&json!(0.1), &json!(0.7))
    );
    let mut fader = Fader::default();
    for bound in [0.1_f32, 0.7] {
        for sent in [
            json!(bound),
            serde_json::from_str(&bound.to_string()).unwrap(),
        ] {
            call(&model, &mut fader, 0, sent).unwrap();
            assert_eq!(fader.level, bound);
            let mut json = Vec::new();
            model.read(0, &fader, &mut json).unwrap();
            assert_eq!(json, bound.to_string().into_bytes());
        }
    }
    let refused = call(&model, &mut fader, 0, json!(0.7001)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the payload: expected a number from 0.1 to 0.7, got 0.7001"
    );
}

#[test]
fn bounds_that_are_not_finite_and_defaults_outside_of_them_are_refused() {
    let infinite = |action: &str, key: &str| {
        format!(
            "action `{action}`, argument `level`: `{key}` is not a finite number, so no server can check it: remove it"
        )
    };
    let arg = || Arg::<f32>::new("level");
    assert_eq!(
        problems(|model| setter(model, arg().max(f32::INFINITY))),
        [infinite("set-level", "max")]
    );
    let nan = problems(|model| {
        model.action(ignore(&arg().min(f32::NAN)));
    });
    assert_eq!(nan, [infinite("go", "min")]);
    let empty =
        "action `set-level`, argument `level`: `min` is above `max`, so no value would be allowed";
    assert_eq!(
        problems(|model| setter(model, arg().min(2.0).max(1.0))),
        [empty]
    );
    let outside = "argument `level`: its default 0.7 is outside of its `min` and `max`";
    let default = arg().max(0.5).default(|| 0.7).show_default();
    let refused = problems(|model| {
        model.action(ignore(&default));
    });
    assert_eq!(refused, [format!("action `go`, {outside}")]);

    // What only the default's own code knows is found when it is used.
    let mut model = ModelBuilder::new("Fader");
    model.action(ignore(&arg().max(0.5).default(|| 0.7)));
    let model = model.build().unwrap();
    let mut fader = Fader::default();
    let refused = call(&model, &mut fader, 0, json!({})).unwrap_err();
    assert_eq!(refused.to_string(), outside);
    assert!(call(&model, &mut fader, 0, json!({"level": 0.5})).is_ok());
}

#[test]
fn a_name_that_is_given_twice_by_way_of_flatten_is_refused_in_either_order() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Cue {
        #[expect(dead_code, reason = "its name is what counts")]
        level: f32,
    }
    let (flat, level) = (Arg::<Cue>::new("cue").flatten(), Arg::<f32>::new("level"));
    for spec in [
        ActionSpec::new("go").arg(&flat).arg(&level),
        ActionSpec::new("go").arg(&level).arg(&flat),
    ] {
        let problems = problems(|model| {
            model.action(spec.sync(|_, _| Ok(Value::Null)));
        });
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("`level`"), "{problems:?}");
    }
}

#[test]
fn impulses_have_no_pace() {
    let paced = problems(|model| {
        let spec = EmitterSpec::new("hit").deadband::<f32>(0.1);
        // The field is never asked for.
        model.impulse::<f32>(spec, |_| unreachable!());
    });
    assert_eq!(
        paced,
        ["emitter `hit` is an impulse, so it cannot have a `max_rate` or a `deadband`"]
    );
}

#[test]
fn a_dead_band_that_is_not_a_number_above_0_is_refused() {
    for by in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let refused = problems(|model| {
            let spec = EmitterSpec::new("level").deadband::<f32>(by);
            // The field is never asked for.
            model.state::<f32>(spec, |_| unreachable!());
        });
        let text = format!("emitter `level` has the dead band {by}, which is not a number above 0");
        assert_eq!(refused, [text]);
    }
}
