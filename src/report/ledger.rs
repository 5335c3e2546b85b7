//! The coverage ledger that `inspect` prints: per host what was read, and below it exactly what is missing or damaged.

use std::collections::BTreeMap;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::columns::{pad, pad_left, shorten, wrap};
use super::labels::{Labels, fill, labels_of};
use super::model::{Coverage, HostInfo, Report, ReportProblem};
use super::zone::Zone;
use super::{escape, setup, show, view};
use crate::case::inside;
use crate::model::{ProblemKind, Timestamp};

/// Items of a list that are shown where not all are asked for.
const SHOWN: usize = 10;

/// Where a sort of problem stands in the list: losses first, then what is encrypted, and last what is no loss.
fn rank(kind: ProblemKind) -> (u8, ProblemKind) {
    let place = match kind {
        ProblemKind::MissingFragment => 0,
        ProblemKind::Truncated => 1,
        ProblemKind::Damaged => 2,
        ProblemKind::Unreadable => 3,
        ProblemKind::Encrypted => 4,
        ProblemKind::Duplicate => 6,
        _ => 5,
    };
    (place, kind)
}

/// Writes the ledger, wrapped at `width` columns; `all` shows lists in full.
pub fn write(report: &Report, width: usize, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let l = &labels_of(report);
    let mut page = Page { out, width: width.max(40), all, l };
    for host in &report.hosts {
        page.host(report, host)?;
    }
    page.missing(report)?;
    let rest: Vec<&ReportProblem> =
        report.problems.iter().filter(|problem| problem.hosts.len() != 1).collect();
    if !rest.is_empty() {
        page.paragraph("", "", page.l.no_host)?;
        page.problems(&rest)?;
        writeln!(page.out)?;
    }
    Ok(())
}

struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    all: bool,
    l: &'a Labels,
}

