//! The summary that `analyze` prints: the verdict, then for each finding what, why, where and what to do first.
//!
//! No line is wider than the terminal, whatever a bundle says and however many hosts there are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::columns::{cut, pad, wrap};
use super::features::{fold, plain};
use super::labels::{Labels, choose, fill, fill_count, labels_of};
use super::model::{Finding, HostInfo, Link, Report};
use super::paint::{Style, paint};
use super::steps::{self, Commands, Group};
use super::{escape, gist, show, view};

/// How many findings are told in full; of the others the titles are.
const FINDINGS: usize = 3;
/// How many titles are printed.
const TITLES: usize = 12;
/// How many steps of a remedy are printed; the rest is in the report.
const STEPS: usize = 3;
/// How many lines of commands one step prints.
const COMMANDS: usize = 6;
/// How many steps of how it came about are printed.
const LINKS: usize = 10;
/// How many hosts have a line each; of more, those that say the same are one.
const HOSTS: usize = 16;
/// How many hosts that say the same have a line each all the same.
const ALIKE: usize = 2;
/// How many names of VMs are printed.
const NAMES: usize = 8;
/// How many paths that were given and not read are printed.
const GIVEN: usize = 3;
const INDENT: &str = "  ";

/// Writes the summary, wrapped at `width` columns, with colours where `colour` says so.
pub fn summary(report: &Report, width: usize, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { out, width: width.max(40), colour };
    let l = &labels_of(report);
    page.verdict(report, l)?;
    for (at, finding) in report.findings.iter().take(FINDINGS).enumerate() {
        // One story is read; of the others the report has theirs.
        let chain = if at == 0 { finding.chain.as_slice() } else { &[] };
        page.finding(finding, chain, l)?;
    }
    page.titles(report.findings.get(FINDINGS..).unwrap_or_default(), l)?;
    page.hosts(&report.hosts, l)?;
    page.footer(report, l)
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

    /// The three sentences, the first of which is what a reader is here for.
    fn verdict(&mut self, report: &Report, l: &Labels) -> io::Result<()> {
        let is_healthy = view::headline(report).is_none();
        let style = if is_healthy { Style::Green } else { Style::Bold };
        for (at, sentence) in gist::verdict(report).iter().enumerate() {
            let sentence = escape::line(sentence);
            if at == 0 { self.painted(style, &sentence)? } else { self.paragraph(&sentence, "")? }
        }
        if is_healthy && report.hosts.is_empty() {
            self.paragraph(l.no_period, "")?;
        }
        writeln!(self.out)
    }

    fn painted(&mut self, style: Style, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width) {
            let painted = self.paint(style, &line);
            writeln!(self.out, "{painted}")?;
        }
        Ok(())
    }

    /// The findings that are not told in full, a line each.
    fn titles(&mut self, findings: &[Finding], l: &Labels) -> io::Result<()> {
        if findings.is_empty() {
            return Ok(());
        }
        self.paragraph(&fill_count(l.more_findings, findings.len() as u64), "")?;
        for finding in findings.iter().take(TITLES) {
            let title =
                format!("{}{}{}", l.severity_name(finding.severity), l.colon, escape::line(&finding.title));
            self.hanging(&title)?;
        }
        if findings.len() > TITLES {
            self.dim(&fill(l.more, &[&(findings.len() - TITLES).to_string()]))?;
        }
        writeln!(self.out)
    }

    /// A text with an indent, further lines of it with a larger one.
    fn hanging(&mut self, text: &str) -> io::Result<()> {
        let hang = pad("", INDENT.len() + 2);
        for (at, line) in wrap(text, self.width.saturating_sub(hang.len())).iter().enumerate() {
            writeln!(self.out, "{}{line}", if at == 0 { INDENT } else { &hang })?;
        }
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, chain: &[Link], l: &Labels) -> io::Result<()> {
        self.finding_title(finding, l)?;
        self.paragraph(&escape::line(&finding.cause.text), INDENT)?;
        if let Some(when) = l.span_told(finding.first_seen, finding.last_seen) {
            self.paragraph(&format!("{}{}{when}", l.when, l.colon), INDENT)?;
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
        self.labelled(label, &escape::line(&plain(names, NAMES, l)), l)
    }

    /// How it came about, a line each with the time before it.
    fn chain(&mut self, chain: &[Link], l: &Labels) -> io::Result<()> {
        if chain.is_empty() {
            return Ok(());
        }
        self.paragraph(&format!("{}{}", l.chain, l.colon.trim_end()), INDENT)?;
        let left = chain.len().saturating_sub(LINKS);
        let chain = &chain[..chain.len() - left];
        let second = |link: &Link| link.time.map_or_else(String::new, |at| l.zone.second(at));
        let column = chain.iter().map(|link| second(link).width()).max().unwrap_or(0);
        // A time with UTC beside it leaves no room on its line.
        let is_beside = column <= self.width / 3;
        let indent = pad("", 2 * INDENT.len() + if is_beside { column + 2 } else { 2 });
        for link in chain {
            let lines = wrap(&escape::line(&link.text), self.width.saturating_sub(indent.len()));
            let time = self.paint(Style::Dim, &pad(&second(link), column));
            if !is_beside && link.time.is_some() {
                self.paragraph(&second(link), &pad("", 2 * INDENT.len()))?;
            }
            for (at, line) in lines.iter().enumerate() {
                if at == 0 && is_beside {
                    writeln!(self.out, "{INDENT}{INDENT}{time}  {line}")?;
                } else {
                    writeln!(self.out, "{indent}{line}")?;
                }
            }
        }
        if left > 0 {
            self.dim(&fill(l.more, &[&left.to_string()]))?;
        }
        Ok(())
    }

    fn remedy(&mut self, finding: &Finding, l: &Labels) -> io::Result<()> {
        let groups = steps::group(&finding.remedy, l);
        for group in groups.iter().take(STEPS) {
            self.step(&format!("{}.", group.number()), group, l)?;
        }
        // The last step with a command checks whether the others worked.
        let check = groups.iter().skip(STEPS).rfind(|group| !group.commands.is_empty());
        if let Some(group) = check {
            self.step(&format!("{}{}", l.verify, l.colon.trim_end()), group, l)?;
        }
        let told = groups.iter().take(STEPS).chain(check).map(|group| group.last + 1 - group.first).sum();
        match finding.remedy.len().saturating_sub(told) {
            0 => Ok(()),
            rest => self.dim(&fill_count(l.more_steps, rest as u64)),
        }
    }

    fn step(&mut self, lead: &str, group: &Group<'_>, l: &Labels) -> io::Result<()> {
        // A full-width colon has its blank in itself.
        let blank = if lead.ends_with('：') { "" } else { " " };
        let indent = pad("", INDENT.len() + lead.width() + blank.len());
        // A step may say by itself that it is a check.
        let text = group.text.strip_prefix(lead).map_or(group.text.as_str(), str::trim_start);
        let lines = wrap(&escape::line(text), self.width.saturating_sub(indent.len()));
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                writeln!(self.out, "{INDENT}{lead}{blank}{line}")?;
            } else {
                writeln!(self.out, "{indent}{line}")?;
            }
        }
        let mut room = COMMANDS;
        for commands in &group.commands {
            self.commands(commands, room, &indent, l)?;
            room = room.saturating_sub(commands.lines.len());
        }
        let all: usize = group.commands.iter().map(|commands| commands.lines.len()).sum();
        match all.saturating_sub(COMMANDS) {
            0 => Ok(()),
            rest => self.paragraph(&fill_count(l.more_commands, rest as u64), &indent),
        }
    }

    /// What is typed, the host before it. A long command goes on behind a `\`, so that it can be copied.
    fn commands(&mut self, commands: &Commands<'_>, room: usize, indent: &str, l: &Labels) -> io::Result<()> {
        let prompt = fold(&commands.hosts, 2, l);
        let prompt = format!("{}#", cut(&escape::line(&prompt), self.width / 3));
        for line in commands.lines.iter().take(room) {
            let width = self.width.saturating_sub(indent.len() + prompt.width() + 1);
            for (at, part) in shell_lines(&escape::line(line), width).iter().enumerate() {
                let lead = if at == 0 { self.paint(Style::Dim, &prompt) } else { pad("", prompt.width()) };
                writeln!(self.out, "{indent}{lead} {part}")?;
            }
        }
        Ok(())
    }

    fn labelled(&mut self, label: &str, text: &str, l: &Labels) -> io::Result<()> {
        self.hanging(&format!("{label}{}{text}", l.colon))
    }

    fn dim(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(INDENT.len())) {
            let painted = self.paint(Style::Dim, &line);
            writeln!(self.out, "{INDENT}{painted}")?;
        }
        Ok(())
    }

    fn paragraph(&mut self, text: &str, indent: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent.len())) {
            writeln!(self.out, "{indent}{line}")?;
        }
        Ok(())
    }

    /// A line a host; of many hosts those that say the same are folded.
    fn hosts(&mut self, hosts: &[HostInfo], l: &Labels) -> io::Result<()> {
        let rows: Vec<[String; 3]> = hosts.iter().map(|host| host_row(host, l)).collect();
        let column = |at: usize| rows.iter().map(|row| row[at].width()).max().unwrap_or(0);
        let widths = [column(0), column(1)];
        let fits = widths[0] + widths[1] + column(2) + 4 <= self.width;
        let shown: Vec<(usize, Vec<&str>)> =
            if rows.len() > HOSTS { folded(&rows) } else { (0..rows.len()).map(|at| (at, vec![])).collect() };
        for (at, alike) in shown.iter().take(HOSTS) {
            let [id, version, state] = &rows[*at];
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
            if !alike.is_empty() {
                let count = show::count(alike.len() as u64);
                self.dim(&fill(l.more_alike, &[&count, &fold(alike, NAMES, l)]))?;
            }
        }
        let rest: usize = shown.iter().skip(HOSTS).map(|(_, alike)| 1 + alike.len()).sum();
        if rest > 0 {
            self.dim(&fill(l.more, &[&show::count(rest as u64)]))?;
        }
        if rows.is_empty() { Ok(()) } else { writeln!(self.out) }
    }

    fn footer(&mut self, report: &Report, l: &Labels) -> io::Result<()> {
        if !report.missing_hosts.is_empty() {
            let names: Vec<&str> =
                report.missing_hosts.iter().map(|host| host.name_or_uuid.as_str()).collect();
            self.paragraph(&fill(l.missing_n, &[&escape::line(&fold(&names, NAMES, l))]), "")?;
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
        self.paragraph(&fill(label, &[&escape::line(&plain(&paths, GIVEN, l))]), "")
    }
}

