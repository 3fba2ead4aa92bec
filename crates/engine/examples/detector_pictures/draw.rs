//! A series as a line, alarms as bands behind it.

use std::fmt::Write as _;

use vigiles_model::{Alarm, Timestamp};

use crate::series::Recorded;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 24.0;
/// An alarm that is over at once is still seen.
const LEAST: f64 = 2.0;
const COLOURS: [&str; 2] = ["#1b6ca8", "#b8860b"];

pub(crate) struct Picture<'a> {
    pub(crate) name: &'a str,
    pub(crate) recorded: &'a [Recorded],
    pub(crate) alarms: &'a [Alarm],
    pub(crate) span: (Timestamp, Timestamp),
}

impl Picture<'_> {
    pub(crate) fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"11\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
        );
        let shown: Vec<&Alarm> = self.alarms.iter().filter(|a| self.meets(a)).collect();
        for alarm in &shown {
            let (from, to) = (self.x(alarm.raised), self.x(alarm.cleared.unwrap_or(self.span.1)));
            let width = (to - from).max(LEAST);
            let height = HEIGHT - TOP - BOTTOM;
            let _ = writeln!(
                svg,
                "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\" fill=\"#f6b5ae\"/>"
            );
        }
        // Where neighbours are compared, the others are drawn too, pale.
        for (i, recorded) in self.recorded.iter().enumerate().rev() {
            let pale = self.recorded.len() > 2 && i > 0;
            let colour = if pale { "#cfd8dc" } else { COLOURS[i.min(1)] };
            let _ = writeln!(svg, "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\"/>", self.path(recorded, i));
        }
        self.label(&mut svg, &shown);
        svg.push_str("</svg>\n");
        svg
    }

    fn label(&self, svg: &mut String, shown: &[&Alarm]) {
        let (low, high) = self.bounds(0);
        let said = shown.first().map_or_else(String::new, |alarm| format!(": {}", alarm.reason));
        let said = said.replace('&', "&amp;").replace('<', "&lt;");
        let of = &self.recorded[0];
        let _ = writeln!(svg, "<text x=\"4\" y=\"16\" font-weight=\"bold\">{}{said}</text>", self.name);
        let _ = writeln!(svg, "<text x=\"4\" y=\"{:.0}\">{high:.0} {}</text>", TOP + 10.0, of.unit);
        let _ = writeln!(svg, "<text x=\"4\" y=\"{:.0}\">{low:.0}</text>", HEIGHT - BOTTOM);
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{:.0}\">{}</text>", HEIGHT - 6.0, self.span.0);
        let end = HEIGHT - 6.0;
        let _ = writeln!(
            svg,
            "<text x=\"{WIDTH}\" y=\"{end:.0}\" text-anchor=\"end\">{}, {}</text>",
            self.span.1, of.asset
        );
    }

    fn meets(&self, alarm: &Alarm) -> bool {
        alarm.raised <= self.span.1 && alarm.cleared.is_none_or(|end| end >= self.span.0)
    }

    fn x(&self, time: Timestamp) -> f64 {
        let whole = (self.span.1.0 - self.span.0.0) as f64;
        let part = (time.0.clamp(self.span.0.0, self.span.1.0) - self.span.0.0) as f64;
        LEFT + (WIDTH - LEFT) * part / whole
    }

    /// Lowest and highest reading of a series in the picture; neighbours share those of all.
    fn bounds(&self, which: usize) -> (f64, f64) {
        let series = if self.recorded.len() > 2 { self.recorded } else { &self.recorded[which..=which] };
        let values = series.iter().flat_map(|r| r.readings.iter());
        let within = values.filter(|(time, _)| *time >= self.span.0 && *time <= self.span.1).map(|(_, value)| *value);
        within.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    }

    fn path(&self, recorded: &Recorded, which: usize) -> String {
        let (low, high) = self.bounds(which);
        let mut path = String::new();
        let within = recorded.readings.iter().filter(|(time, _)| *time >= self.span.0 && *time <= self.span.1);
        for (i, (time, value)) in within.enumerate() {
            let y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low).max(1e-9);
            let _ = write!(path, "{}{:.1} {y:.1}", if i == 0 { "M" } else { "L" }, self.x(*time));
        }
        path
    }
}