impl Page<'_> {
    fn host(&mut self, report: &Report, host: &HostInfo) -> io::Result<()> {
        let l = self.l;
        let name = if host.name == host.id { String::new() } else { format!(" ({})", host.name) };
        let title = format!("{}{name}  {} {}", host.id, l.host_kind(host.kind), view::version(host, l));
        self.paragraph("", "    ", &title)?;
        self.captures(host)?;
        let (read, skipped) = (show::count(host.members.read), show::count(host.members.skipped));
        self.field(l.files_short, &fill(l.files_read, &[&read, &skipped]))?;
        let counts = host.setup.as_ref().map(|known| setup::counts(known, l)).unwrap_or_default();
        if !counts.is_empty() {
            self.field(l.setup_short, &counts)?;
        }
        let logs: Vec<&Coverage> = report.coverage.iter().filter(|log| log.host == host.id).collect();
        if !host.absent_logs.is_empty() {
            self.field(l.absent_short, &fill(l.absent, &[&host.absent_logs.join(l.comma)]))?;
        }
        self.logs(&logs)?;
        self.gaps(&logs)?;
        let own: Vec<&ReportProblem> =
            report.problems.iter().filter(|problem| problem.hosts == [host.id.as_str()]).collect();
        self.problems(&own)?;
        self.samples(&logs)?;
        writeln!(self.out)
    }

    /// The bundles of a host, newest first, and what changed since each older one.
    fn captures(&mut self, host: &HostInfo) -> io::Result<()> {
        let l = self.l;
        self.path(l.bundle_short, &host.bundle)?;
        self.field(l.captured_short, &l.zone.told_or_dash(host.captured_at))?;
        for capture in host.captures.iter().skip(1) {
            self.field(l.older_short, &view::capture_head(capture, l))?;
            self.path("", &capture.bundle)?;
            let changes = view::changes_since(host, capture);
            for (at, change) in changes.iter().take(self.limit()).enumerate() {
                self.field(if at == 0 { l.changed_short } else { "" }, &view::change_text(change, l))?;
            }
            self.more(changes.len(), "              ")?;
        }
        Ok(())
    }

    fn limit(&self) -> usize {
        if self.all { usize::MAX } else { SHOWN }
    }

    /// A line that says how many of `count` are not shown.
    fn more(&mut self, count: usize, indent: &str) -> io::Result<()> {
        match count.saturating_sub(self.limit()) {
            0 => Ok(()),
            rest => {
                let text = fill(self.l.and_more, &[&show::count(rest as u64)]);
                self.paragraph(indent, indent, &text)
            }
        }
    }

    /// `  bundle    …`
    fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        let lead = format!("  {}  ", pad(label, 10));
        let hang = " ".repeat(lead.width());
        self.paragraph(&lead, &hang, text)
    }

    /// The same with a path, which is not wrapped but loses its middle where it must.
    fn path(&mut self, label: &str, path: &str) -> io::Result<()> {
        let lead = format!("  {}  ", pad(label, 10));
        let path = shorten(&escape::line(path), self.width.saturating_sub(lead.width()));
        writeln!(self.out, "{lead}{path}")
    }

    /// `text` behind `lead`, its further lines behind `hang`.
    fn paragraph(&mut self, lead: &str, hang: &str, text: &str) -> io::Result<()> {
        let text = escape::line(text);
        let width = self.width.saturating_sub(lead.width().max(hang.width()));
        for (at, line) in wrap(&text, width).iter().enumerate() {
            writeln!(self.out, "{}", format!("{}{line}", if at == 0 { lead } else { hang }).trim_end())?;
        }
        Ok(())
    }

    fn logs(&mut self, logs: &[&Coverage]) -> io::Result<()> {
        if logs.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        let mut tables = FORMS.iter().map(|form| Table::of(logs, *form, self.l));
        if let Some(table) = tables.find(|table| table.width() <= self.width) {
            return table.write(self.out);
        }
        let [.., narrowest] = FORMS;
        let rows = Table::of(logs, narrowest, self.l).rows;
        rows.iter().try_for_each(|row| self.paragraph("  ", "      ", row.join("  ").trim_end()))
    }

    fn gaps(&mut self, logs: &[&Coverage]) -> io::Result<()> {
        let l = self.l;
        let gaps = logs.iter().flat_map(|log| log.gaps.iter().map(move |gap| (log, gap)));
        let lost =
            |gap: &super::model::Gap| show::delta(gap.to.since(gap.from), l.lang()).replacen('+', "", 1);
        let items = gaps.map(|(log, gap)| {
            format!(
                "{} {}{}{}{}",
                log.log,
                l.zone.span(gap.from, gap.to),
                l.aside(&lost(gap)),
                l.colon,
                view::gap_text(gap, l)
            )
        });
        self.list(l.gaps, &items.collect::<Vec<_>>())
    }

    /// Problems by their kinds. A file that something is lost of stands under the first of these kinds only, with all
    /// that is said of it, so that the files can be counted.
    fn problems(&mut self, problems: &[&ReportProblem]) -> io::Result<()> {
        let mut first: BTreeMap<(&str, &[String]), ProblemKind> = BTreeMap::new();
        for problem in problems.iter().filter(|problem| problem.kind.is_loss()) {
            let known = first.entry((&problem.path, &problem.hosts)).or_insert(problem.kind);
            *known = std::cmp::min_by_key(*known, problem.kind, |kind| rank(*kind));
        }
        let listed = |problem: &ReportProblem| match first.get(&(problem.path.as_str(), &problem.hosts[..])) {
            Some(kind) if problem.kind.is_loss() => *kind,
            _ => problem.kind,
        };
        let mut kinds: Vec<ProblemKind> = problems.iter().map(|problem| listed(problem)).collect();
        kinds.sort_by_key(|kind| rank(*kind));
        kinds.dedup();
        for kind in kinds {
            let own: Vec<&ReportProblem> =
                problems.iter().copied().filter(|problem| listed(problem) == kind).collect();
            // What is said of one file stands together.
            let files = own.chunk_by(|a, b| a.path == b.path && a.hosts == b.hosts);
            let items: Vec<String> = files.map(|file| self.problem(file)).collect();
            self.list(self.l.problem_kind(kind), &items)?;
        }
        Ok(())
    }

    /// What is wrong with one file, in one sentence or several.
    fn problem(&self, file: &[&ReportProblem]) -> String {
        let Some(first) = file.first() else { return String::new() };
        let path = shorten(&escape::line(&inside(&first.path)), self.width.saturating_sub(8));
        let texts: Vec<&str> = file.iter().map(|problem| problem.text.as_str()).collect();
        let whose = match first.hosts.len() {
            0 | 1 => String::new(),
            _ => self.l.aside(&first.hosts.join(self.l.comma)),
        };
        format!("{path}{}{}{whose}", self.l.colon, texts.join(self.l.semicolon))
    }

    fn samples(&mut self, logs: &[&Coverage]) -> io::Result<()> {
        let samples = logs.iter().flat_map(|log| &log.samples);
        let items: Vec<String> = samples
            .map(|sample| format!("{}:{}: {}", inside(&sample.file), sample.line, sample.text))
            .collect();
        self.list(self.l.samples, &items)
    }

    /// A heading with the number of items, and the first of them.
    fn list(&mut self, heading: &str, items: &[String]) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let heading = format!("{heading} ({})", show::count(items.len() as u64));
        self.paragraph("  ", "    ", &heading)?;
        for item in items.iter().take(self.limit()) {
            self.paragraph("    ", "      ", item)?;
        }
        self.more(items.len(), "    ")
    }

    fn missing(&mut self, report: &Report) -> io::Result<()> {
        let l = self.l;
        let item = |host: &super::model::MissingHost| {
            format!("{}{}", host.name_or_uuid, l.aside(&fill(l.named_by, &[&host.seen_by.join(l.comma)])))
        };
        let items: Vec<String> = report.missing_hosts.iter().map(item).collect();
        if items.is_empty() {
            return Ok(());
        }
        self.paragraph("", "", &format!("{} ({})", l.missing_hosts, show::count(items.len() as u64)))?;
        for item in items.iter().take(self.limit()) {
            self.paragraph("  ", "    ", item)?;
        }
        self.more(items.len(), "  ")?;
        writeln!(self.out)
    }
}

