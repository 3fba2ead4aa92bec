//! What lies across a latitude, found without looking at everything: edges of a polygon, boxes of zones.

/// Entries for each thing, on average, that the bands may take together.
const MOST_ENTRIES: usize = 4;

/// Bands of latitude of one height, each with the things that reach into it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bands {
    south: f64,
    per_degree: f64,
    /// Where the things of each band begin, and where those of the last end.
    starts: Vec<u32>,
    things: Vec<u32>,
}

impl Bands {
    /// Of things that reach from one latitude to another, named by their position: as many bands as there are things,
    /// fewer where most things reach through many.
    pub(crate) fn of(spans: &[(f64, f64)]) -> Self {
        let south = spans.iter().map(|(low, _)| *low).fold(f64::INFINITY, f64::min);
        let north = spans.iter().map(|(_, high)| *high).fold(f64::NEG_INFINITY, f64::max);
        let mut count = spans.len().max(1);
        loop {
            let per_degree = count as f64 / (north - south);
            let per_degree = if per_degree.is_finite() && per_degree > 0.0 { per_degree } else { 0.0 };
            let bands = Self { south, per_degree, starts: vec![0; count + 1], things: Vec::new() };
            let entries: usize = spans.iter().map(|span| bands.reach(*span).count()).sum();
            if count == 1 || entries <= MOST_ENTRIES * spans.len() {
                return bands.filled(spans, entries);
            }
            count /= 2;
        }
    }

    fn filled(mut self, spans: &[(f64, f64)], entries: usize) -> Self {
        for span in spans {
            for band in self.reach(*span) {
                self.starts[band + 1] += 1;
            }
        }
        for band in 1..self.starts.len() {
            self.starts[band] += self.starts[band - 1];
        }
        let mut next = self.starts.clone();
        self.things = vec![0; entries];
        for (thing, span) in spans.iter().enumerate() {
            for band in self.reach(*span) {
                self.things[next[band] as usize] = thing as u32;
                next[band] += 1;
            }
        }
        self
    }

    /// The things that may lie across a latitude, ascending: all that do, and others of its band.
    pub(crate) fn at(&self, lat: f64) -> &[u32] {
        if self.starts.is_empty() { &[] } else { self.in_band(self.band(lat)) }
    }

    /// The things of each band.
    pub(crate) fn all(&self) -> impl Iterator<Item = &[u32]> {
        (1..self.starts.len()).map(|end| self.in_band(end - 1))
    }

    fn in_band(&self, band: usize) -> &[u32] {
        &self.things[self.starts[band] as usize..self.starts[band + 1] as usize]
    }

    fn reach(&self, (low, high): (f64, f64)) -> std::ops::RangeInclusive<usize> {
        self.band(low)..=self.band(high)
    }

    /// Never lower for a higher latitude, rounding included: so what lies across one is in its band.
    fn band(&self, lat: f64) -> usize {
        (((lat - self.south) * self.per_degree) as usize).min(self.starts.len().saturating_sub(2))
    }
}
