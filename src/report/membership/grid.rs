//! The matrix as a picture: one sign a cell, rows that say the same in one, and the lines behind it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::features::fold;
use super::super::labels::{Labels as Common, fill, fill_count};
use super::super::show;
use super::words::{self, Labels, words};
use super::{COLUMNS, MembershipInfo, NodeInfo, SaysInfo, ToldInfo};
use crate::case::inside;

/// Names of the hosts of a folded row that are told.
const NAMES: usize = 4;

/// What a cell says at a glance.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The host speaks of itself.
    Own,
    /// Counted as a member.
    Counted,
    /// Lost for a time, and back.
    Returned,
    /// It did not answer; that it left is not said.
    Unreachable,
    /// Its leaving is on record, its return is not, and no view tells.
    Left,
    /// Not counted as a member.
    Missing,
    /// No word.
    Silent,
}

impl Sign {
    /// All of them, in the order of a legend.
    pub const ALL: [Sign; 7] = [
        Sign::Counted,
        Sign::Missing,
        Sign::Left,
        Sign::Returned,
        Sign::Unreachable,
        Sign::Silent,
        Sign::Own,
    ];

    /// One character, told apart without colour.
    pub const fn mark(self) -> &'static str {
        match self {
            Sign::Own => "■",
            Sign::Counted => "✓",
            Sign::Returned => "↺",
            Sign::Unreachable => "!",
            Sign::Left => "↓",
            Sign::Missing => "✕",
            Sign::Silent => "·",
        }
    }

    /// The name of its style.
    pub const fn class(self) -> &'static str {
        match self {
            Sign::Own => "own",
            Sign::Counted => "counted",
            Sign::Returned => "returned",
            Sign::Unreachable => "unreachable",
            Sign::Left => "left",
            Sign::Missing => "missing",
            Sign::Silent => "silent",
        }
    }

    /// What it means.
    pub const fn meaning(self, l: &Labels) -> &'static str {
        match self {
            Sign::Own => l.sign_own,
            Sign::Counted => l.sign_counted,
            Sign::Returned => l.sign_returned,
            Sign::Unreachable => l.sign_unreachable,
            Sign::Left => l.sign_left,
            Sign::Missing => l.sign_missing,
            Sign::Silent => l.sign_silent,
        }
    }

    /// What a witness says: its view at the capture comes before its lines, the last line before earlier ones.
    fn of(says: &SaysInfo) -> Sign {
        let last = |whats: &[&str]| {
            says.told.iter().filter(|told| whats.contains(&told.what.as_str())).map(|told| told.last).max()
        };
        let left = last(&["left"]);
        let back = last(&["joined", "reconnected"]);
        let silent = last(&["unreachable", "not-responding", "disconnected", "dead"]);
        match says.counted {
            Some(false) => Sign::Missing,
            Some(true) if left.is_some() => Sign::Returned,
            Some(true) if silent.is_some() && silent <= back => Sign::Returned,
            Some(true) if silent.is_some() => Sign::Unreachable,
            Some(true) => Sign::Counted,
            None if left.is_some() && left > back => Sign::Left,
            None if silent.is_some() && silent > back => Sign::Unreachable,
            None if left.is_some() || silent.is_some() => Sign::Returned,
            None if last(&["joined"]).is_some() => Sign::Counted,
            // That vCenter is connected says nothing of the membership.
            None => Sign::Silent,
        }
    }
}

/// The mark of a node that is not on a unicast agent list.
pub const UNLISTED: &str = "°";

/// Characters of a column's heading: more make it taller than the matrix.
const HEADING: usize = 20;

/// A column: a node.
pub struct Column<'a> {
    /// The node.
    pub node: &'a NodeInfo,
    /// Its label, cut where it is long.
    pub heading: String,
    /// From 1.
    pub number: usize,
}

/// What a row says of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// At a glance.
    pub sign: Sign,
    /// Whether the unicast agent list should have the node and has not.
    pub is_unlisted: bool,
    /// All of it, one thing a line: what a reader sees who asks.
    pub title: String,
    /// Whether log lines say some of it.
    pub has_lines: bool,
}

