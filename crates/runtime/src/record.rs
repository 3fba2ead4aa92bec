//! What one entry of the log holds: a frame of observations, a command, the city's offset from UTC, or a tick; each may have
//! come through a door.
//!
//! Layout: one byte of format, then the body. Numbers never change their meaning; a new layout takes a
//! new number, and the old one stays readable.

use serde::{Deserialize, Serialize};
use vigiles_engine::{Command, Input};
use vigiles_model::Observation;

use crate::once::Once;
use crate::seat::DoorName;
use crate::trial::{Known, RuleTrial};

const TICK: u8 = 1;
const COMMAND_JSON: u8 = 2;
const FRAME_POSTCARD_1: u8 = 3;
const UTC_OFFSET: u8 = 4;
/// Then: length of the door's name, the name, the offset in the door's topic and the number of observations (u64 and u32,
/// little-endian), the entry as the door made it.
const THROUGH_DOOR: u8 = 5;
/// What a door says beside its entries ([`crate::aside`]): in its own topic only, never in the log.
pub(crate) const ASIDE: u8 = 6;

/// A decoded entry.
#[derive(Debug)]
pub struct Record {
    /// What the engine steps on.
    pub input: Input,
    /// Whom the outcome of a command belongs to.
    pub asked: Option<Asked>,
    /// The door it came through, if it did.
    pub through: Option<Through>,
}

/// Where an entry stood before it was merged into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Through {
    /// The door's name.
    pub door: String,
    /// Its place in the door's topic; 0 in that topic itself, where the place tells it.
    pub offset: u64,
    /// How many observations it has.
    pub observations: u32,
}

/// Whom the outcome of a command belongs to, and what the platform knew of it when it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The caller that waits for it.
    pub ticket: u128,
    /// Its key, where it is to be carried out once.
    pub once: Option<Once>,
    /// What was known of the condition of a rule: in the log, so that a replay says the same of its version.
    pub known: Known,
}

/// Why an entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The entry has no bytes.
    #[error("the entry is empty: what was there was lost to damage, and set aside by a repair")]
    Empty,
    /// A format number of a later version, or damage.
    #[error("unknown record format {0}; written by a newer version?")]
    Format(u8),
    /// A frame that does not decode.
    #[error("frame of observations: {0}")]
    Frame(#[from] postcard::Error),
    /// A command that does not decode.
    #[error("command: {0}")]
    Command(#[from] serde_json::Error),
    /// An offset that is not four bytes.
    #[error("the offset from UTC has {0} bytes, not 4")]
    UtcOffset(usize),
    /// An entry of a door that ends before its own begins.
    #[error("an entry of a door that is cut short")]
    Door,
}

#[derive(Serialize, Deserialize)]
struct Ticketed {
    ticket: u128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    once: Option<Once>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<RuleTrial>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    untried: Option<String>,
    command: Command,
}

/// A tick: the passing of time, in the log so that a replay sees it too.
pub fn tick() -> Vec<u8> {
    vec![TICK]
}

/// The city's clocks are so many seconds ahead of UTC from here on: in the log so that a replay judges hours alike.
pub fn utc_offset(seconds: i32) -> Vec<u8> {
    let [a, b, c, d] = seconds.to_le_bytes();
    vec![UTC_OFFSET, a, b, c, d]
}

/// A frame of observations.
pub fn frame(observations: &[Observation]) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::with_capacity(observations.len() * 96 + 8);
    bytes.push(FRAME_POSTCARD_1);
    Ok(postcard::to_extend(observations, bytes)?)
}

/// A command with whoever asked for it.
pub fn command(asked: &Asked, command: &Command) -> Result<Vec<u8>, RecordError> {
    let mut bytes = vec![COMMAND_JSON];
    let Asked { ticket, once, known: Known { tried, untried } } = asked.clone();
    serde_json::to_writer(&mut bytes, &Ticketed { ticket, once, tried, untried, command: command.clone() })?;
    Ok(bytes)
}

/// An entry as a door appends it to its topic: as large as it will be in the log.
pub fn through_door(door: &DoorName, observations: u32, entry: &[u8]) -> Vec<u8> {
    let name = door.as_str().as_bytes();
    let mut bytes = Vec::with_capacity(2 + name.len() + 12 + entry.len());
    bytes.push(THROUGH_DOOR);
    bytes.push(u8::try_from(name.len()).expect("the name of a door has 32 bytes at most"));
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(&0_u64.to_le_bytes());
    bytes.extend_from_slice(&observations.to_le_bytes());
    bytes.extend_from_slice(entry);
    bytes
}

/// The entry of a door as it is appended to the log: with the place where it stood in the door's topic.
pub fn placed(entry: &[u8], offset: u64) -> Result<Vec<u8>, RecordError> {
    let (through, _) = split(entry)?.ok_or(RecordError::Door)?;
    let mut bytes = entry.to_vec();
    let from = 2 + through.door.len();
    bytes[from..from + 8].copy_from_slice(&offset.to_le_bytes());
    Ok(bytes)
}

/// The door that an entry came through, without reading what is in it.
pub fn through(bytes: &[u8]) -> Option<Through> {
    split(bytes).ok().flatten().map(|(through, _)| through)
}

/// The door, and the entry as the door made it; none where it came through no door.
fn split(bytes: &[u8]) -> Result<Option<(Through, &[u8])>, RecordError> {
    let Some((&THROUGH_DOOR, rest)) = bytes.split_first() else { return Ok(None) };
    let parts = || {
        let (length, rest) = rest.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (observations, entry) = rest.split_first_chunk()?;
        let door = std::str::from_utf8(name).ok()?.to_owned();
        let (offset, observations) = (u64::from_le_bytes(*offset), u32::from_le_bytes(*observations));
        Some((Through { door, offset, observations }, entry))
    };
    parts().map(Some).ok_or(RecordError::Door)
}

/// Reads an entry.
pub fn parse(bytes: &[u8]) -> Result<Record, RecordError> {
    match split(bytes)? {
        Some((through, entry)) => Ok(Record { through: Some(through), ..parse_own(entry)? }),
        None => parse_own(bytes),
    }
}

/// Reads an entry that came through no door.
fn parse_own(bytes: &[u8]) -> Result<Record, RecordError> {
    let record = |input| Record { input, asked: None, through: None };
    let (format, body) = bytes.split_first().ok_or(RecordError::Empty)?;
    match *format {
        TICK => Ok(record(Input::Tick)),
        COMMAND_JSON => {
            let Ticketed { ticket, once, tried, untried, command } = serde_json::from_slice(body)?;
            Ok(Record {
                asked: Some(Asked { ticket, once, known: Known { tried, untried } }),
                ..record(Input::Command(command))
            })
        }
        FRAME_POSTCARD_1 => Ok(record(Input::Observations(postcard::from_bytes(body)?))),
        UTC_OFFSET => {
            let bytes = body.try_into().map_err(|_| RecordError::UtcOffset(body.len()))?;
            Ok(record(Input::UtcOffset(i32::from_le_bytes(bytes))))
        }
        other => Err(RecordError::Format(other)),
    }
}
