//! A ride as a map: the track, the zones, and where alarms were raised.

use std::fmt::Write as _;

use vigiles_model::{Alarm, Geometry, Observation, Position, Zone};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 490.0;
const MARGIN: f64 = 24.0;
/// Where the map ends and the list of alarms begins.
const LIST: f64 = 420.0;
const ROW: f64 = 15.0;
const METRES_PER_DEGREE: f64 = 111_195.0;
/// Length of the scale bar in metres.
const BAR: f64 = 500.0;

/// The alarms of one rule, with their colour.
pub(crate) struct Crossings {
    pub(crate) title: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) alarms: Vec<Alarm>,
}

pub(crate) struct Map<'a> {
    pub(crate) title: &'static str,
    pub(crate) readings: &'a [Observation],
    pub(crate) zones: &'a [Zone],
    pub(crate) crossings: &'a [Crossings],
}

impl Map<'_> {
    pub(crate) fn svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"11\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
             <text x=\"4\" y=\"16\" font-weight=\"bold\">{}</text>\n",
            self.title
        );
        for zone in self.zones {
            self.draw_zone(&mut svg, zone);
        }
        self.draw_track(&mut svg);
        self.draw_stays(&mut svg);
        self.draw_scale(&mut svg);
        for (column, crossings) in self.crossings.iter().enumerate() {
            self.draw_crossings(&mut svg, column, crossings);
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_zone(&self, svg: &mut String, zone: &Zone) {
        let Geometry::Polygon(rings) = &zone.area else { return };
        let corners: Vec<String> = rings[0].iter().map(|p| self.pair(*p)).collect();
        let points = corners.join(" ");
        let _ = writeln!(svg, "<polygon points=\"{points}\" fill=\"#e8f0e4\" stroke=\"#7a9a6d\"/>");
        let bounds = zone.area.bounding_box();
        let (x, y) = self.xy(Position { lon: bounds.west, lat: bounds.south });
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#4c6b3f\">{}</text>", y + 13.0, zone.name);
    }

    fn draw_track(&self, svg: &mut String) {
        let places: Vec<String> = self.readings.iter().filter_map(place).map(|p| self.pair(p)).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#1b6ca8\" stroke-width=\"2\"/>",
            places.join(" ")
        );
        for p in self.readings.iter().filter_map(place) {
            let (x, y) = self.xy(p);
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.2\" fill=\"#1b6ca8\"/>");
        }
    }

    /// The part of the track along which the last rule's alarms hold, the dwell time before them left out.
    fn draw_stays(&self, svg: &mut String) {
        let Some(stays) = self.crossings.last() else { return };
        for alarm in &stays.alarms {
            let raised_at = self.seen(alarm).map_or(alarm.raised, |o| o.time);
            let holds = |o: &&Observation| o.time >= raised_at && alarm.cleared.is_none_or(|end| o.time < end);
            let places: Vec<String> =
                self.readings.iter().filter(holds).filter_map(place).map(|p| self.pair(p)).collect();
            let (points, colour) = (places.join(" "), stays.colour);
            let _ = writeln!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"6\" \
                 stroke-opacity=\"0.45\" stroke-linecap=\"round\"/>"
            );
        }
    }

    /// Numbers where the bus was when each alarm was raised, and under the map what was said of it.
    fn draw_crossings(&self, svg: &mut String, column: usize, crossings: &Crossings) {
        let Crossings { title, colour, alarms } = crossings;
        let left = 8.0 + column as f64 * 320.0;
        let _ = writeln!(svg, "<text x=\"{left}\" y=\"{LIST}\" font-weight=\"bold\" fill=\"{colour}\">{title}</text>");
        for (i, alarm) in alarms.iter().enumerate() {
            let name = format!("{}{}", ["e", "l", "d"][column % 3], i + 1);
            if let Some((x, y)) = self.seen(alarm).and_then(place).map(|p| self.xy(p)) {
                // One row for each rule, so that alarms of the same moment do not hide each other.
                let up = y - 18.0 - 17.0 * column as f64;
                let _ = writeln!(
                    svg,
                    "<path d=\"M{x:.1} {y:.1}L{x:.1} {up:.1}\" stroke=\"{colour}\"/><circle cx=\"{x:.1}\" cy=\"{up:.1}\" \
                     r=\"8\" fill=\"{colour}\"/><text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#ffffff\" font-size=\"9\" \
                     text-anchor=\"middle\">{name}</text>",
                    up + 3.0
                );
            }
            let row = LIST + ROW * (i + 1) as f64;
            let end = alarm.cleared.map(|t| format!(", until {}", clock(t))).unwrap_or_default();
            let (raised, reason) = (clock(alarm.raised), &alarm.reason);
            let _ = writeln!(svg, "<text x=\"{left}\" y=\"{row:.0}\">{name} {raised} {reason}{end}</text>");
        }
    }

    /// The latest reading when an alarm was raised.
    fn seen(&self, alarm: &Alarm) -> Option<&Observation> {
        self.readings.iter().rev().find(|o| o.time <= alarm.raised)
    }

    fn draw_scale(&self, svg: &mut String) {
        let (x, y) = (MARGIN + BAR / METRES_PER_DEGREE * self.scale(), 60.0);
        let _ = writeln!(svg, "<path d=\"M{MARGIN} {y}L{x:.1} {y}\" stroke=\"#333333\" stroke-width=\"2\"/>");
        let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"{:.0}\">{BAR:.0} m, north is up</text>", y + 14.0);
    }

    fn pair(&self, p: Position) -> String {
        let (x, y) = self.xy(p);
        format!("{x:.1},{y:.1}")
    }

    /// Equirectangular: a degree of longitude is shortened by the cosine of the latitude.
    fn xy(&self, p: Position) -> (f64, f64) {
        let (west, north, _) = self.frame();
        let scale = self.scale();
        (MARGIN + (p.lon - west) * north.to_radians().cos() * scale, 48.0 + (north - p.lat) * scale)
    }

    /// Points of the picture to a degree of latitude.
    fn scale(&self) -> f64 {
        let (west, north, east) = self.frame();
        (WIDTH - 2.0 * MARGIN) / ((east - west) * north.to_radians().cos())
    }

    /// West, north and east of the track.
    fn frame(&self) -> (f64, f64, f64) {
        let places = self.readings.iter().filter_map(place);
        places.fold((f64::MAX, f64::MIN, f64::MIN), |(w, n, e), p| (w.min(p.lon), n.max(p.lat), e.max(p.lon)))
    }
}

fn place(o: &Observation) -> Option<Position> {
    o.place.as_ref().map(Geometry::centre)
}

/// The time of day of a moment, as in RFC 3339.
fn clock(time: vigiles_model::Timestamp) -> String {
    time.to_string().chars().skip(11).take(8).collect()
}