/// The rows that stand for all: each alone, or the first of those that say the same with the names of the others.
fn folded(rows: &[[String; 3]]) -> Vec<(usize, Vec<&str>)> {
    let mut same: BTreeMap<[&str; 2], Vec<usize>> = BTreeMap::new();
    for (at, [_, version, state]) in rows.iter().enumerate() {
        same.entry([version, state]).or_default().push(at);
    }
    let mut shown = Vec::new();
    for places in same.into_values() {
        let alone = if places.len() > ALIKE { 1 } else { places.len() };
        shown.extend(places.iter().take(alone).map(|at| (*at, Vec::new())));
        if let Some((_, alike)) = shown.last_mut() {
            *alike = places.iter().skip(alone).map(|at| rows[*at][0].as_str()).collect();
        }
    }
    shown.sort_by_key(|(at, _)| *at);
    shown
}

/// A command in lines of at most `width` columns: broken at blanks outside quotes, each line but the last with a `\` at its
/// end, as a shell reads on there. What has no such blank is broken anywhere.
fn shell_lines(command: &str, width: usize) -> Vec<String> {
    if command.width() <= width {
        return vec![command.to_owned()];
    }
    let room = width.saturating_sub(2).max(10);
    let mut lines: Vec<String> = Vec::new();
    for word in shell_words(command) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let last = lines.len().saturating_sub(1);
    let broken = |(at, line): (usize, String)| {
        let line = if at < last { format!("{line} \\") } else { line };
        wrap(&line, width)
    };
    lines.into_iter().enumerate().flat_map(broken).collect()
}