impl Cell {
    /// The sign, and whether the node is not listed.
    pub fn mark(&self) -> String {
        format!("{}{}", self.sign.mark(), if self.is_unlisted { UNLISTED } else { "" })
    }
}

/// One host, or several that say the same.
pub struct Row {
    /// `esx02 to esx31 (30 hosts)`
    pub label: String,
    /// The hosts.
    pub hosts: Vec<String>,
    /// By column.
    pub cells: Vec<Cell>,
}

/// A matrix that is ready to be drawn.
pub struct Grid<'a> {
    /// The columns.
    pub columns: Vec<Column<'a>>,
    /// Whether columns are so many that only their numbers have room.
    pub is_numbered: bool,
    /// The rows; of many columns those that say the same are one.
    pub rows: Vec<Row>,
    /// Every host in a row of its own, where `rows` has some in one; else empty.
    pub unfolded: Vec<Row>,
    /// The signs that occur, and what they mean.
    pub legend: Vec<(Sign, &'static str)>,
    /// Whether some node is not on a list.
    pub has_unlisted: bool,
}

/// The matrix of `info`.
pub fn grid<'a>(info: &'a MembershipInfo, common: &Common) -> Grid<'a> {
    let l = words(common);
    let headings = headings(&info.nodes);
    let nodes = info.nodes.iter().zip(headings).enumerate();
    let columns: Vec<Column<'a>> =
        nodes.map(|(at, (node, heading))| Column { node, heading, number: at + 1 }).collect();
    let told = info.by_cell();
    let is_numbered = columns.len() > COLUMNS;
    let mut single: Vec<Row> = info.rows.iter().map(|host| row(info, &told, host, l, common)).collect();
    let signs: BTreeSet<Sign> = single.iter().flat_map(|row| &row.cells).map(|cell| cell.sign).collect();
    let has_unlisted = single.iter().flat_map(|row| &row.cells).any(|cell| cell.is_unlisted);
    if is_numbered {
        single.iter_mut().for_each(drop_plain_titles);
    }
    let (rows, unfolded) = match is_numbered {
        true => folded(single, l, common),
        false => (single, Vec::new()),
    };
    let told = |sign: &Sign| signs.contains(sign);
    let legend = Sign::ALL.into_iter().filter(told).map(|sign| (sign, sign.meaning(l))).collect();
    Grid { columns, is_numbered, rows, unfolded, legend, has_unlisted }
}

/// What is said, by witness and node.
type Told<'a> = BTreeMap<(&'a str, &'a str), &'a SaysInfo>;

/// The labels of nodes, so short that they have room above a column: of a long one the first label of its name where no
/// other node has that, else its beginning and its end, by which UUIDs and numbered names differ.
fn headings(nodes: &[NodeInfo]) -> Vec<String> {
    let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
    let first = |node: &'_ NodeInfo| node.label.find('.').unwrap_or(node.label.len());
    nodes.iter().for_each(|node| *firsts.entry(&node.label[..first(node)]).or_default() += 1);
    let heading = |node: &NodeInfo| {
        let label = &node.label[..first(node)];
        let is_name = label.bytes().any(|byte| byte.is_ascii_alphabetic()) && firsts.get(label) == Some(&1);
        match node.label.chars().count() > HEADING {
            false => node.label.clone(),
            true => cut_middle(if is_name { label } else { &node.label }),
        }
    };
    nodes.iter().map(heading).collect()
}

/// `5d3a77b2-…c47a3f1e02`
fn cut_middle(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= HEADING {
        return text.to_owned();
    }
    let half = (HEADING - 1) / 2;
    all[..half].iter().chain(&['…']).chain(&all[all.len() - half - 1..]).collect()
}

fn row(info: &MembershipInfo, told: &Told<'_>, host: &str, l: &Labels, common: &Common) -> Row {
    let cells = info.nodes.iter().map(|node| cell(told, host, node, l, common)).collect();
    Row { label: host.to_owned(), hosts: vec![host.to_owned()], cells }
}

