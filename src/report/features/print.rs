//! The matrix that `esxray features` prints: the answer, the rows, what follows for VMs, and where it all comes from.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::super::columns::{pad, wrap};
use super::super::escape;
use super::super::labels::{Labels, fill, fill_count, labels_of};
use super::super::model::{FeatureRow, FeatureVm, Report};
use super::super::paint::{Style, paint};
use super::super::show;
use super::{Block, Group, words};
use crate::case::inside;

/// Names of VMs in one sentence, where not all are asked for.
const NAMES: usize = 8;
/// VMs of a list, where not all are asked for.
const VMS: usize = 10;
/// Stands before the values of a host that stands apart.
const MARK: &str = "*";
const INDENT: &str = "    ";

/// Writes the matrix with no line wider than `width` columns, and with colours where `colour` says so; `all` adds the
/// rows in which hosts agree and the files.
pub fn write(report: &Report, width: usize, all: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let l = &labels_of(report);
    let mut page = Page { out, width, all, colour, l };
    if report.features.rows.is_empty() {
        page.text(None, "", l.no_features_nowhere)?;
        return page.text(None, "", l.no_features_hint);
    }
    for (at, block) in super::blocks(report, l).iter().enumerate() {
        if at > 0 {
            writeln!(page.out)?;
        }
        page.block(block)?;
    }
    page.out.flush()
}

struct Page<'a> {
    out: &'a mut dyn Write,
    width: usize,
    all: bool,
    colour: bool,
    l: &'a Labels,
}

