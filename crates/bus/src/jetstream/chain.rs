//! The chain of a stream: each message names the hash of the one before it, and every reader checks that they join.

use vigiles_model::Timestamp;

use super::frame::{Frame, HASH_BYTES, Hash};

/// Where the chain stands after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The sequence of the message in its stream; 0 before the first.
    pub sequence: u64,
    /// The offset of the record that comes next.
    pub next: u64,
    /// Platform time of the message.
    pub at: Timestamp,
    /// The owner's epoch.
    pub epoch: u64,
    /// The owner.
    pub writer: [u8; 16],
    /// The hash of the chain up to here.
    pub hash: Hash,
}

impl Link {
    /// Before the first message of a stream.
    pub const START: Self =
        Self { sequence: 0, next: 0, at: Timestamp(i64::MIN), epoch: 0, writer: [0; 16], hash: [0; HASH_BYTES] };

    /// What stands before a message, as far as the message itself says: where reading begins in the middle.
    pub fn before(sequence: u64, frame: &Frame) -> Self {
        let head = &frame.head;
        Self {
            sequence: sequence - 1,
            next: head.first,
            at: head.at,
            epoch: head.epoch,
            writer: head.writer,
            hash: head.previous,
        }
    }

    /// What stands after a message.
    pub fn after(sequence: u64, frame: &Frame) -> Self {
        let head = &frame.head;
        Self {
            sequence,
            next: head.first + frame.records.len() as u64,
            at: head.at,
            epoch: head.epoch,
            writer: head.writer,
            hash: frame.hash,
        }
    }

    /// Checks that a message is the one that follows; gives what stands after it, or what is wrong.
    pub fn join(&self, sequence: u64, frame: &Frame) -> Result<Self, String> {
        let head = &frame.head;
        let expected = self.sequence + 1;
        if sequence == expected + 1 {
            return Err(format!("message {expected} before it is missing"));
        }
        if sequence > expected {
            return Err(format!("messages {expected} to {} before it are missing", sequence - 1));
        }
        if sequence < expected {
            return Err(format!("the stream goes back: message {expected} was expected"));
        }
        if head.previous != self.hash {
            let (said, is) = (short(&head.previous), short(&self.hash));
            return Err(format!("it does not join the message before it: it names hash {said}, which is {is}"));
        }
        if head.first != self.next {
            return Err(format!("it begins with offset {} where {} is next", head.first, self.next));
        }
        let owner = head.epoch == self.epoch && head.writer == self.writer;
        if !owner && head.epoch <= self.epoch {
            return Err(format!("its owner of epoch {} had lost the topic to epoch {}", head.epoch, self.epoch));
        }
        if head.at < self.at {
            return Err("its time is earlier than that of the message before it".to_owned());
        }
        Ok(Self::after(sequence, frame))
    }
}

/// The beginning of a hash, enough to tell two apart.
fn short(hash: &Hash) -> String {
    blake3::Hash::from(*hash).to_hex()[..12].to_owned()
}
