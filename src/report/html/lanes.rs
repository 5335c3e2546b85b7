//! The timeline as a picture: one lane a host, events gathered in bars, findings as numbered lines.
//!
//! The picture is inline SVG with a bounded number of bars, whatever the number of events.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::super::escape;
use super::super::labels::{Labels, fill};
use super::super::model::{Report, SpanKind, TimelineEntry};
use super::super::{show, view};
use crate::model::{Severity, Timestamp};

const WIDTH: i64 = 1120;
const LEFT: i64 = 150;
const RIGHT: i64 = 12;
const PLOT: i64 = WIDTH - LEFT - RIGHT;
const TOP: i64 = 30;
const AXIS: i64 = 40;
/// Bars in a picture of all lanes together.
const MAX_BARS: i64 = 3_000;
const SECOND: i64 = 1_000_000;
/// Lengths of time that people think in, in seconds.
pub const STEPS: [i64; 26] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    86_400,
    172_800,
    604_800,
    1_209_600,
    2_592_000,
    7_776_000,
    31_536_000,
    157_680_000,
    315_360_000,
];

/// A picture, its heading, its span and what one bar stands for.
pub struct Picture {
    pub title: &'static str,
    pub span: String,
    pub step: String,
    /// Inline SVG; every text in it is escaped.
    pub svg: String,
}

/// The pictures of a report: the whole period, and the incident where it is a small part of that.
pub fn pictures(report: &Report, l: &Labels) -> Vec<Picture> {
    let (Some(first), Some(last)) = (report.timeline.first(), report.timeline.last()) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if let Some((from, to)) = view::incident_window(report) {
        out.push(picture(report, l, l.around_incident, (from, to)));
    }
    out.push(picture(report, l, l.whole_period, (first.time, last.time)));
    out
}

fn picture(report: &Report, l: &Labels, title: &'static str, span: (Timestamp, Timestamp)) -> Picture {
    let lanes: Vec<&str> = report.hosts.iter().map(|host| host.id.as_str()).collect();
    let scale = Scale::new(span, lanes.len());
    let bars = gather(&report.timeline, &lanes, &scale);
    Picture {
        title,
        span: l.zone.span(scale.from, scale.to),
        step: fill(l.bar_length, &[&step_name(scale.bucket / SECOND, l)]),
        svg: draw(report, &lanes, &bars, &scale, l),
    }
}

/// How time becomes a place in the picture.
struct Scale {
    from: Timestamp,
    to: Timestamp,
    /// Microseconds that one bar stands for.
    bucket: i64,
    lane_height: i64,
    lanes: i64,
}

impl Scale {
    fn new((from, to): (Timestamp, Timestamp), lanes: usize) -> Self {
        let lanes = (lanes as i64).max(1);
        let most = (MAX_BARS / lanes).clamp(40, 240);
        let bucket = step_for(to.since(from), most);
        let start = from.micros().div_euclid(bucket) * bucket;
        let end = (to.micros().div_euclid(bucket) + 1) * bucket;
        Scale {
            from: Timestamp::from_micros(start),
            to: Timestamp::from_micros(end),
            bucket,
            lane_height: if lanes > 12 { 24 } else { 36 },
            lanes,
        }
    }

    fn x(&self, at: Timestamp) -> f64 {
        let length = self.to.since(self.from) as f64;
        LEFT as f64 + at.since(self.from) as f64 / length * PLOT as f64
    }

    fn bar_width(&self) -> f64 {
        let count = self.to.since(self.from) as f64 / self.bucket as f64;
        (PLOT as f64 / count - 1.0).clamp(1.5, 10.0)
    }

    fn bottom(&self) -> i64 {
        TOP + self.lanes * self.lane_height
    }
}

/// The shortest step that divides `span` into at most `most` parts, in microseconds.
pub fn step_for(span: i64, most: i64) -> i64 {
    let fits = |step: &&i64| span / (**step * SECOND) < most;
    STEPS.iter().find(fits).or(STEPS.last()).map_or(SECOND, |step| step * SECOND)
}

fn step_name(seconds: i64, l: &Labels) -> String {
    let (number, en, ja) = match seconds {
        ..60 => (seconds, "s", "秒"),
        60..3_600 => (seconds / 60, "min", "分"),
        3_600..86_400 => (seconds / 3_600, "h", "時間"),
        _ => (seconds / 86_400, "d", "日"),
    };
    format!("{number} {}", l.pick(en, ja))
}

/// The events of one lane in one stretch of time.
#[derive(Default)]
struct Bar {
    count: u64,
    worst: Option<Severity>,
}

/// Bars by lane and number of their bucket.
type Bars = BTreeMap<(usize, i64), Bar>;