impl Page<'_> {
    fn block(&mut self, block: &Block<'_>) -> io::Result<()> {
        if let Some(title) = &block.title {
            let hosts = fill_count(self.l.hosts_of, block.hosts.len() as u64);
            self.text(Some(Style::Bold), "", &format!("== {title} ({hosts}) =="))?;
        }
        for sentence in words::answer(block, self.l) {
            self.text(Some(Style::Bold), "", &sentence)?;
        }
        self.differing(block)?;
        self.same(block)?;
        self.emptying(block)?;
        self.pinned(block)?;
        self.section(self.l.others_with_settings, &words::others_with_settings(block, self.l))?;
        self.requirements(block)?;
        self.section(self.l.common_baseline, &words::baseline(block, self.l))?;
        self.sources(block)
    }

    /// One paragraph: escaped, wrapped under `indent`, each of its lines in `style`.
    fn text(&mut self, style: Option<Style>, indent: &str, text: &str) -> io::Result<()> {
        self.hung(style, indent, indent, text)
    }

    /// The same with another indent from its second line on.
    fn hung(&mut self, style: Option<Style>, first: &str, then: &str, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(first.width().max(then.width()));
        for (at, line) in wrap(&escape::line(text), room).iter().enumerate() {
            let line = style.map_or_else(|| line.clone(), |style| paint(self.colour, style, line));
            writeln!(self.out, "{}{line}", if at == 0 { first } else { then })?;
        }
        Ok(())
    }

    fn heading(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.text(Some(Style::Bold), "", title)
    }

    /// A heading and one paragraph a line; nothing where there are no lines.
    fn section(&mut self, title: &str, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.heading(title)?;
        lines.iter().try_for_each(|line| self.hung(None, "  ", INDENT, line))
    }

    fn differing(&mut self, block: &Block<'_>) -> io::Result<()> {
        // One host differs from none.
        if block.differing.is_empty() {
            return Ok(());
        }
        writeln!(self.out)?;
        match Table::of(block).filter(|table| table.width() <= self.width) {
            Some(table) => {
                self.table(block, &table)?;
                self.text(Some(Style::Dim), "", &words::legend(MARK, self.l))
            }
            None => {
                block.alike().iter().try_for_each(|(groups, rows)| self.grouped(block, groups, rows))?;
                self.text(Some(Style::Dim), "", &fill(self.l.stands_apart, &[MARK]))
            }
        }
    }

    fn table(&mut self, block: &Block<'_>, table: &Table) -> io::Result<()> {
        let mut head = pad(self.l.feature, table.key_width);
        for (name, width) in &table.columns {
            head.push_str("  ");
            // The names stand over the values, the mark before them.
            head.push_str(&pad(&format!(" {name}"), *width));
        }
        let head = paint(self.colour, Style::Bold, head.trim_end());
        writeln!(self.out, "{head}")?;
        for (row, cells) in block.differing.iter().zip(&table.cells) {
            let mut line = pad(&escape::line(&row.key), table.key_width);
            for ((cell, is_odd), (_, width)) in cells.iter().zip(&table.columns) {
                let cell = pad(cell, *width);
                line.push_str("  ");
                line.push_str(&if *is_odd { paint(self.colour, Style::Yellow, &cell) } else { cell });
            }
            writeln!(self.out, "{}", line.trim_end())?;
            self.text(Some(Style::Dim), INDENT, &words::guards(row, self.l))?;
        }
        Ok(())
    }

    /// Features whose hosts do not fit beside each other: what they are, then one line for each value.
    fn grouped(&mut self, block: &Block<'_>, groups: &[Group<'_>], rows: &[&FeatureRow]) -> io::Result<()> {
        for row in rows {
            self.text(None, "", &row.key)?;
            self.text(Some(Style::Dim), INDENT, &words::guards(row, self.l))?;
        }
        let Some(row) = rows.first() else { return Ok(()) };
        for group in groups {
            let line = words::group_line(block, row, group, self.l);
            let (lead, style) = match group.is_odd {
                true => (format!("  {MARK} "), Some(Style::Yellow)),
                false => (INDENT.to_owned(), None),
            };
            self.hung(style, &lead, "      ", &line)?;
        }
        Ok(())
    }

    /// The rows in which the hosts agree: counted, or one line each.
    fn same(&mut self, block: &Block<'_>) -> io::Result<()> {
        let l = self.l;
        let count = block.same.len() as u64;
        if !self.all {
            let is_told = block.differing.is_empty() || count == 0;
            return if is_told { Ok(()) } else { self.text(None, "", &fill_count(l.same_rest, count)) };
        }
        if count > 0 {
            self.heading(&fill(l.all_same_features, &[&show::count(count)]))?;
            self.text(Some(Style::Dim), "", &words::legend(MARK, l))?;
        }
        let width = block.same.iter().map(|row| escape::line(&row.key).width()).max().unwrap_or(0);
        for row in &block.same {
            let groups = block.groups(row);
            let values: Vec<String> = match groups.as_slice() {
                [one] => vec![one.value.signs()],
                groups => groups.iter().map(|group| words::value_on(group, l)).collect(),
            };
            let key = pad(&escape::line(&row.key), width.min(self.width / 2));
            let line = format!("{key}  {}  {}", values.join(l.semicolon), words::guards(row, l));
            self.hung(None, "", INDENT, &line)?;
        }
        Ok(())
    }

    fn emptying(&mut self, block: &Block<'_>) -> io::Result<()> {
        let names = if self.all { usize::MAX } else { NAMES };
        self.section(self.l.can_leave, &words::evacuation(block, names, self.l))
    }

    fn pinned(&mut self, block: &Block<'_>) -> io::Result<()> {
        let groups = block.pinned();
        if !groups.is_empty() {
            self.heading(self.l.pinned_vms)?;
        }
        for group in groups {
            self.hung(None, "  ", INDENT, &words::pinned_line(&group, self.l))?;
            let shown = if self.all { group.vms.len() } else { VMS };
            let several = group.hosts().len() > 1;
            group.vms.iter().take(shown).try_for_each(|vm| self.vm(block, vm, several))?;
            if group.vms.len() > shown {
                let left = show::count((group.vms.len() - shown) as u64);
                self.text(None, INDENT, &fill(self.l.and_more, &[&left]))?;
            }
        }
        Ok(())
    }

    /// `says_host` where the line above names several hosts.
    fn vm(&mut self, block: &Block<'_>, vm: &FeatureVm, says_host: bool) -> io::Result<()> {
        let l = self.l;
        let told = [
            words::powered_on(block, vm, l).map(|at| format!("{} {at}", l.powered_on_short)),
            words::settings(vm, l).map(|set| format!("{}{}{set}", l.own_settings, l.colon)),
            vm.requires_from.as_deref().filter(|_| self.all).map(inside),
        ];
        let name = if says_host { fill(l.at_on, &[&vm.name, &vm.host]) } else { vm.name.clone() };
        let told: Vec<String> = std::iter::once(name).chain(told.into_iter().flatten()).collect();
        self.hung(None, INDENT, "      ", &told.join(l.semicolon))
    }

    /// What VMs require: of one host alone, where it is all that there is to say, or of all where all is asked for.
    fn requirements(&mut self, block: &Block<'_>) -> io::Result<()> {
        if block.hosts.len() > 1 && !self.all {
            return Ok(());
        }
        let names = if self.all { usize::MAX } else { NAMES };
        self.section(self.l.vm_requirements, &words::requirements(block, names, self.l))
    }

    fn sources(&mut self, block: &Block<'_>) -> io::Result<()> {
        let l = self.l;
        self.section(l.feature_files, &[words::missing(block, l), words::read(block, l)].concat())?;
        let files = if self.all { words::files(block, l) } else { Vec::new() };
        for (host, files) in files {
            self.text(None, "  ", host)?;
            files.iter().try_for_each(|file| self.hung(None, INDENT, "      ", file))?;
        }
        Ok(())
    }
}

/// The rows that differ, with a column for each host.
struct Table {
    key_width: usize,
    /// Names of the hosts and the widths of their columns.
    columns: Vec<(String, usize)>,
    /// By row, then by host: the values, and whether the host stands apart.
    cells: Vec<Vec<(String, bool)>>,
}

impl Table {
    /// `None` where there is nothing to compare.
    fn of(block: &Block<'_>) -> Option<Table> {
        let cell = |row: &FeatureRow, host: &str| {
            let is_odd = block.is_odd(row, host);
            (format!("{}{}", if is_odd { MARK } else { " " }, block.value(row, host).signs()), is_odd)
        };
        let cells: Vec<Vec<(String, bool)>> = block
            .differing
            .iter()
            .map(|row| block.hosts.iter().map(|host| cell(row, host)).collect())
            .collect();
        let column = |(at, host): (usize, &&str)| {
            let name = escape::line(host).into_owned();
            let values = cells.iter().map(|row| row[at].0.width()).max().unwrap_or(0);
            let width = values.max(name.width() + 1);
            (name, width)
        };
        let keys = block.differing.iter().map(|row| escape::line(&row.key).width());
        Some(Table {
            key_width: keys.max()?.max(10),
            columns: block.hosts.iter().enumerate().map(column).collect(),
            cells,
        })
    }

    fn width(&self) -> usize {
        self.key_width + self.columns.iter().map(|(_, width)| width + 2).sum::<usize>()
    }
}
