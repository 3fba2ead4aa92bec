//! What format 1 was written from: the types of that time, field by field.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use vigiles_model::incident::TimelineEntry;
use vigiles_model::playbook::Assignee;
use vigiles_model::{
    AgencyId, AlarmId, AlarmState, Asset, AssetId, Geometry, IncidentId, IncidentState, KindId, Observation,
    ObservationKind, PersonId, PlaybookId, Position, Priority, Reality, RuleId, Severity, TaskId, TaskState, Timestamp,
    Zone, ZoneId,
};

use crate::command::ConfigKind;
use crate::live::Counters;
use crate::recent::Ids;
use crate::rule::{Condition, Count, Crossing, IncidentSpec, Key, RateOfChange, Silent, Threshold};
use crate::series_table::SeriesKey;
use crate::slot::{Address, Slot};

#[derive(Deserialize)]
pub(super) struct Image1 {
    pub(super) config: Config1,
    pub(super) utc_offset_s: i32,
    pub(super) now: i64,
    pub(super) next_sweep: i64,
    pub(super) names: Vec<CompactString>,
    pub(super) recent: (Ids, Ids),
    pub(super) counters: Counters1,
    pub(super) series: Vec<(SeriesKey, i64, i64)>,
    pub(super) slots: Vec<Slot>,
    pub(super) alarms: BTreeMap<u64, Record1>,
    pub(super) next_alarm: u64,
    pub(super) cases: BTreeMap<u64, Case1>,
    pub(super) last_case: u64,
    pub(super) bound: BTreeMap<Address, u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Config1 {
    pub(super) kinds: BTreeMap<KindId, ObservationKind>,
    pub(super) assets: BTreeMap<AssetId, Asset>,
    pub(super) zones: BTreeMap<ZoneId, Zone>,
    pub(super) rules: BTreeMap<RuleId, Rule1>,
    pub(super) playbooks: BTreeMap<PlaybookId, Playbook1>,
    /// A map then; postcard writes both alike.
    pub(super) versions: Vec<((ConfigKind, String), u64)>,
}

#[derive(Deserialize)]
pub(super) struct Counters1 {
    pub(super) observations: u64,
    pub(super) evaluated: u64,
    pub(super) duplicates: u64,
    pub(super) out_of_order: u64,
    pub(super) late: u64,
    pub(super) implausible: u64,
    pub(super) refused: u64,
    pub(super) rule_errors: BTreeMap<u32, u64>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Rule1 {
    pub(super) id: RuleId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) enabled: bool,
    pub(super) version: u64,
    pub(super) agency: AgencyId,
    pub(super) author: Option<PersonId>,
    pub(super) kinds: Vec<KindId>,
    pub(super) when: Option<String>,
    pub(super) key: Key,
    pub(super) detector: Detector1,
    pub(super) alarm: AlarmText1,
    pub(super) cooldown_s: f64,
    pub(super) incident: Option<IncidentSpec>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Detector1 {
    Threshold(Threshold),
    RateOfChange(RateOfChange),
    Silent(Silent),
    Geofence(Geofence1),
    Count(Count),
    Condition(Condition),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Geofence1 {
    pub(super) zones: Vec<ZoneId>,
    pub(super) on: Crossing,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AlarmText1 {
    pub(super) title: String,
    pub(super) severity: Severity,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Playbook1 {
    pub(super) id: PlaybookId,
    pub(super) name: String,
    pub(super) steps: Vec<Step1>,
    pub(super) version: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Step1 {
    pub(super) title: String,
    pub(super) instruction: String,
    pub(super) action: Action1,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action1 {
    Manual,
    NotifyConsole { message: String },
    Email { to: Vec<String>, subject: String, body: String },
    Webhook { endpoint: String },
    Assign { to: Assignee },
    Ask { question: String, options: Vec<String> },
    Wait { seconds: Option<u32>, until: Option<String> },
    Annotate { text: String },
    Http { endpoint: String, method: HttpMethod1, path: String, body: String },
    OpenRoom { name: String, agencies: Vec<AgencyId> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HttpMethod1 {
    Get,
    Post,
    Put,
    Delete,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Task1 {
    pub(super) id: TaskId,
    pub(super) step: Step1,
    pub(super) state: TaskState,
    pub(super) changed: Option<Timestamp>,
    pub(super) outcome: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Record1 {
    pub(super) alarm: Alarm1,
    pub(super) address: Address,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Alarm1 {
    pub(super) id: AlarmId,
    pub(super) rule: RuleId,
    pub(super) rule_version: u64,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) reason: String,
    pub(super) severity: Severity,
    pub(super) state: AlarmState,
    pub(super) kind: Option<KindId>,
    pub(super) asset: Option<AssetId>,
    pub(super) place: Option<Geometry>,
    pub(super) agency: AgencyId,
    pub(super) raised: Timestamp,
    pub(super) cleared: Option<Timestamp>,
    pub(super) causes: Vec<Observation>,
    pub(super) support: u64,
    pub(super) incident: Option<IncidentId>,
    pub(super) version: u64,
}

#[derive(Deserialize)]
pub(super) struct Case1 {
    pub(super) incident: Incident1,
    pub(super) anchors: Vec<Anchor1>,
    pub(super) latest: i64,
    pub(super) excluded: BTreeSet<Address>,
}

#[derive(Deserialize)]
pub(super) struct Anchor1 {
    pub(super) place: Position,
    pub(super) at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Incident1 {
    pub(super) id: IncidentId,
    pub(super) number: u64,
    pub(super) incident_type: String,
    pub(super) title: String,
    pub(super) state: IncidentState,
    pub(super) reality: Reality,
    pub(super) priority: Priority,
    pub(super) severity: Severity,
    pub(super) place: Option<Geometry>,
    pub(super) agency: AgencyId,
    pub(super) opened: Timestamp,
    pub(super) changed: Timestamp,
    pub(super) alarms: Vec<AlarmId>,
    pub(super) assets: Vec<AssetId>,
    pub(super) playbook: Option<PlaybookId>,
    pub(super) tasks: Vec<Task1>,
    pub(super) timeline: Vec<TimelineEntry>,
    pub(super) merged_into: Option<IncidentId>,
    pub(super) split_from: Option<IncidentId>,
    pub(super) version: u64,
}

impl From<Counters1> for Counters {
    fn from(old: Counters1) -> Self {
        Self {
            observations: old.observations,
            evaluated: old.evaluated,
            duplicates: old.duplicates,
            out_of_order: old.out_of_order,
            late: old.late,
            implausible: old.implausible,
            refused: old.refused,
            rule_errors: old.rule_errors,
            rule_alarms: BTreeMap::new(),
        }
    }
}
