//! What one entry of the log holds: a frame of observations, a command, the city's offset from UTC, or a tick.
//!
//! Layout: one byte of format, then the body. Numbers never change their meaning; a new layout takes a
//! new number, and the old one stays readable.

use serde::{Deserialize, Serialize};
use vigiles_engine::{Command, Input};
use vigiles_model::Observation;

use crate::once::Once;
use crate::trial::RuleTrial;

const TICK: u8 = 1;
const COMMAND_JSON: u8 = 2;
const FRAME_POSTCARD_1: u8 = 3;
const UTC_OFFSET: u8 = 4;

/// A decoded entry.
#[derive(Debug)]
pub struct Record {
    /// What the engine steps on.
    pub input: Input,
    /// Whom the outcome of a command belongs to.
    pub asked: Option<Asked>,
}

/// Whom the outcome of a command belongs to, and what the platform knew of it when it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The caller that waits for it.
    pub ticket: u128,
    /// Its key, where it is to be carried out once.
    pub once: Option<Once>,
    /// What the condition of a rule had been tried on: in the log, so that a replay says the same of its version.
    pub tried: Option<RuleTrial>,
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
}

#[derive(Serialize, Deserialize)]
struct Ticketed {
    ticket: u128,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    once: Option<Once>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried: Option<RuleTrial>,
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
    let Asked { ticket, once, tried } = asked.clone();
    serde_json::to_writer(&mut bytes, &Ticketed { ticket, once, tried, command: command.clone() })?;
    Ok(bytes)
}

/// Reads an entry.
pub fn parse(bytes: &[u8]) -> Result<Record, RecordError> {
    let (format, body) = bytes.split_first().ok_or(RecordError::Empty)?;
    match *format {
        TICK => Ok(Record { input: Input::Tick, asked: None }),
        COMMAND_JSON => {
            let Ticketed { ticket, once, tried, command } = serde_json::from_slice(body)?;
            Ok(Record { input: Input::Command(command), asked: Some(Asked { ticket, once, tried }) })
        }
        FRAME_POSTCARD_1 => Ok(Record { input: Input::Observations(postcard::from_bytes(body)?), asked: None }),
        UTC_OFFSET => {
            let bytes = body.try_into().map_err(|_| RecordError::UtcOffset(body.len()))?;
            Ok(Record { input: Input::UtcOffset(i32::from_le_bytes(bytes)), asked: None })
        }
        other => Err(RecordError::Format(other)),
    }
}
