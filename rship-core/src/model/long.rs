//! What long actions have besides: an emitter that says how far they are, and an action that ends them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::descriptor::{ActionMode, EmitterKind};
use crate::json;
use crate::model::action::Handler;
use crate::model::typed::Reader;
use crate::model::{ActionSpec, EmitterSpec, ModelBuilder, Problem};
use crate::schema::{ObjectSchema, TypeSchema};
use crate::show::UnitInterval;

/// How far the runs of an action are: what its emitter `ID-progress` publishes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Progress {
    /// The newest run.
    #[serde(flatten)]
    pub newest: RunProgress,
    /// Older runs: those that are still running, and the last that ended.
    pub others: Vec<RunProgress>,
}

/// How far one run is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct RunProgress {
    /// Its number; runs are counted from 1, and 0 means that there was none.
    pub run: u64,
    /// How it is.
    pub state: RunState,
    /// How far it is, from 0 to 1.
    pub progress: UnitInterval,
    /// What it said last, or why it ended.
    pub text: String,
}

/// How a run of an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// There was none yet.
    #[default]
    Idle,
    /// It runs.
    Running,
    /// It has ended well.
    Done,
    /// It has ended with an error.
    Failed,
    /// It was ended by somebody else.
    Cancelled,
}

/// The schema of [`Progress`], which is the same in every program: writing it down takes a fiftieth of what
/// finding it out does.
const PROGRESS: &str = include_str!("progress.json");

/// What of this an action has.
pub(super) struct Long {
    id: String,
    name: String,
    progress: bool,
    cancel: bool,
}

impl Long {
    /// Finds out, and what of it does not go with the handler, which may be a future.
    pub(super) fn of(spec: &mut ActionSpec, mode: ActionMode, future: bool) -> Self {
        let detached = mode == ActionMode::Detached;
        for (option, given, fits, must) in [
            ("progress", spec.progress, detached, "take a handle"),
            ("accepted", spec.accepted, detached, "take a handle"),
            ("cancel", spec.cancel, future, "be a future"),
            ("restart", spec.restart, future, "be a future"),
        ] {
            if given && !fits {
                let action = spec.id.clone();
                let problem = Problem::WrongOption {
                    action,
                    option,
                    must,
                };
                spec.problems.push(problem);
            }
        }
        Self {
            id: spec.id.clone(),
            name: spec.name.clone().unwrap_or_else(|| spec.id.clone()),
            progress: spec.progress,
            cancel: spec.cancel,
        }
    }

    /// Adds the emitter and the action for the action at a position.
    pub(super) fn describe<T>(self, action: usize, model: &mut ModelBuilder<T>) {
        if self.progress {
            let kind = EmitterKind::Progress { action };
            let (spec, schema) = self.emitter();
            let schema = TypeSchema {
                schema,
                nullable: false,
            };
            model.emitter(spec, kind, Ok(schema), Reader::Progress);
        }
        if self.cancel {
            let mode = ActionMode::Cancel { action };
            let (spec, schema) = self.action();
            model.call(spec, mode, schema, Handler::Cancel, None);
        }
    }

    fn emitter(&self) -> (EmitterSpec, Value) {
        let Self { id, name, .. } = self;
        let spec = EmitterSpec::new(format!("{id}-progress"))
            .name(format!("{name}: progress"))
            .doc(format!("How far `{name}` is."));
        (spec, json::read_text(PROGRESS).unwrap_or_default())
    }

    fn action(&self) -> (ActionSpec, Value) {
        let Self { id, name, .. } = self;
        let spec = ActionSpec::new(format!("{id}-cancel"))
            .name(format!("{name}: cancel"))
            .doc(format!(
                "Ends all runs of `{name}`; answers whether there were any."
            ));
        (spec, ObjectSchema::new().finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EmitterValue as _;

    #[test]
    fn an_option_that_does_not_go_with_the_handler_is_a_problem() {
        let mut model = ModelBuilder::<()>::new("Lamp");
        let spec = ActionSpec::new("fade").progress().cancel().accepted();
        model.action(spec.sync(|(): &mut (), _| Ok(().into())));
        let error = model.build().map(drop).unwrap_err().to_string();
        for option in ["`progress`", "`cancel`", "`accepted`"] {
            assert!(error.contains(option), "{error}");
        }
    }

    #[test]
    fn the_schema_of_progress_is_one_that_servers_can_bind_to() {
        let schema = Progress::emitter_schema().unwrap().schema;
        assert_eq!(json::read_text(PROGRESS).unwrap(), schema);
        assert_eq!(schema["properties"]["progress"]["maximum"], 1.0);
        assert_eq!(schema["properties"]["state"]["type"], "string");
        assert_eq!(schema["properties"]["others"]["type"], "array");
    }
}