fn cell(told: &Told<'_>, host: &str, node: &NodeInfo, l: &Labels, common: &Common) -> Cell {
    let says = told.get(&(host, node.label.as_str())).copied();
    let is_own = node.host.as_deref() == Some(host);
    let sign = if is_own { Sign::Own } else { says.map_or(Sign::Silent, Sign::of) };
    let is_unlisted = !is_own && says.is_some_and(|says| says.listed == Some(false));
    let mut lines = vec![fill(l.statement, &[host, &node.label, sign.meaning(l)])];
    lines.extend(says.filter(|_| !is_own).into_iter().flat_map(|says| what(says, l, common)));
    let has_lines = !is_own && says.is_some_and(|says| !says.told.is_empty());
    Cell { sign, is_unlisted, title: lines.join("\n"), has_lines }
}

/// Of thousands of cells only those say more on asking that have a log line to tell; the sign of the others, in its row
/// and column, says all that there is.
fn drop_plain_titles(row: &mut Row) {
    row.cells.iter_mut().filter(|cell| !cell.has_lines).for_each(|cell| cell.title.clear());
}

/// What a witness says of a node, one thing each.
fn what(says: &SaysInfo, l: &Labels, common: &Common) -> Vec<String> {
    let view = says.counted.map(|is_in| if is_in { l.in_view } else { l.not_in_view });
    let list = says.listed.map(|is_on| if is_on { l.in_list } else { l.sign_unlisted });
    let told = says.told.iter().map(|told| line(told, l, common));
    view.into_iter().chain(list).map(str::to_owned).chain(told).collect()
}

/// `left the membership: 2026-11-23 02:10:05 – 02:41:30 UTC, 3 lines, vmkernel.log:12 @345`
fn line(told: &ToldInfo, l: &Labels, common: &Common) -> String {
    let place = |source: &super::SourceRef| show::place(&inside(&source.file), source.line, source.offset);
    let mut parts = vec![common.zone.span(told.first, told.last), fill_count(l.lines_n, told.count)];
    parts.push(place(&told.first_source));
    if told.count > 1 {
        parts.push(place(&told.last_source));
    }
    format!("{}{}{}", words::said(&told.what, l), l.colon, parts.join(common.comma))
}

/// The rows that say the same in one, and the rows as they were; the second is empty where none could be folded.
fn folded(single: Vec<Row>, l: &Labels, common: &Common) -> (Vec<Row>, Vec<Row>) {
    let mut by_key: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, row) in single.iter().enumerate() {
        by_key.entry(key(row)).or_default().push(at);
    }
    let mut groups: Vec<Vec<usize>> = by_key.into_values().collect();
    groups.sort();
    if groups.len() == single.len() {
        return (single, Vec::new());
    }
    let joined =
        |members: &Vec<usize>| join(&members.iter().map(|&at| &single[at]).collect::<Vec<_>>(), l, common);
    (groups.iter().map(joined).collect(), single)
}

/// By column: the sign, and whether the node is not listed.
type Key = Vec<(Sign, bool)>;

/// What rows are compared by. What a host says of itself is no difference: it stands for a member where the host has
/// a view, and for no word where it has none.
fn key(row: &Row) -> Key {
    let has_view = row.cells.iter().any(|cell| matches!(cell.sign, Sign::Counted | Sign::Returned));
    let own = if has_view { Sign::Counted } else { Sign::Silent };
    let sign = |cell: &Cell| if cell.sign == Sign::Own { own } else { cell.sign };
    row.cells.iter().map(|cell| (sign(cell), cell.is_unlisted)).collect()
}

fn join(rows: &[&Row], l: &Labels, common: &Common) -> Row {
    let hosts: Vec<String> = rows.iter().flat_map(|row| row.hosts.iter().cloned()).collect();
    let names = fold(&hosts.iter().map(String::as_str).collect::<Vec<_>>(), NAMES, common);
    let label = match hosts.len() {
        1 => names,
        count => fill(l.group_row, &[&names, &words::hosts(count, common)]),
    };
    let columns = rows.first().map_or(0, |row| row.cells.len());
    let cells = (0..columns).map(|at| join_cells(rows, at, &label, l)).collect();
    Row { label, hosts, cells }
}