/// The words of a command, quoted ones whole.
fn shell_words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in command.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') => {
                words.push(&command[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&command[start..]);
    words.retain(|word| !word.is_empty());
    words
}

fn host_row(host: &HostInfo, l: &Labels) -> [String; 3] {
    let state = match host.vsan.as_ref() {
        Some(vsan) => {
            let members = vsan.member_count.map(|n| fill_count(l.vsan_members, n));
            let parts = [vsan.state.clone(), members];
            format!("{} {}", l.vsan, parts.into_iter().flatten().collect::<Vec<_>>().join(l.comma))
        }
        None => String::new(),
    };
    let version = format!("{} {}", l.host_kind(host.kind), view::version(host, l));
    [host.id.as_str(), &version, &state].map(|text| escape::line(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_can_still_be_copied() {
        assert_eq!(shell_lines("esxcli vsan cluster get", 30), ["esxcli vsan cluster get"]);
        assert_eq!(
            shell_lines("esxcli vsan cluster get | grep -E 'Member Count|State'", 30),
            ["esxcli vsan cluster get | \\", "grep -E 'Member Count|State'"]
        );
        assert_eq!(
            shell_lines("echo abcdefghijklmnopqrstuvw", 12),
            ["echo \\", "abcdefghijkl", "mnopqrstuvw"]
        );
    }
}
