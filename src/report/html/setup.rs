//! The configuration of each host: folded, as tables. What most hosts share is said once.

use std::collections::{BTreeMap, BTreeSet};

use super::super::features::fold;
use super::super::labels::{Labels, fill};
use super::super::model::Report;
use super::super::setup::{Depth, Part, Shown, show};
use super::note_of_rest;

/// From how many hosts on what they share is said once.
const SHARED_FROM: usize = 3;
/// Hosts that a shared row names as those that do not have it.
const NAMES: usize = 6;

/// The configurations.
pub struct Setups<'a> {
    /// What most hosts share, with the hosts that do.
    pub shared: Option<Shared>,
    pub hosts: Vec<HostSetup<'a>>,
}

/// What most hosts share.
pub struct Shared {
    /// Label, text, hosts.
    pub lines: Vec<(&'static str, String, String)>,
    pub tables: Vec<SharedTable>,
}

/// A table of which most hosts have each row.
pub struct SharedTable {
    pub title: &'static str,
    pub heads: Vec<&'static str>,
    /// The cells, and the hosts.
    pub rows: Vec<(Vec<String>, String)>,
    pub note: Option<String>,
}

/// The configuration of one host, without what most hosts share.
pub struct HostSetup<'a> {
    pub host: &'a str,
    pub summary: String,
    pub lines: Vec<(&'static str, String)>,
    pub tables: Vec<Table>,
}

/// One table, and a note of what is not in it.
pub struct Table {
    pub part: Part,
    pub note: Option<String>,
}

/// The configurations of the hosts of which one is known.
pub fn setups<'a>(report: &'a Report, l: &Labels) -> Setups<'a> {
    let told = report.hosts.iter().filter_map(|host| Some((host, host.setup.as_ref()?)));
    let mut ids = Vec::new();
    let mut shown = Vec::new();
    let mut hosts = Vec::new();
    for (host, setup) in told {
        ids.push(host.id.as_str());
        shown.push(show(setup, l, Depth::Full));
        hosts.push(setup.profile.as_ref().and_then(|profile| profile.name.clone()).unwrap_or_default());
    }
    let shared = Counts::of(&shown);
    let is_shared = |fact: &Fact| shared.is_shared(fact);
    let spoken = (ids.len() >= SHARED_FROM).then(|| shared.tell(&ids, l)).filter(|shared| !shared.is_empty());
    let own = ids.into_iter().zip(hosts).zip(shown).map(|((host, summary), mut shown)| {
        if spoken.is_some() {
            keep_own(&mut shown, is_shared, |title| shared.rest(title).is_some());
        }
        let table = |part: Part| {
            let note = note_of_rest(part.rows.len() + part.rest, part.rows.len(), l);
            Table { part, note }
        };
        HostSetup { host, summary, lines: shown.lines, tables: shown.parts.into_iter().map(table).collect() }
    });
    let hosts = own.filter(|host| !host.lines.is_empty() || !host.tables.is_empty()).collect();
    Setups { shared: spoken, hosts }
}

/// A row of a table, or a line: under which title, and what its cells say under which heads. Hosts whose tables have
/// other columns say the same where these are blank.
type Fact = (&'static str, Vec<(&'static str, String)>);