/// The cell that stands for those of one column: of several, the first that speaks of another host, as what a host
/// says of itself is no difference.
fn join_cells(rows: &[&Row], at: usize, label: &str, l: &Labels) -> Cell {
    let cells = || rows.iter().map(|row| &row.cells[at]);
    let Some(first) = cells().find(|cell| cell.sign != Sign::Own).or_else(|| cells().next()) else {
        return Cell { sign: Sign::Silent, is_unlisted: false, title: String::new(), has_lines: false };
    };
    if rows.len() == 1 {
        return first.clone();
    }
    // The whole of each is in the row of its own.
    let own = first.title.split_once('\n').map_or("", |(_, rest)| rest);
    let head = format!("{label}{}{}", l.colon, first.sign.meaning(l));
    let teller = rows.iter().find(|row| row.cells[at] == *first).map_or("", |row| row.label.as_str());
    let rest = if own.is_empty() { String::new() } else { format!("\n{teller}{}{own}", l.colon) };
    Cell { title: format!("{head}{rest}"), ..first.clone() }
}

/// What lines say: who, of whom, what, and when.
pub struct Statement {
    /// One host, or several that say the same.
    pub by: String,
    /// The label of the node.
    pub of: String,
    /// What.
    pub what: String,
    /// Lines of all of them.
    pub count: u64,
    /// The first and the last line of all of them.
    pub first: String,
    /// The last line.
    pub last: String,
    /// From the first to the last.
    pub span: String,
    /// Where the first stands.
    pub place: String,
}

/// What the logs say, by node and what is said of it; of many hosts that say one thing, one statement.
pub fn statements(info: &MembershipInfo, common: &Common) -> Vec<Statement> {
    let l = words(common);
    let mut out = Vec::new();
    let mut by_node: BTreeMap<&str, Vec<&SaysInfo>> = BTreeMap::new();
    for says in &info.says {
        by_node.entry(&says.of).or_default().push(says);
    }
    for node in &info.nodes {
        let says = || by_node.get(node.label.as_str()).into_iter().flatten().copied();
        let mut whats: Vec<(&str, crate::model::Timestamp)> = Vec::new();
        for told in says().flat_map(|says| &says.told) {
            match whats.iter_mut().find(|(what, _)| *what == told.what) {
                Some((_, first)) => *first = told.first.min(*first),
                None => whats.push((&told.what, told.first)),
            }
        }
        whats.sort_by_key(|(_, first)| *first);
        for (what, _) in whats {
            let told = says().filter_map(|says| {
                Some((says.by.as_str(), says.told.iter().find(|told| told.what == what)?))
            });
            out.extend(one_thing(&node.label, told.collect(), l, common));
        }
    }
    out
}

/// What several say of one node, the one that said it first in front.
fn one_thing(of: &str, mut told: Vec<(&str, &ToldInfo)>, l: &Labels, common: &Common) -> Vec<Statement> {
    told.sort_by_key(|(by, told)| (told.first, *by));
    if told.len() <= COLUMNS {
        return told.into_iter().map(|(by, told)| statement(by, of, &[told], l, common)).collect();
    }
    let by: Vec<&str> = told.iter().map(|(by, _)| *by).collect();
    let by = fill(l.group_row, &[&fold(&by, NAMES, common), &words::hosts(by.len(), common)]);
    let lines: Vec<&ToldInfo> = told.iter().map(|(_, told)| *told).collect();
    vec![statement(&by, of, &lines, l, common)]
}

fn statement(by: &str, of: &str, told: &[&ToldInfo], l: &Labels, common: &Common) -> Statement {
    let first = told.iter().min_by_key(|told| told.first);
    let last = told.iter().map(|told| told.last).max();
    let source = first.map(|told| &told.first_source);
    Statement {
        by: by.to_owned(),
        of: of.to_owned(),
        what: first.map_or_else(String::new, |told| words::said(&told.what, l).to_owned()),
        count: told.iter().map(|told| told.count).sum(),
        first: common.zone.time_or_dash(first.map(|told| told.first)),
        last: common.zone.time_or_dash(last),
        span: common.zone.span_or_none(first.map(|told| told.first), last).unwrap_or_default(),
        place: source.map_or_else(String::new, |at| show::place(&inside(&at.file), at.line, at.offset)),
    }
}
