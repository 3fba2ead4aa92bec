//! What a step of a playbook does.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Ref, Schema};
use utoipa::{PartialSchema, ToSchema};
use vigiles_model as model;
use vigiles_model::playbook::{self, OwnOrOutward};

/// Who or what carries out a step. Texts may hold placeholders: `{title}`, `{number}`, `{answers.<step>}`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Action {
    /// Of a kind that the platform carries out by itself.
    Own(OwnAction),
    /// Of a kind that acts outward; `GET /api/v1/task-kinds` tells them.
    Outward(OutwardAction),
}

/// One or the other or both: the kind of what acts outward may have any name, so what the platform carries out by itself looks
/// like that too, and `oneOf`, which is what is derived, would refuse it.
impl PartialSchema for Action {
    fn schema() -> RefOr<Schema> {
        let one = |name: &str| Ref::from_schema_name(name);
        let about = "Who or what carries out a step: what the platform does by itself, or a kind that acts outward \
                     (`GET /api/v1/task-kinds` tells them). Texts may hold placeholders: `{title}`, `{number}`, \
                     `{answers.<step>}`.";
        AnyOfBuilder::new().description(Some(about)).item(one("OwnAction")).item(one("OutwardAction")).into()
    }
}

impl ToSchema for Action {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend([
            (OwnAction::name().into(), OwnAction::schema()),
            (OutwardAction::name().into(), OutwardAction::schema()),
        ]);
        OwnAction::schemas(schemas);
        OutwardAction::schemas(schemas);
    }
}

/// An action that goes out to the world: an object with one key, the kind, whose value holds the settings.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = BTreeMap<String, BTreeMap<String, SettingValue>>)]
pub struct OutwardAction(pub playbook::Outward);

/// What a setting holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SettingValue {
    /// A text, a name, a choice.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
    /// A number, in the unit of the setting.
    Number(f64),
}

impl From<playbook::SettingValue> for SettingValue {
    fn from(value: playbook::SettingValue) -> Self {
        match value {
            playbook::SettingValue::Text(text) => Self::Text(text),
            playbook::SettingValue::Texts(texts) => Self::Texts(texts),
            playbook::SettingValue::Number(number) => Self::Number(number),
        }
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        OwnOrOutward::read(from, playbook::Action::own()).map(|read| match read {
            OwnOrOutward::Own(own) => Self::Own(own),
            OwnOrOutward::Outward(outward) => Self::Outward(OutwardAction(outward)),
        })
    }
}

/// An action that the platform carries out by itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OwnAction {
    /// A person ticks it off.
    Manual,
    /// The console shows a notice.
    NotifyConsole {
        /// The text.
        message: String,
    },
    /// The incident is given to somebody.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// A person answers a question.
    Ask {
        /// The question.
        question: String,
        /// The answers to choose from; any text where there are none.
        #[serde(default)]
        #[schema(max_items = 20)]
        options: Vec<String>,
    },
    /// Nothing happens until the time is over or the condition holds, whichever comes first.
    Wait {
        /// Seconds.
        #[serde(default)]
        #[schema(minimum = 1, maximum = 2_678_400)]
        seconds: Option<u32>,
        /// A CEL expression as in `when`.
        #[serde(default)]
        until: Option<String>,
    },
    /// A note is written into the timeline.
    Annotate {
        /// The text.
        text: String,
    },
    /// A joint room of the incident is opened.
    OpenRoom {
        /// Its name.
        name: String,
        /// Who is invited beside the agency that leads.
        #[schema(value_type = Vec<String>, min_items = 1, max_items = 20)]
        agencies: Vec<model::AgencyId>,
    },
}

/// To whom an incident is given: an object with one key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    #[schema(value_type = String)]
    Person(model::PersonId),
    /// Whoever has this role, such as `supervisor`, in the agency that leads.
    Role(String),
    /// An agency; the one that leads stays the same.
    #[schema(value_type = String)]
    Agency(model::AgencyId),
}

impl From<playbook::Assignee> for Assignee {
    fn from(assignee: playbook::Assignee) -> Self {
        match assignee {
            playbook::Assignee::Person(id) => Self::Person(id),
            playbook::Assignee::Role(role) => Self::Role(role),
            playbook::Assignee::Agency(id) => Self::Agency(id),
        }
    }
}

impl From<Assignee> for playbook::Assignee {
    fn from(assignee: Assignee) -> Self {
        match assignee {
            Assignee::Person(id) => Self::Person(id),
            Assignee::Role(role) => Self::Role(role),
            Assignee::Agency(id) => Self::Agency(id),
        }
    }
}

impl From<playbook::Action> for Action {
    fn from(action: playbook::Action) -> Self {
        use playbook::Action as Model;
        Self::Own(match action {
            Model::Manual => OwnAction::Manual,
            Model::NotifyConsole { message } => OwnAction::NotifyConsole { message },
            Model::Assign { to } => OwnAction::Assign { to: to.into() },
            Model::Ask { question, options } => OwnAction::Ask { question, options },
            Model::Wait { seconds, until } => OwnAction::Wait { seconds, until },
            Model::Annotate { text } => OwnAction::Annotate { text },
            Model::OpenRoom { name, agencies } => OwnAction::OpenRoom { name, agencies },
            Model::Outward(outward) => return Self::Outward(OutwardAction(outward)),
        })
    }
}

impl From<Action> for playbook::Action {
    fn from(action: Action) -> Self {
        match action {
            Action::Own(OwnAction::Manual) => Self::Manual,
            Action::Own(OwnAction::NotifyConsole { message }) => Self::NotifyConsole { message },
            Action::Own(OwnAction::Assign { to }) => Self::Assign { to: to.into() },
            Action::Own(OwnAction::Ask { question, options }) => Self::Ask { question, options },
            Action::Own(OwnAction::Wait { seconds, until }) => Self::Wait { seconds, until },
            Action::Own(OwnAction::Annotate { text }) => Self::Annotate { text },
            Action::Own(OwnAction::OpenRoom { name, agencies }) => Self::OpenRoom { name, agencies },
            Action::Outward(OutwardAction(outward)) => Self::Outward(outward),
        }
    }
}
