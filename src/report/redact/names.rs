//! The names that a report's own fields hold: what must be found wherever else it stands.

use std::collections::{HashMap, HashSet};

use aho_corasick::AhoCorasick;

use super::alias::{AliasMap, Class};
use super::text::{Found, is_bounded, percent_decoded};
use super::{shape, words};
use crate::report::model::{Report, SetupInfo, TimelineEntry};
use crate::report::named::Named;

/// Names that every installation has: they tell nothing, and texts are clearer with them.
const COMMON: &[&str] = &[
    "vm network",
    "management network",
    "defaulttcpipstack",
    "vmotion",
    "vsan",
    "root",
    "vpxuser",
    "dcui",
    "localhost",
    "local",
    "none",
    "unknown",
    "-",
    "n/a",
    "[unset]",
    "_gateway",
];

/// A name and what stands for it.
struct Name {
    /// As texts hold it, which are decoded.
    lower: String,
    alias: String,
    /// Whether it is a word of the vocabulary, or so short that it stands everywhere by chance: a VM may be called `core`.
    ordinary: bool,
}

/// Which names are replaced in a text.
#[derive(Copy, Clone)]
pub(super) struct Wanted<'a> {
    /// Ordinary words that the fields beside the text hold as names, in lower case.
    pub(super) beside: &'a [String],
    /// Whether the text is one of ours: an ordinary word is a name there only where the fields beside it say so, and in
    /// the same case. So a VM called `core` does not turn "core dump" into nonsense in every sentence.
    pub(super) prose: bool,
}

/// All names of a report.
#[derive(Default)]
pub(super) struct Names {
    names: Vec<Name>,
    /// Only asked for single names: its order tells nothing.
    by_name: HashMap<String, usize>,
    automaton: Option<AhoCorasick>,
    /// What is looked for, and which name it is a form of.
    forms: Vec<(String, usize)>,
    /// Ids of migrations, which are digits that tell nothing.
    numbers: HashSet<String>,
    /// Whether any name is an ordinary word: there is nothing to look for beside a text where none is.
    has_ordinary: bool,
    /// Which texts are an address or an id as a whole: to look for shapes in the same text for each event would cost too
    /// much.
    shaped: HashMap<String, bool>,
}

impl Names {
    /// Gathers the names of `report` and gives each its alias.
    pub(super) fn learn(&mut self, report: &Report, map: &mut AliasMap) {
        Gathering { names: self, map }.report(report);
        let patterns = self.forms.iter().map(|(form, _)| form.as_str());
        self.automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(patterns).ok();
    }

    /// Those of `texts` that are names and ordinary words, in lower case.
    pub(super) fn ordinary<T: AsRef<str>>(&self, texts: impl IntoIterator<Item = T>) -> Vec<String> {
        if !self.has_ordinary {
            return Vec::new();
        }
        let lower = texts.into_iter().map(|text| text.as_ref().trim().to_lowercase());
        let known = lower.filter_map(|lower| self.by_name.get(&lower).map(|at| &self.names[*at]));
        known.filter(|name| name.ordinary).map(|name| name.lower.clone()).collect()
    }

    /// Whether `digits` are the id of a migration.
    pub(super) fn is_number(&self, digits: &str) -> bool {
        self.numbers.contains(digits)
    }

    /// The alias of `text` where all of it is a name.
    pub(super) fn whole(&self, text: &str) -> Option<(&str, bool)> {
        let name = &self.names[*self.by_name.get(&text.trim().to_lowercase())?];
        Some((&name.alias, name.ordinary))
    }

    /// All names in `text`, leftmost and longest first, none overlapping.
    pub(super) fn find(&self, text: &str, wanted: Wanted) -> Vec<Found> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found: Vec<_> = automaton
            .find_overlapping_iter(text)
            .map(|hit| (hit.start(), hit.end(), &self.names[self.forms[hit.pattern().as_usize()].1]))
            .filter(|(start, end, name)| {
                is_apart(text, *start, *end) && is_wanted(name, &text[*start..*end], wanted)
            })
            .collect();
        found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
        let mut free = 0;
        found.retain(|(start, end, _)| {
            let is_free = *start >= free;
            free = if is_free { *end } else { free };
            is_free
        });
        found
            .into_iter()
            .map(|(start, end, name)| Found { start, end, instead: name.alias.clone() })
            .collect()
    }
}

/// Whether a name ends where it seems to; what is not ASCII needs no boundary, as Japanese has none.
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let starts_ascii = bytes[start].is_ascii_alphanumeric();
    let ends_ascii = bytes[end - 1].is_ascii_alphanumeric();
    let before = !starts_ascii || is_bounded(text, start, text.len());
    let behind = !ends_ascii || is_bounded(text, 0, end);
    before && behind
}

fn is_wanted(name: &Name, as_written: &str, wanted: Wanted) -> bool {
    if !name.ordinary {
        return true;
    }
    let is_beside = wanted.beside.contains(&name.lower);
    let is_by_chance = name.lower.len() < 3 || name.lower.bytes().all(|byte| byte.is_ascii_digit());
    match (wanted.prose, is_by_chance) {
        (true, _) => is_beside && (as_written == name.lower || as_written.to_lowercase() != as_written),
        (false, true) => is_beside,
        (false, false) => true,
    }
}

