//! The summary that `analyze` prints: for each finding what, why, where and what to do first.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::columns::{pad, wrap};
use super::escape;
use super::labels::{Labels, choose, fill, fill_count, labels_of};
use super::model::{Finding, HostInfo, Link, Report, Step};
use super::{show, view};
use crate::model::Severity;

/// How many steps of a remedy are printed; the rest is in the report.
const STEPS: usize = 3;
/// How many names of VMs are printed.
const NAMES: usize = 8;
/// How many paths that were given and not read are printed.
const GIVEN: usize = 3;
const INDENT: &str = "  ";

/// Writes the summary, wrapped at `width` columns, with colours where `colour` says so.
pub fn summary(report: &Report, width: usize, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, width: width.max(40), colour };
    let l = &labels_of(report);
    // The title of a case is that of its worst finding, which follows.
    if view::headline(report).is_none_or(|finding| finding.title != report.case.title) {
        page.title(report)?;
    }
    if view::headline(report).is_none() {
        page.healthy(report, l)?;
    }
    for (at, finding) in report.findings.iter().enumerate() {
        // One story is read; of the others the report has theirs.
        let chain = if at == 0 { finding.chain.as_slice() } else { &[] };
        page.finding(finding, chain, l)?;
    }
    page.hosts(&report.hosts, l)?;
    page.footer(report, l)
}

/// SGR codes; the only escape sequences that a terminal is sent.
#[derive(Copy, Clone)]
pub(super) enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
    Blue,
    Green,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Red => "1;31",
            Style::Yellow => "1;33",
            Style::Blue => "1;34",
            Style::Green => "1;32",
        }
    }

    pub(super) const fn of(severity: Severity) -> Style {
        match severity {
            Severity::Critical | Severity::Error => Style::Red,
            Severity::Warning => Style::Yellow,
            Severity::Info => Style::Blue,
        }
    }
}

/// `text` in `style` where `colour` says so.
pub(super) fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()) } else { text.to_owned() }
}

struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    colour: bool,
}

