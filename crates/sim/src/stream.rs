//! Readings one after the other: tick by tick, in a tick every series.

use compact_str::CompactString;
use vigiles_formats::observation::Draft;
use vigiles_model::{Observation, ObservationId, Origin, Quality, Timestamp, Value};

use crate::city::City;

/// A place in the endless stream of a city's readings.
#[derive(Debug, Clone)]
pub struct Stream<'a> {
    city: &'a City,
    start: Timestamp,
    tick: u64,
    index: usize,
    /// Bytes of a line before the time, by series.
    heads: Vec<Box<[u8]>>,
    /// Bytes of a line between time and value.
    middle: Vec<u8>,
    /// The tick that `middle` was made for.
    middle_tick: Option<u64>,
    decimals: Vec<u8>,
}

impl City {
    /// The stream from its first tick, which is dated `start`.
    pub fn stream(&self, start: Timestamp) -> Stream<'_> {
        let head = |i: &usize| {
            let series = self.series()[*i];
            let (kind, asset) = (&self.profile(series).kind, &self.assets()[series.asset]);
            let head = format!(
                r#"{{"kind":"{}","asset":"{}","source":"{}","unit":"{}","origin":"simulated","time":""#,
                kind.id,
                asset.id,
                self.source(series),
                kind.unit
            );
            head.into_bytes().into_boxed_slice()
        };
        let all: Vec<usize> = (0..self.series().len()).collect();
        Stream {
            city: self,
            start,
            tick: 0,
            index: 0,
            heads: all.iter().map(head).collect(),
            decimals: all.iter().map(|i| self.profile(self.series()[*i]).decimals).collect(),
            middle: Vec::new(),
            middle_tick: None,
        }
    }
}

impl Stream<'_> {
    /// The tick that the next reading is of.
    pub fn tick(&self) -> u64 {
        self.tick
    }

    /// Goes to the first reading of a tick.
    pub fn seek(&mut self, tick: u64) {
        (self.tick, self.index) = (tick, 0);
    }

    /// The next reading that is not missing: series and tick.
    fn advance(&mut self) -> Option<(usize, u64, i64)> {
        if self.heads.is_empty() {
            return None;
        }
        loop {
            let (index, tick) = (self.index, self.tick);
            self.index += 1;
            if self.index == self.heads.len() {
                (self.index, self.tick) = (0, tick + 1);
            }
            if let Some(steps) = self.city.steps(index, tick) {
                return Some((index, tick, steps));
            }
        }
    }

    /// Appends the next `count` readings as NDJSON, one observation a line. Nothing is appended for a city without assets.
    pub fn write_ndjson(&mut self, count: usize, out: &mut Vec<u8>) {
        for _ in 0..count {
            let Some((index, tick, steps)) = self.advance() else { return };
            if self.middle_tick != Some(tick) {
                self.middle = format!(r#"{}","value":"#, self.city.time(self.start, tick)).into_bytes();
                self.middle_tick = Some(tick);
            }
            out.extend_from_slice(&self.heads[index]);
            out.extend_from_slice(&self.middle);
            write_decimal(steps, self.decimals[index], out);
            out.extend_from_slice(b"}\n");
        }
    }

    /// The next reading as a draft, as a door hands it in.
    pub fn next_draft(&mut self) -> Option<Draft> {
        let observation = self.next()?;
        let mut draft = Draft::new(&observation.kind, observation.value);
        draft.source = Some(CompactString::from(observation.source.as_str()));
        draft.asset = observation.asset.as_ref().map(|asset| CompactString::from(asset.as_str()));
        draft.time = Some(observation.time);
        draft.origin = observation.origin;
        Some(draft)
    }
}

impl Iterator for Stream<'_> {
    type Item = Observation;

    /// The next reading as the platform stores it, arriving as it happens.
    fn next(&mut self) -> Option<Observation> {
        let (index, tick, steps) = self.advance()?;
        let series = self.city.series()[index];
        let (profile, asset) = (self.city.profile(series), &self.city.assets()[series.asset]);
        let time = self.city.time(self.start, tick);
        let mut observation = Observation {
            id: ObservationId(0),
            kind: profile.kind.id.clone(),
            source: self.city.source(series).clone(),
            asset: Some(asset.id.clone()),
            time,
            arrived: time,
            place: Some(asset.place.clone()),
            value: Value::Number(steps as f64 / f64::from(10u32.pow(u32::from(profile.decimals)))),
            quality: Quality::Good,
            origin: Origin::Simulated,
            attributes: Vec::new(),
        };
        observation.id = observation.content_id();
        Some(observation)
    }
}

/// Writes a number given in units of its last decimal.
fn write_decimal(steps: i64, decimals: u8, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 24];
    let (mut at, mut rest, mut written) = (digits.len(), steps.unsigned_abs(), 0);
    while rest > 0 || written <= decimals {
        if written == decimals && decimals > 0 {
            at -= 1;
            digits[at] = b'.';
        }
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        written += 1;
    }
    if steps < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: i64, decimals: u8, expected: &str) {
        let mut out = Vec::new();
        write_decimal(steps, decimals, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn decimals_are_written_plainly() {
        check(0, 0, "0");
        check(0, 1, "0.0");
        check(5, 1, "0.5");
        check(123, 1, "12.3");
        check(-7, 2, "-0.07");
        check(1200, 0, "1200");
        check(i64::MIN, 3, "-9223372036854775.808");
    }
}