/// What stands between hosts where a field names several.
const HOSTS_APART: [char; 2] = [',', ' '];

/// The hosts that fields of `report` name outside of records.
fn host_names(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> = report.hosts.iter().map(|host| host.name.as_str()).collect();
    names.extend(report.hosts.iter().map(|host| host.id.as_str()));
    names.extend(report.missing_hosts.iter().map(|missing| missing.name_or_uuid.as_str()));
    for node in report.membership.iter().flat_map(|info| &info.nodes) {
        names.push(&node.label);
        names.extend(node.name.as_deref());
    }
    let ends = report.migrations.iter().flat_map(|one| [&one.source, &one.destination]);
    names.extend(ends.filter_map(|end| end.name.as_deref()));
    names.extend(report.evacuations.iter().filter_map(|evacuation| evacuation.name.as_deref()));
    names
}

/// Names being gathered.
struct Gathering<'a> {
    names: &'a mut Names,
    map: &'a mut AliasMap,
}

impl Gathering<'_> {
    fn report(&mut self, report: &Report) {
        self.hosts(report);
        for cluster in &report.case.clusters {
            self.add(Class::Cluster, cluster.name.as_deref().unwrap_or_default());
            self.add(Class::Cluster, &cluster.id);
        }
        self.vms(report);
        for setup in report.hosts.iter().filter_map(|host| host.setup.as_ref()) {
            self.setup(setup);
        }
        self.names.numbers.extend(report.migrations.iter().filter_map(|migration| migration.id.clone()));
        report.timeline.iter().for_each(|entry| self.entry(entry));
        self.lines(report);
    }

    fn hosts(&mut self, report: &Report) {
        let names = host_names(report);
        // All of them before the first alias is given: a host may really be called `host-0001`.
        let of_records = report.timeline.iter().flat_map(|entry| &entry.fields);
        let of_records = of_records.filter(|(key, _)| matches!(Named::of(key), Some(Named::Host)));
        let told = of_records.flat_map(|(_, value)| value.split(HOSTS_APART));
        names.iter().copied().chain(told).for_each(|name| self.avoid_host(name));
        names.into_iter().for_each(|name| self.host(name));
    }

    fn avoid_host(&mut self, name: &str) {
        let name = name.trim();
        self.map.avoid(name.split_once('.').map_or(name, |(short, _)| short));
    }

    fn vms(&mut self, report: &Report) {
        let of_findings = report.findings.iter().flat_map(|finding| &finding.vms);
        let of_migrations = report.migrations.iter().filter_map(|migration| migration.vm.as_ref());
        let held = report.features.clusters.iter().flat_map(|cluster| &cluster.evacuation);
        let held = held.flat_map(|host| host.stay.iter().chain(&host.unknown));
        let of_features = report.features.vms.iter().map(|vm| &vm.name);
        for vm in of_features.chain(of_findings).chain(of_migrations).chain(held) {
            self.add(Class::Vm, vm);
        }
    }

    fn entry(&mut self, entry: &TimelineEntry) {
        for (key, value) in &entry.fields {
            self.field(key, value);
        }
        self.volumes(&entry.message);
        if entry.text != entry.message {
            self.volumes(&entry.text);
        }
    }

    /// Paths in the lines that findings and coverage show.
    fn lines(&mut self, report: &Report) {
        for finding in &report.findings {
            let shown = finding.chain.iter().flat_map(|link| &link.evidence);
            finding.evidence.iter().chain(shown).for_each(|line| self.volumes(&line.text));
        }
        for sample in report.coverage.iter().flat_map(|log| &log.samples) {
            self.volumes(&sample.text);
        }
    }

    fn setup(&mut self, setup: &SetupInfo) {
        for vm in setup.vms.iter().flatten() {
            self.add(Class::Vm, vm.name.as_deref().unwrap_or_default());
            self.volumes(vm.path.as_deref().unwrap_or_default());
        }
        for vm in setup.ha.iter().flat_map(|ha| &ha.vms) {
            self.volumes(&vm.path);
        }
        for host in setup.ha.iter().flat_map(|ha| ha.hosts.iter().flatten()) {
            self.each_host(host.name.as_deref());
        }
        for node in setup.vsan.iter().flat_map(|vsan| vsan.nodes.iter().flatten()) {
            self.each_host(node.name.as_deref());
        }
        let network = &setup.network;
        for adapter in network.vmkernel.iter().flatten() {
            for name in [&adapter.port_group, &adapter.switch, &adapter.netstack].into_iter().flatten() {
                self.net(name);
            }
        }
        for switch in network.switches.iter().flatten() {
            self.net(&switch.name);
            for group in switch.port_groups.iter().flatten() {
                self.net(&group.name);
            }
        }
        for server in setup.ntp.servers.iter().flatten() {
            self.host(server);
        }
        for peer in setup.ntp.peers.iter().flatten() {
            self.host(&peer.remote);
        }
    }

    /// What a rule read, by the name that rules give it.
    fn field(&mut self, key: &str, value: &str) {
        match Named::of(key) {
            Some(Named::Vm) => self.add(Class::Vm, value),
            Some(Named::Host) => value.split(HOSTS_APART).for_each(|host| self.host(host)),
            Some(Named::User) => self.add(Class::User, value),
            Some(Named::Datastore) => self.add(Class::Datastore, value),
            None if key == "mid" => {
                self.names.numbers.insert(value.to_owned());
            }
            None => {}
        }
        self.volumes(value);
    }

    fn each_host(&mut self, name: Option<&str>) {
        self.host(name.unwrap_or_default());
    }

    /// Switches and port groups; a number is that of a port.
    fn net(&mut self, name: &str) {
        let is_standard =
            name.strip_prefix("vSwitch").unwrap_or(name).bytes().all(|byte| byte.is_ascii_digit());
        if !is_standard {
            self.add(Class::Net, name);
        }
    }

    fn volumes(&mut self, text: &str) {
        for (store, folder) in shape::volumes(text) {
            if !store.contains("vsan:") {
                self.add(Class::Datastore, &store);
            }
            self.add(Class::Path, folder.as_deref().unwrap_or_default());
        }
    }

    /// A host by its full or its short name: both are one host, and the domain is a name of its own.
    ///
    /// In a map that is kept an alias belongs to the full name where there is one; a host that was known by its short name
    /// only keeps its alias when its full name is learned.
    fn host(&mut self, name: &str) {
        let lower = name.trim().trim_end_matches('.').to_lowercase();
        if !self.is_new(&lower) {
            return;
        }
        let (short, domain) = lower.split_once('.').unwrap_or((&lower, ""));
        if domain.is_empty() {
            self.add(Class::Host, short);
            return;
        }
        let alias = self.alias_of_host(&lower, short);
        let domain_alias = self.map.alias(Class::Domain, domain);
        if self.is_new(short) {
            self.push(short, alias.clone());
        }
        self.push(&lower, format!("{alias}.{domain_alias}"));
        let mut rest = domain;
        // `corp` alone is a word that the vocabulary does not hold, `corp.example` a domain of its own.
        while rest.contains('.') {
            self.add(Class::Domain, rest);
            rest = rest.split_once('.').map_or("", |(_, rest)| rest);
        }
    }

    fn alias_of_host(&mut self, full: &str, short: &str) -> String {
        if let Some(known) = self.map.get(full) {
            return known.to_owned();
        }
        let shared =
            self.map.get(short).map(str::to_owned).filter(|alias| !self.map.is_of_other_host(alias, full));
        let alias = shared.unwrap_or_else(|| self.map.next(Class::Host));
        self.map.share(full, &alias);
        if self.map.get(short).is_none() {
            self.map.share(short, &alias);
        }
        alias
    }

    fn is_new(&mut self, lower: &str) -> bool {
        !lower.is_empty()
            && lower.len() <= 256
            && !COMMON.contains(&lower)
            && !self.names.by_name.contains_key(lower)
            && lower.chars().any(char::is_alphanumeric)
            && !self.is_shape(lower)
    }

    fn is_shape(&mut self, lower: &str) -> bool {
        if let Some(&known) = self.names.shaped.get(lower) {
            return known;
        }
        let is_whole = shape::is_whole(lower);
        self.names.shaped.insert(lower.to_owned(), is_whole);
        is_whole
    }

    fn add(&mut self, class: Class, name: &str) {
        let name = name.trim();
        let lower = name.to_lowercase();
        if !self.is_new(&lower) {
            return;
        }
        self.map.avoid(&lower);
        let alias = self.map.alias(class, &lower);
        // Texts are decoded before names are looked for in them; a name may be a sign alone then, which stands everywhere.
        let decoded = percent_decoded(name).filter(|decoded| decoded.chars().any(char::is_alphanumeric));
        let as_found = decoded.as_deref().map_or_else(|| lower.clone(), str::to_lowercase);
        self.push_as(&lower, &as_found, alias);
        let at = self.names.names.len() - 1;
        // Case is folded for ASCII only.
        let forms = [Some(name.to_owned()), Some(name.to_uppercase()), decoded];
        for form in forms.into_iter().flatten().filter(|form| !form.is_ascii() || form.len() != lower.len()) {
            self.names.forms.push((form.to_lowercase(), at));
            self.names.forms.push((form, at));
        }
    }

    fn push(&mut self, lower: &str, alias: String) {
        self.push_as(lower, lower, alias);
    }

    /// A name that stands in texts `as_found`.
    fn push_as(&mut self, lower: &str, as_found: &str, alias: String) {
        let ordinary = is_ordinary(as_found);
        self.names.has_ordinary |= ordinary;
        let at = self.names.names.len();
        self.names.by_name.insert(lower.to_owned(), at);
        self.names.forms.push((lower.to_owned(), at));
        self.names.names.push(Name { lower: as_found.to_owned(), alias, ordinary });
    }
}

fn is_ordinary(lower: &str) -> bool {
    lower.len() < 3 || lower.bytes().all(|byte| byte.is_ascii_digit()) || words::is_word(lower)
}