impl Page<'_> {
    fn paint(&self, style: Style, text: &str) -> String {
        paint(self.colour, style, text)
    }

    fn title(&mut self, report: &Report) -> io::Result<()> {
        for line in wrap(&escape::line(&report.case.title), self.width) {
            let painted = self.paint(Style::Bold, &line);
            writeln!(self.out, "{painted}")?;
        }
        writeln!(self.out)
    }

    fn healthy(&mut self, report: &Report, l: &Labels) -> io::Result<()> {
        let painted = self.paint(Style::Green, l.no_findings);
        writeln!(self.out, "{painted}")?;
        for sentence in view::looked_at(report, l) {
            self.paragraph(&sentence, "")?;
        }
        writeln!(self.out)
    }

    fn finding(&mut self, finding: &Finding, chain: &[Link], l: &Labels) -> io::Result<()> {
        self.finding_title(finding, l)?;
        self.paragraph(&escape::line(&finding.cause.text), INDENT)?;
        if let Some(when) = l.zone.span_or_none(finding.first_seen, finding.last_seen) {
            self.paragraph(&format!("{}: {when}", l.when), INDENT)?;
        }
        self.names(l.affected_hosts, &finding.hosts, l)?;
        self.names(l.affected_vms, &finding.vms, l)?;
        self.chain(chain, l)?;
        self.remedy(finding, l)?;
        writeln!(self.out)
    }

    /// The badge, then the title beside it, wrapped under itself.
    fn finding_title(&mut self, finding: &Finding, l: &Labels) -> io::Result<()> {
        let badge = l.severity_name(finding.severity);
        let indent = badge.width() + 2;
        let title = escape::line(&finding.title);
        for (at, line) in wrap(&title, self.width.saturating_sub(indent)).iter().enumerate() {
            let lead =
                if at == 0 { self.paint(Style::of(finding.severity), badge) } else { pad("", indent - 2) };
            let line = self.paint(Style::Bold, line);
            writeln!(self.out, "{lead}  {line}")?;
        }
        Ok(())
    }

    fn names(&mut self, label: &str, names: &[String], l: &Labels) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<String> =
            names.iter().take(NAMES).map(|name| escape::line(name).into_owned()).collect();
        if names.len() > NAMES {
            shown.push(fill(l.more, &[&(names.len() - NAMES).to_string()]));
        }
        self.labelled(label, &shown.join(", "))
    }

    /// How it came about, a line each with the time before it.
    fn chain(&mut self, chain: &[Link], l: &Labels) -> io::Result<()> {
        if chain.is_empty() {
            return Ok(());
        }
        self.paragraph(&format!("{}:", l.chain), INDENT)?;
        let second = |link: &Link| link.time.map_or_else(String::new, |at| l.zone.second(at));
        let column = chain.iter().map(|link| second(link).width()).max().unwrap_or(0);
        let indent = pad("", 2 * INDENT.len() + column + 2);
        for link in chain {
            let text = escape::line(&link.text);
            for (at, line) in wrap(&text, self.width.saturating_sub(indent.len())).iter().enumerate() {
                if at == 0 {
                    let time = self.paint(Style::Dim, &pad(&second(link), column));
                    writeln!(self.out, "{INDENT}{INDENT}{time}  {line}")?;
                } else {
                    writeln!(self.out, "{indent}{line}")?;
                }
            }
        }
        Ok(())
    }

    fn remedy(&mut self, finding: &Finding, l: &Labels) -> io::Result<()> {
        let check = view::check_step(finding).filter(|_| finding.remedy.len() > STEPS);
        for (at, step) in finding.remedy.iter().take(STEPS).enumerate() {
            self.step(&format!("{}.", at + 1), step)?;
        }
        let listed = finding.remedy.iter().take(STEPS).any(|step| Some(step) == check);
        if let Some(step) = check.filter(|_| !listed) {
            self.step(&format!("{}:", l.verify), step)?;
        }
        let rest = finding.remedy.len().saturating_sub(STEPS + usize::from(check.is_some() && !listed));
        if rest > 0 {
            self.dim(&fill_count(l.more_steps, rest as u64))?;
        }
        Ok(())
    }

    fn step(&mut self, lead: &str, step: &Step) -> io::Result<()> {
        let indent = pad("", INDENT.len() + lead.width() + 1);
        // A step may say by itself that it is a check.
        let text = step.text.strip_prefix(lead).map_or(step.text.as_str(), str::trim_start);
        let lines = wrap(&escape::line(text), self.width.saturating_sub(indent.len()));
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                writeln!(self.out, "{INDENT}{lead} {line}")?;
            } else {
                writeln!(self.out, "{indent}{line}")?;
            }
        }
        self.command(step, &indent)
    }

    /// Commands are never wrapped, so that they can be copied.
    fn command(&mut self, step: &Step, indent: &str) -> io::Result<()> {
        let Some(command) = &step.command else { return Ok(()) };
        let prompt = step.host.as_deref().map_or_else(String::new, |host| escape::line(host).into_owned());
        let prompt = self.paint(Style::Dim, &format!("{prompt}#"));
        for line in command.lines() {
            writeln!(self.out, "{indent}{prompt} {}", escape::line(line))?;
        }
        Ok(())
    }

    fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let hang = pad("", INDENT.len() + 2);
        let full = format!("{label}: {text}");
        for (at, line) in wrap(&full, self.width.saturating_sub(hang.len())).iter().enumerate() {
            writeln!(self.out, "{}{line}", if at == 0 { INDENT } else { &hang })?;
        }
        Ok(())
    }

    fn dim(&mut self, text: &str) -> io::Result<()> {
        let painted = self.paint(Style::Dim, text);
        writeln!(self.out, "{INDENT}{painted}")
    }

    fn paragraph(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent.len())) {
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }

    fn hosts(&mut self, hosts: &[HostInfo], l: &Labels) -> io::Result<()> {
        let rows: Vec<[String; 3]> = hosts.iter().map(|host| host_row(host, l)).collect();
        let column = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let widths = [column(0), column(1)];
        let fits = widths[0] + widths[1] + column(2) + 4 <= self.width;
        for [id, version, state] in &rows {
            let (id, version) = if fits {
                (pad(id, widths[0]), pad(version, widths[1]))
            } else {
                (id.clone(), version.clone())
            };
            // Where there is no room for columns, each host is a paragraph of its own.
            let text = format!("{id}  {version}  {state}");
            let width = if fits { self.width } else { self.width.saturating_sub(INDENT.len()) };
            for (at, line) in wrap(text.trim_end(), width).iter().enumerate() {
                writeln!(self.out, "{}{line}", if at == 0 { "" } else { INDENT })?;
            }
        }
        if rows.is_empty() { Ok(()) } else { writeln!(self.out) }
    }

    fn footer(&mut self, report: &Report, l: &Labels) -> io::Result<()> {
        if !report.missing_hosts.is_empty() {
            let names: Vec<_> =
                report.missing_hosts.iter().map(|host| escape::line(&host.name_or_uuid)).collect();
            self.paragraph(&fill(l.missing_n, &[&names.join(", ")]), "")?;
        }
        self.unread(&view::unread(report), l)
    }

    /// How much was not read, and what of it was given as such.
    fn unread(&mut self, unread: &view::Unread<'_>, l: &Labels) -> io::Result<()> {
        let counts = [
            (l.lost_n, unread.lost.len()),
            (l.encrypted_n, unread.encrypted.len()),
            (l.limited_n, unread.limited.len()),
            (l.faults_n, unread.faults.len()),
        ];
        for (label, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.paragraph(&fill_count(label, count as u64), "")?;
        }
        let locked = unread.locked.iter().map(|(path, files)| {
            let count = files.len() as u64;
            fill(choose(l.locked_files, count), &[path, &show::count(count)])
        });
        self.given(l.locked_n, locked.collect(), l)?;
        self.given(l.unopened_n, unread.unopened.iter().map(|path| (*path).to_owned()).collect(), l)?;
        self.given(l.foreign_n, unread.foreign.iter().map(|path| (*path).to_owned()).collect(), l)
    }

    /// A list of what was given, the first few by their names.
    fn given(&mut self, label: &str, paths: Vec<String>, l: &Labels) -> io::Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<String> =
            paths.iter().take(GIVEN).map(|path| escape::line(path).into_owned()).collect();
        if paths.len() > GIVEN {
            shown.push(fill(l.more, &[&show::count((paths.len() - GIVEN) as u64)]));
        }
        self.paragraph(&fill(label, &[&shown.join(", ")]), "")
    }
}

fn host_row(host: &HostInfo, l: &Labels) -> [String; 3] {
    let state = match host.vsan.as_ref() {
        Some(vsan) => {
            let members = vsan.member_count.map(|n| fill_count(l.vsan_members, n));
            let parts = [vsan.state.clone(), members];
            format!("{} {}", l.vsan, parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    let version = format!("{} {}", l.host_kind(host.kind), view::version(host, l));
    [host.id.as_str(), &version, &state].map(|text| escape::line(text).into_owned())
}