fn gather(timeline: &[TimelineEntry], lanes: &[&str], scale: &Scale) -> Bars {
    let lane_of: BTreeMap<&str, usize> = lanes.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut bars = Bars::new();
    for entry in timeline.iter().filter(|entry| scale.from <= entry.time && entry.time < scale.to) {
        let Some(&lane) = lane_of.get(entry.host.as_str()) else { continue };
        let bar = bars.entry((lane, entry.time.since(scale.from) / scale.bucket)).or_default();
        bar.count += 1;
        bar.worst = bar.worst.max(Some(entry.severity));
    }
    bars
}

fn draw(report: &Report, lanes: &[&str], bars: &Bars, scale: &Scale, l: &Labels) -> String {
    let mut svg = String::new();
    let written = (|| {
        let height = scale.bottom() + AXIS;
        write!(svg, r#"<svg viewBox="0 0 {WIDTH} {height}" role="group" aria-label="{}">"#, l.timeline)?;
        draw_lanes(lanes, scale, &mut svg)?;
        draw_axis(scale, l, &mut svg)?;
        draw_spans(report, lanes, scale, l, &mut svg)?;
        draw_bars(bars, scale, &mut svg)?;
        draw_findings(report, scale, &mut svg)?;
        svg.write_str("</svg>")
    })();
    written.expect("a String takes everything");
    svg
}

fn draw_lanes(lanes: &[&str], scale: &Scale, svg: &mut String) -> std::fmt::Result {
    for (at, host) in lanes.iter().enumerate() {
        let y = TOP + at as i64 * scale.lane_height;
        let style = if at % 2 == 0 { "lane" } else { "lane alt" };
        let height = scale.lane_height;
        write!(svg, r#"<rect class="{style}" x="0" y="{y}" width="{WIDTH}" height="{height}"/>"#)?;
        let middle = y + height / 2 + 5;
        let (link, name) = (escape::fragment(host), escape::html(&show::cut(host, 18)));
        let full = escape::html(host);
        let text = format!(r#"<text class="name" x="8" y="{middle}">{name}<title>{full}</title></text>"#);
        write!(svg, r##"<a href="#host={link}">{text}</a>"##)?;
    }
    Ok(())
}

/// A line along each span, in a track of its kind at the top of its lane; kinds differ in stroke, not in colour alone.
/// What overlaps in one track is one line, so that their number is bounded by the width.
fn draw_spans(
    report: &Report,
    lanes: &[&str],
    scale: &Scale,
    l: &Labels,
    svg: &mut String,
) -> std::fmt::Result {
    let lane_of: BTreeMap<&str, usize> = lanes.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut tracks: BTreeMap<(usize, SpanKind), Vec<Drawn<'_>>> = BTreeMap::new();
    for span in &report.spans {
        let Some(&lane) = lane_of.get(span.host.as_str()) else { continue };
        let (from, to) = (span.from.unwrap_or(scale.from), span.to.unwrap_or(scale.to));
        if to < scale.from || from > scale.to {
            continue;
        }
        let from = scale.x(from.max(scale.from));
        let to = scale.x(to.min(scale.to)).max(from + 3.0);
        let track = tracks.entry((lane, span.kind)).or_default();
        match track.last_mut().filter(|last| from <= last.to + 1.0) {
            Some(last) => {
                last.to = last.to.max(to);
                last.more += 1;
            }
            None => track.push(Drawn { from, to, text: &span.text, more: 0 }),
        }
    }
    for ((lane, kind), drawn) in tracks {
        let at = SpanKind::ALL.iter().position(|known| *known == kind).unwrap_or(0) as i64;
        let y = TOP + lane as i64 * scale.lane_height + 3 + at * 4;
        for Drawn { from, to, text, more } in drawn {
            let more = if more > 0 { l.aside(&fill(l.more, &[&show::count(more)])) } else { String::new() };
            let title = escape::html(&format!("{}{}{text}{more}", l.span_name(kind), l.colon));
            let path = format!(r#"<path class="span-{}" d="M{from:.1} {y}H{to:.1}">"#, kind.name());
            write!(svg, "{path}<title>{title}</title></path>")?;
        }
    }
    Ok(())
}

/// A line of a track, in the picture's units.
struct Drawn<'a> {
    from: f64,
    to: f64,
    text: &'a str,
    /// Further spans that it stands for.
    more: u64,
}

fn draw_axis(scale: &Scale, l: &Labels, svg: &mut String) -> std::fmt::Result {
    let step = step_for(scale.to.since(scale.from), 8);
    // Ticks are round by the clocks of the zone.
    let ahead = i64::from(l.zone.offset_seconds(scale.from)) * SECOND;
    let first = (scale.from.micros() + ahead + step - 1).div_euclid(step) * step - ahead;
    let bottom = scale.bottom();
    let mut date_before = String::new();
    let mut at = Timestamp::from_micros(first);
    // A broken stamp may make the axis longer than any step divides; then the rest stays without ticks.
    for _ in 0..16 {
        if at > scale.to {
            break;
        }
        let x = scale.x(at);
        write!(svg, r#"<path class="tick" d="M{x:.1} {TOP}V{}"/>"#, bottom + 4)?;
        let text = l.zone.clock(at);
        let (date, clock) = text.split_once(' ').unwrap_or((&text, ""));
        let clock = if step < 60 * SECOND { clock } else { clock.get(..5).unwrap_or(clock) };
        let anchor = if x > (WIDTH - 40) as f64 { "end" } else { "middle" };
        let shows_date = date != date_before;
        let upper = if step >= 86_400 * SECOND { date } else { clock };
        write!(
            svg,
            r#"<text class="at" x="{x:.1}" y="{}" text-anchor="{anchor}">{upper}</text>"#,
            bottom + 18
        )?;
        if shows_date && upper != date {
            write!(
                svg,
                r#"<text class="day" x="{x:.1}" y="{}" text-anchor="{anchor}">{date}</text>"#,
                bottom + 33
            )?;
        }
        date_before = date.to_owned();
        at = at.plus_micros(step);
    }
    write!(svg, r#"<text class="day" x="8" y="{}">{}</text>"#, bottom + 18, escape::html(l.zone.name()))
}

/// All bars of one severity are one path. Severities differ in the width and the filling of their bars too.
fn draw_bars(bars: &Bars, scale: &Scale, svg: &mut String) -> std::fmt::Result {
    let most = bars.values().map(|bar| bar.count).max().unwrap_or(1);
    for severity in Severity::ALL.into_iter().rev() {
        let mut path = String::new();
        for ((lane, bucket), bar) in bars.iter().filter(|(_, bar)| bar.worst == Some(severity)) {
            let from = scale.x(scale.from.plus_micros(bucket * scale.bucket));
            let foot = TOP + (*lane as i64 + 1) * scale.lane_height - 4;
            let (height, width) = (bar_height(bar.count, most, scale), bar_width(severity, scale));
            write!(path, "M{from:.1} {foot}v-{height:.1}h{width:.1}v{height:.1}z")?;
        }
        if !path.is_empty() {
            write!(svg, r#"<path class="bars s-{}" d="{path}"/>"#, severity.name())?;
        }
    }
    Ok(())
}

fn bar_height(count: u64, most: u64, scale: &Scale) -> f64 {
    let full = (scale.lane_height - 8) as f64;
    let share = ((1 + count) as f64).log2() / ((1 + most) as f64).log2();
    7.0 + (full - 7.0) * share
}

fn bar_width(severity: Severity, scale: &Scale) -> f64 {
    let share = match severity {
        Severity::Critical => 1.0,
        Severity::Error => 0.75,
        Severity::Warning => 0.6,
        Severity::Info => 0.4,
    };
    (scale.bar_width() * share).max(1.2)
}

/// A numbered line where each finding was first seen; numbers that would overlap move to the right.
fn draw_findings(report: &Report, scale: &Scale, svg: &mut String) -> std::fmt::Result {
    let mut marks: Vec<(Timestamp, usize)> = report
        .findings
        .iter()
        .enumerate()
        .filter_map(|(at, finding)| Some((finding.first_seen?, at)))
        .filter(|(time, _)| scale.from <= *time && *time <= scale.to)
        .collect();
    marks.sort();
    let mut free = LEFT as f64;
    for (time, at) in marks {
        let (x, number) = (scale.x(time), at + 1);
        let label = x.max(free);
        free = label + 21.0;
        let severity = report.findings[at].severity.name();
        let title = escape::html(&report.findings[at].title);
        let bottom = scale.bottom();
        write!(svg, r##"<a href="#finding-{number}" class="mark s-{severity}"><title>{title}</title>"##)?;
        write!(
            svg,
            r#"<path d="M{label:.1} 16L{x:.1} {TOP}V{bottom}"/><circle cx="{label:.1}" cy="12" r="9"/>"#
        )?;
        write!(svg, r#"<text x="{label:.1}" y="16" text-anchor="middle">{number}</text></a>"#)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_divide_into_few_parts() {
        assert_eq!(step_for(0, 240), SECOND);
        assert_eq!(step_for(3_600 * SECOND, 240), 30 * SECOND);
        assert_eq!(step_for(7 * 86_400 * SECOND, 8), 86_400 * SECOND);
        assert_eq!(step_for(i64::MAX, 8), 315_360_000 * SECOND);
    }
}