/// How roomy a table is.
#[derive(Copy, Clone)]
struct Form {
    /// Times have seconds.
    seconds: bool,
    /// Numbers have separators.
    commas: bool,
    /// Blanks between columns.
    air: usize,
}

/// From the roomiest to the narrowest.
const FORMS: [Form; 5] = [
    Form { seconds: true, commas: true, air: 2 },
    Form { seconds: true, commas: true, air: 1 },
    Form { seconds: false, commas: true, air: 2 },
    Form { seconds: false, commas: true, air: 1 },
    Form { seconds: false, commas: false, air: 1 },
];

/// The table of a host's logs, the first row being its head.
struct Table {
    rows: Vec<[String; 6]>,
    widths: [usize; 6],
    air: usize,
}

/// Columns before this one are texts, the others numbers.
const NUMBERS: usize = 2;

impl Table {
    fn of(logs: &[&Coverage], form: Form, l: &Labels) -> Table {
        let count = |n: u64| if form.commas { show::count(n) } else { n.to_string() };
        let spans = l.in_zone(l.ledger_span);
        let head = [l.ledger_log, &spans, l.ledger_files, l.size, l.ledger_records, l.ledger_unparsed];
        let mut rows = vec![head.map(str::to_owned)];
        for log in logs {
            rows.push([
                escape::line(&log.log).into_owned(),
                span(log, form.seconds, &l.zone).unwrap_or_else(|| l.no_stamps.to_owned()),
                count(log.members),
                size(log.bytes),
                count(log.records),
                count(log.unparsed),
            ]);
            rows.extend(span_in_utc(log, form.seconds, l));
        }
        let widest = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let widths = std::array::from_fn(widest);
        Table { rows, widths, air: form.air }
    }

    fn width(&self) -> usize {
        2 + self.widths.iter().sum::<usize>() + self.air * (self.widths.len() - 1)
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let gap = " ".repeat(self.air);
        for row in &self.rows {
            let cell = |(at, text): (usize, &String)| match at {
                at if at < NUMBERS => pad(text, self.widths[at]),
                at => pad_left(text, self.widths[at]),
            };
            let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
            writeln!(out, "  {}", cells.join(&gap).trim_end())?;
        }
        Ok(())
    }
}

/// `1.4M`: a size in as few columns as it can be.
fn size(bytes: u64) -> String {
    let text = show::bytes(bytes);
    text.replace(" B", "").replace("iB", "").replace(' ', "")
}

/// `2020-02-15 09:20:31 – 02-18 09:20:31`: the year is not repeated where it is the same.
fn span(log: &Coverage, seconds: bool, zone: &Zone) -> Option<String> {
    let text = |at: Timestamp| {
        let mut text = zone.clock(at);
        text.truncate(text.find('.').unwrap_or(text.len()));
        text.truncate(if seconds { text.len() } else { text.rfind(':').unwrap_or(text.len()) });
        text
    };
    let (from, to) = (text(log.from?), text(log.to?));
    let to = if from.get(..5) == to.get(..5) { to.get(5..).unwrap_or(&to) } else { &to };
    Some(format!("{from} – {to}"))
}

/// The line below a log's own with its span in UTC, where the table is in another zone.
fn span_in_utc(log: &Coverage, seconds: bool, l: &Labels) -> Option<[String; 6]> {
    let span = span(log, seconds, &Zone::UTC).filter(|_| !l.zone.is_utc())?;
    Some(["", &format!("({span} UTC)"), "", "", "", ""].map(str::to_owned))
}