fn line_fact((label, text): &(&'static str, String)) -> Fact {
    (label, vec![("", text.clone())])
}

fn row_fact(part: &Part, row: &[String]) -> Fact {
    let cells = part.heads.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
    (part.title, cells.map(|(head, cell)| (*head, cell.clone())).collect())
}

/// Drops what is said once for all.
fn keep_own(shown: &mut Shown, is_shared: impl Fn(&Fact) -> bool, is_rest_told: impl Fn(&str) -> bool) {
    shown.lines.retain(|line| !is_shared(&line_fact(line)));
    for part in &mut shown.parts {
        let own: Vec<bool> = part.rows.iter().map(|row| !is_shared(&row_fact(part, row))).collect();
        let mut at = own.into_iter();
        part.rows.retain(|_| at.next().unwrap_or(true));
    }
    shown.parts.retain(|part| !part.rows.is_empty() || (part.rest > 0 && !is_rest_told(part.title)));
}

/// Which hosts say what, by their places.
struct Counts {
    hosts: usize,
    /// In the order of the first host that says each.
    order: Vec<(Fact, bool)>,
    by_fact: BTreeMap<Fact, Vec<usize>>,
    /// The columns of each table, of any host.
    heads: Vec<(&'static str, Vec<&'static str>)>,
    /// Tables that are cut at some host: what is behind the cut is not compared.
    cut: BTreeSet<&'static str>,
    /// How many rows of a table are not shown, by title; several numbers where hosts differ in that.
    rests: BTreeSet<(&'static str, usize)>,
}

impl Counts {
    fn of(shown: &[Shown]) -> Counts {
        let cut = shown.iter().flat_map(|one| &one.parts).filter(|part| part.rest > 0);
        let rests = cut.clone().map(|part| (part.title, part.rest)).collect();
        let cut = cut.filter(|part| part.rows.len() >= Depth::Full.rows()).map(|part| part.title);
        let mut counts = Counts {
            hosts: shown.len(),
            order: Vec::new(),
            by_fact: BTreeMap::new(),
            heads: Vec::new(),
            cut: cut.collect(),
            rests,
        };
        for (at, one) in shown.iter().enumerate() {
            one.lines.iter().for_each(|line| counts.add(line_fact(line), false, at));
            for part in &one.parts {
                counts.add_heads(part);
                part.rows.iter().for_each(|row| counts.add(row_fact(part, row), true, at));
            }
        }
        counts
    }

    fn add(&mut self, fact: Fact, is_row: bool, at: usize) {
        if let Some(hosts) = self.by_fact.get_mut(&fact) {
            // A host may have two equal rows; it is one host.
            if hosts.last() != Some(&at) {
                hosts.push(at);
            }
            return;
        }
        self.order.push((fact.clone(), is_row));
        self.by_fact.insert(fact, vec![at]);
    }

    fn add_heads(&mut self, part: &Part) {
        let known = match self.heads.iter().position(|(title, _)| *title == part.title) {
            Some(at) => &mut self.heads[at].1,
            None => {
                self.heads.push((part.title, part.heads.clone()));
                return;
            }
        };
        let new: Vec<&'static str> =
            part.heads.iter().copied().filter(|head| !known.contains(head)).collect();
        known.extend(new);
    }

    /// Whether more than half of the hosts say it.
    fn is_shared(&self, fact: &Fact) -> bool {
        self.hosts >= SHARED_FROM
            && !self.cut.contains(fact.0)
            && self.by_fact.get(fact).is_some_and(|hosts| hosts.len() * 2 > self.hosts)
    }

    fn tell(&self, ids: &[&str], l: &Labels) -> Shared {
        let mut shared = Shared { lines: Vec::new(), tables: Vec::new() };
        for (fact, is_row) in self.order.iter().filter(|(fact, _)| self.is_shared(fact)) {
            let hosts = self.hosts(fact, ids, l);
            let (title, cells) = fact;
            if !is_row {
                let text = cells.iter().map(|(_, cell)| cell.clone()).collect();
                shared.lines.push((title, text, hosts));
                continue;
            }
            let heads =
                self.heads.iter().find(|(known, _)| known == title).map(|(_, heads)| heads.as_slice());
            let heads = heads.unwrap_or_default();
            let cell = |head: &&'static str| {
                cells
                    .iter()
                    .find(|(known, _)| known == head)
                    .map(|(_, cell)| cell.clone())
                    .unwrap_or_default()
            };
            let row = (heads.iter().map(cell).collect(), hosts);
            match shared.tables.iter_mut().find(|table| table.title == *title) {
                Some(table) => table.rows.push(row),
                None => {
                    let note = self.rest(title).and_then(|rest| note_of_rest(rest, 0, l));
                    shared.tables.push(SharedTable { title, heads: heads.to_vec(), rows: vec![row], note });
                }
            }
        }
        shared
    }

    /// How many rows of a table no host shows, where that is one number.
    fn rest(&self, title: &str) -> Option<usize> {
        let mut rests = self.rests.iter().filter(|(known, _)| *known == title).map(|(_, rest)| *rest);
        rests.next().filter(|_| rests.next().is_none())
    }

    /// `all 64`, or `63 of 64, not esx01`.
    fn hosts(&self, fact: &Fact, ids: &[&str], l: &Labels) -> String {
        let told = self.by_fact.get(fact).map(Vec::as_slice).unwrap_or_default();
        let others: Vec<&str> = ids
            .iter()
            .enumerate()
            .filter(|(at, _)| told.binary_search(at).is_err())
            .map(|(_, id)| *id)
            .collect();
        let all = ids.len().to_string();
        if others.is_empty() {
            fill(l.all_hosts, &[&all])
        } else {
            fill(l.all_but, &[&all, &fold(&others, NAMES, l), &told.len().to_string()])
        }
    }
}

impl Setups<'_> {
    /// Whether nothing is known of any host.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.shared.is_none()
    }
}

impl Shared {
    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.tables.is_empty()
    }
}
