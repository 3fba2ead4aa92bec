//! The observations of a load, written as NDJSON with next to no work: every line has the same width, and only its
//! time and value are written anew.

use vigiles_model::Timestamp;

use crate::city::{ALARMING, CALM_BELOW, KINDS, kind_id};

/// Width of a time such as `2026-11-22T04:17:11.123456Z`.
const TIME_WIDTH: usize = 27;
const VALUE_WIDTH: usize = 5;

/// A small generator of numbers that look random; the same seed gives the same load.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

/// One sender's batch of observations, rewritten for each request.
pub(crate) struct Batch {
    text: Vec<u8>,
    /// Where the time and the value of each line start.
    places: Vec<(usize, usize)>,
    dice: Dice,
    /// The next observation may not be earlier.
    earliest: Timestamp,
    alarm_every: u64,
}

impl Batch {
    /// `size` lines over the series of `assets` assets that belong to this sender alone; one line in `alarm_every` is
    /// alarming.
    pub(crate) fn new(sender: usize, size: usize, assets: usize, alarm_every: u64) -> Self {
        let mut text = Vec::new();
        let mut places = Vec::with_capacity(size);
        for line in 0..size {
            let kind = kind_id(line % KINDS);
            let asset = (line / KINDS) % assets;
            text.extend_from_slice(format!(r#"{{"kind":"{kind}","asset":"a{sender}-{asset:05}","time":""#).as_bytes());
            let time = text.len();
            text.resize(time + TIME_WIDTH, b' ');
            text.extend_from_slice(br#"","value":"#);
            let value = text.len();
            text.resize(value + VALUE_WIDTH, b' ');
            text.extend_from_slice(b"}\n");
            places.push((time, value));
        }
        Self { text, places, dice: Dice::new(sender as u64 + 1), earliest: Timestamp(0), alarm_every }
    }

    /// How many observations it holds.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Writes the next observations: times go on by a microsecond each from `now`, so that no two are the same.
    pub(crate) fn next(&mut self, now: Timestamp) -> &[u8] {
        let mut time = Timestamp(now.0.max(self.earliest.0));
        let mut prefix = seconds_text(time);
        for (time_at, value_at) in &self.places {
            let micros = time.0.rem_euclid(1_000_000);
            if micros == 0 {
                prefix = seconds_text(time);
            }
            let slot = &mut self.text[*time_at..*time_at + TIME_WIDTH];
            slot[..20].copy_from_slice(&prefix);
            write_digits(&mut slot[20..26], micros as u64);
            slot[26] = b'Z';
            let tenths = if self.dice.below(self.alarm_every) == 0 {
                (ALARMING * 10.0) as u64
            } else {
                200 + self.dice.below((CALM_BELOW * 10.0) as u64 - 200)
            };
            let slot = &mut self.text[*value_at..*value_at + VALUE_WIDTH];
            write_digits(&mut slot[..2], tenths / 10);
            slot[2] = b'.';
            write_digits(&mut slot[3..4], tenths % 10);
            slot[4] = b' ';
            time.0 += 1;
        }
        self.earliest = time;
        &self.text
    }
}

/// `2026-11-22T04:17:11.` of a time.
fn seconds_text(time: Timestamp) -> [u8; 20] {
    let whole = Timestamp::from_secs(time.0.div_euclid(1_000_000)).to_string();
    let mut text = [b'.'; 20];
    text[..19].copy_from_slice(&whole.as_bytes()[..19]);
    text
}

fn write_digits(slot: &mut [u8], mut number: u64) {
    for digit in slot.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_observations_that_differ() {
        let now = Timestamp(1_795_305_600_999_999);
        let mut batch = Batch::new(3, 20, 2, 4);
        let first = String::from_utf8(batch.next(now).to_vec()).unwrap();
        let second = String::from_utf8(batch.next(now).to_vec()).unwrap();
        let mut times: Vec<Timestamp> = Vec::new();
        for line in first.lines().chain(second.lines()) {
            let read: serde_json::Value = serde_json::from_str(line).unwrap();
            times.push(read["time"].as_str().unwrap().parse().unwrap());
            let value = read["value"].as_f64().unwrap();
            assert!((20.0..CALM_BELOW).contains(&value) || value == ALARMING, "{line}");
        }
        assert_eq!(times, (0..40).map(|step| Timestamp(now.0 + step)).collect::<Vec<_>>());
    }
}
