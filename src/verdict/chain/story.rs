//! A chain in the making: links are added in causal order, and come out in the order of time, few and each told once.

use std::collections::BTreeSet;

use super::{Link, Place};
use crate::case::{Case, Moment, Sourced};
use crate::model::{Source, Text, Timestamp};
use crate::verdict::{Evidence, list_en, list_ja};

/// A chain has no more links than one reads at a glance.
const MOST: usize = 7;
/// One link is what the title says.
const FEWEST: usize = 2;
/// Lines shown of one link.
const LINES: usize = 3;
/// Names that a sentence has room for; more are counted.
const NAMES: usize = 3;

/// Whether a chain can do without a link where it has too many.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Weight {
    /// What it led to: what the customer saw.
    Effect,
    Needed,
    Aside,
}

/// Links in causal order.
#[derive(Default)]
pub(super) struct Story {
    links: Vec<(Weight, Link)>,
}

impl Story {
    /// An event that `moments` tell of, dated by the first of them.
    pub fn event(&mut self, host: Option<usize>, moments: &[&Moment], text: Text) {
        self.event_at(host, dated(moments), moments, text);
    }

    /// The same, where its time is known beside its moments.
    pub fn event_at(
        &mut self,
        host: Option<usize>,
        time: Option<Timestamp>,
        moments: &[&Moment],
        text: Text,
    ) {
        let (evidence, places) = (of_moments(moments), rows(moments));
        self.add(Weight::Needed, Link { time, host, text, evidence, places });
    }

    /// What came of it: no chain does without.
    pub fn effect(&mut self, host: Option<usize>, moments: &[&Moment], text: Text) {
        let (time, evidence, places) = (dated(moments), of_moments(moments), rows(moments));
        self.add(Weight::Effect, Link { time, host, text, evidence, places });
    }

    /// The same, where a chain can do without it.
    pub fn aside(&mut self, host: Option<usize>, moments: &[&Moment], text: Text) {
        let (time, evidence, places) = (dated(moments), of_moments(moments), rows(moments));
        self.add(Weight::Aside, Link { time, host, text, evidence, places });
    }

    /// What files say, or lines of which only the text is kept; dated where all lines are.
    pub fn lines(&mut self, host: Option<usize>, evidence: Vec<Evidence>, text: Text) {
        let times: Option<Vec<Timestamp>> = evidence.iter().map(|line| line.time).collect();
        let time = times.and_then(|times| times.into_iter().min());
        self.at(host, time, evidence, text);
    }

    /// What files say of the capture: it has no time.
    pub fn state(&mut self, host: Option<usize>, evidence: Vec<Evidence>, text: Text) {
        self.at(host, None, evidence, text);
    }

    /// Something whose time is known beside its lines.
    pub fn at(&mut self, host: Option<usize>, time: Option<Timestamp>, evidence: Vec<Evidence>, text: Text) {
        self.beside(host, time, (evidence, &[]), text);
    }

    /// What lines show, that `moments` tell of as well.
    pub fn beside(
        &mut self,
        host: Option<usize>,
        time: Option<Timestamp>,
        (evidence, moments): (Vec<Evidence>, &[&Moment]),
        text: Text,
    ) {
        let mut places = rows(moments);
        places.extend(evidence.iter().map(|line| Place {
            host: line.host,
            source: line.source.clone(),
            kind: None,
        }));
        self.add(Weight::Needed, Link { time, host, text, evidence, places });
    }

    fn add(&mut self, weight: Weight, mut link: Link) {
        link.evidence.truncate(LINES);
        if !link.evidence.is_empty() {
            self.links.push((weight, link));
        }
    }

    /// The chain: no line is told twice, dated links ascend, and a state stands behind what it was added behind.
    pub fn told(self) -> Vec<Link> {
        let mut links = once(self.links);
        let mut latest = Timestamp::from_micros(i64::MIN);
        let mut keyed: Vec<(Timestamp, (Weight, Link))> = Vec::new();
        for link in links.drain(..) {
            let at = link.1.time.unwrap_or(latest);
            latest = latest.max(at);
            keyed.push((at, link));
        }
        keyed.sort_by_key(|(at, _)| *at);
        let mut links: Vec<(Weight, Link)> = keyed.into_iter().map(|(_, link)| link).collect();
        while links.len() > MOST {
            let spare = links.iter().rposition(|(weight, _)| *weight == Weight::Aside);
            // The end of a story is worth more than its middle, and what it led to than what else happened then.
            let middle = (MOST - 2..links.len() - 1).find(|at| links[*at].0 != Weight::Effect);
            links.remove(spare.or(middle).unwrap_or(MOST - 2));
        }
        if links.len() < FEWEST { Vec::new() } else { links.into_iter().map(|(_, link)| link).collect() }
    }
}

/// Links whose lines an earlier link has shown are of an event that is told already.
fn once(links: Vec<(Weight, Link)>) -> Vec<(Weight, Link)> {
    let mut seen: BTreeSet<(usize, Source)> = BTreeSet::new();
    let mut is_new = |link: &Link| {
        let places: Vec<_> = link.evidence.iter().map(|line| (line.host, line.source.clone())).collect();
        let is_new = places.iter().any(|place| !seen.contains(place));
        seen.extend(places);
        is_new
    };
    links.into_iter().filter(|(_, link)| is_new(link)).collect()
}

/// Where `moments` stand.
fn rows(moments: &[&Moment]) -> Vec<Place> {
    let place = |moment: &&Moment| {
        let event = &moment.event;
        Place { host: moment.host, source: event.source.clone(), kind: Some(event.kind) }
    };
    moments.iter().map(place).collect()
}

fn dated(moments: &[&Moment]) -> Option<Timestamp> {
    moments.iter().map(|moment| moment.time).min()
}

/// The first line of each of the first hosts, then the next lines of any.
fn of_moments(moments: &[&Moment]) -> Vec<Evidence> {
    let mut sorted = moments.to_vec();
    sorted.sort_by_key(|moment| moment.time);
    let mut hosts = BTreeSet::new();
    let (first, rest): (Vec<&Moment>, Vec<&Moment>) =
        sorted.into_iter().partition(|moment| hosts.insert(moment.host));
    let mut chosen: Vec<&Moment> = first.into_iter().chain(rest).take(LINES).collect();
    chosen.sort_by_key(|moment| moment.time);
    chosen.into_iter().map(Evidence::event).collect()
}

/// The line of a value, where it is known.
pub(super) fn line<T>(host: usize, fact: Option<&Sourced<T>>) -> Option<Evidence> {
    fact.map(|fact| Evidence::of(host, fact))
}

/// The hosts that `moments` are of, in the order in which they first told.
pub(super) fn hosts_of(moments: &[&Moment]) -> Vec<usize> {
    let mut hosts = Vec::new();
    for moment in moments {
        if !hosts.contains(&moment.host) {
            hosts.push(moment.host);
        }
    }
    hosts
}

/// The host, where it is one.
pub(super) fn only(hosts: &[usize]) -> Option<usize> {
    match hosts {
        [host] => Some(*host),
        _ => None,
    }
}

/// Host names, in both languages.
pub(super) fn names(case: &Case, hosts: &[usize]) -> Text {
    let ids = crate::verdict::ids(case, hosts);
    Text::new(list_en(&ids), list_ja(&ids))
}

/// `VM web01`, `3 VMs (web01, web02 and web03)`, `12 VMs`.
pub(super) fn vms(names: &[String]) -> Text {
    let count = names.len();
    match names {
        [one] => Text::new(format!("VM {one}"), format!("仮想マシン {one}")),
        _ if count <= NAMES => Text::new(
            format!("{count} VMs ({})", list_en(names)),
            format!("仮想マシン {count} 台（{}）", list_ja(names)),
        ),
        _ => Text::new(format!("{count} VMs"), format!("仮想マシン {count} 台")),
    }
}

/// The VM of a sentence that may not know its name; the Japanese noun is followed by a particle.
pub(super) fn vm(name: Option<&str>) -> Text {
    name.map_or_else(|| Text::new("a VM", "仮想マシン"), |name| Text::new(name, format!("{name} ")))
}

/// Distinct names of the VMs that `moments` are about, ordered.
pub(super) fn vms_of(moments: &[&Moment]) -> Vec<String> {
    let names: BTreeSet<&str> = moments.iter().filter_map(|moment| moment.field("vm")).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// How long the first lines of the hosts lie apart: ` within 0.2 s`; nothing where one host tells, no time passes, or
/// their clocks are not known so well.
pub(super) fn within(case: &Case, moments: &[&Moment]) -> Text {
    let mut hosts = BTreeSet::new();
    let mut sorted = moments.to_vec();
    sorted.sort_by_key(|moment| moment.time);
    let firsts: Vec<Timestamp> =
        sorted.iter().filter(|moment| hosts.insert(moment.host)).map(|moment| moment.time).collect();
    let (Some(first), Some(last)) = (firsts.first(), firsts.last()) else { return Text::default() };
    if case.clock_doubt(hosts).is_none_or(|doubt| doubt > last.since(*first)) {
        return Text::default();
    }
    // Rounded up: it was no longer than that.
    let tenths = (last.since(*first) + 99_999).div_euclid(100_000);
    match tenths {
        0 => Text::default(),
        1..100 => {
            let seconds = format!("{}.{}", tenths / 10, tenths % 10);
            Text::new(format!(" within {seconds} s"), format!("{seconds} 秒以内に "))
        }
        _ => {
            let seconds = (tenths + 9).div_euclid(10);
            Text::new(format!(" within {seconds} s"), format!("{seconds} 秒以内に "))
        }
    }
}

/// `is` or `are`, by the number of those of whom it is said.
pub(super) const fn verb<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::case::{Clock, Host, Reference};
    use crate::model::{Event, EventKind, MemberPath, Severity, TimeQuality};

    fn told_at(second: i64, line: u64) -> Evidence {
        let source = Source { file: MemberPath::new("var/run/log/vmkernel.log"), line, offset: 0 };
        let time = Some(Timestamp::from_seconds(second));
        Evidence { host: 0, source, time, text: String::new() }
    }

    fn text(en: &str) -> Text {
        Text::new(en, en)
    }

    fn order(story: Story) -> Vec<String> {
        story.told().into_iter().map(|link| link.text.en).collect()
    }

    #[test]
    fn dated_links_ascend_and_a_state_stays_behind_its_cause() {
        let mut story = Story::default();
        story.lines(None, vec![told_at(10, 1)], text("upgrade"));
        story.state(None, vec![told_at(99, 2)], text("older"));
        story.lines(None, vec![told_at(30, 3)], text("dropped"));
        story.lines(None, vec![told_at(20, 4)], text("missed"));
        assert_eq!(order(story), ["upgrade", "older", "missed", "dropped"]);
    }

    #[test]
    fn what_no_line_shows_has_no_link_and_no_event_has_two() {
        let mut story = Story::default();
        story.lines(None, vec![told_at(10, 1)], text("first"));
        story.lines(None, Vec::new(), text("nothing"));
        story.lines(None, vec![told_at(10, 1)], text("the same again"));
        story.lines(None, vec![told_at(11, 2), told_at(10, 1)], text("second"));
        assert_eq!(order(story), ["first", "second"]);
        let mut alone = Story::default();
        alone.lines(None, vec![told_at(10, 1)], text("only"));
        assert!(order(alone).is_empty());
    }

    #[test]
    fn a_long_chain_keeps_its_end_and_loses_what_it_can_do_without() {
        let mut story = Story::default();
        for at in 0..8 {
            let weight = if at == 2 { Weight::Aside } else { Weight::Needed };
            let name = format!("{at}");
            let line = told_at(at, at.unsigned_abs() + 1);
            let (time, evidence) = (line.time, vec![line]);
            story.add(weight, Link { time, host: None, text: text(&name), evidence, places: Vec::new() });
        }
        assert_eq!(order(story), ["0", "1", "3", "4", "5", "6", "7"]);
        let mut story = Story::default();
        for at in 0..9 {
            story.lines(None, vec![told_at(at, at.unsigned_abs() + 1)], text(&at.to_string()));
        }
        assert_eq!(order(story), ["0", "1", "2", "3", "4", "7", "8"]);
    }

    fn moment(host: usize, micros: i64, line: u64) -> Moment {
        let time = Timestamp::from_micros(micros);
        let event = Event {
            stamp: None,
            kind: EventKind::HOST_UPGRADE,
            severity: Severity::Info,
            rule: String::new(),
            raw: String::new(),
            text: String::new(),
            fields: BTreeMap::new(),
            source: Source { file: MemberPath::new("log"), line, offset: 0 },
        };
        Moment { time, quality: TimeQuality::Exact, host, event }
    }

    /// Two hosts whose clocks are known so well, in microseconds.
    fn case_of(uncertainty: [Option<i64>; 2]) -> Case {
        let host = |unsure: Option<i64>| {
            let mut host = Host::default();
            host.clock = unsure.map(|uncertainty| Clock {
                uncertainty,
                against: Some(Reference::MigrationIds),
                ..Clock::default()
            });
            host
        };
        Case { hosts: uncertainty.map(host).into(), ..Case::default() }
    }

    #[test]
    fn a_spread_is_rounded_up_but_not_beyond() {
        let case = case_of([Some(0), Some(0)]);
        let spread = |micros: i64| within(&case, &[&moment(0, 0, 1), &moment(1, micros, 1)]).en;
        assert_eq!(spread(0), "");
        assert_eq!(spread(150_000), " within 0.2 s");
        assert_eq!(spread(9_900_000), " within 9.9 s");
        assert_eq!(spread(10_000_000), " within 10 s");
        assert_eq!(spread(10_000_001), " within 11 s");
        assert_eq!(spread(11_000_000), " within 11 s");
    }

    #[test]
    fn a_spread_below_what_the_clocks_allow_is_not_told() {
        let spread = |clocks: [Option<i64>; 2]| {
            within(&case_of(clocks), &[&moment(0, 0, 1), &moment(1, 150_000, 1)]).en
        };
        assert_eq!(spread([Some(40_000), Some(100_000)]), " within 0.2 s");
        assert_eq!(spread([Some(60_000), Some(100_000)]), "");
        assert_eq!(spread([Some(0), None]), "");
        // Of two groups nobody knows how far they lie apart, nor of a clock that was compared with nothing.
        for against in [Some(Reference::Host(1)), None] {
            let mut case = case_of([Some(0), Some(0)]);
            case.hosts[1].clock.as_mut().expect("a clock").against = against;
            assert_eq!(within(&case, &[&moment(0, 0, 1), &moment(1, 150_000, 1)]).en, "", "{against:?}");
        }
    }

    #[test]
    fn three_lines_are_shown_and_the_places_of_all_are_kept() {
        let moments: Vec<Moment> = (0..5).map(|host| moment(host, 0, 7)).collect();
        let mut story = Story::default();
        story.event(None, &moments.iter().collect::<Vec<_>>(), text("upgrades"));
        story.beside(None, None, (vec![told_at(1, 2)], &[&moments[4]]), text("a state that a row tells"));
        let told = story.told();
        assert_eq!((told[0].evidence.len(), told[0].places.len()), (3, 5));
        let lines: Vec<u64> = told[1].places.iter().map(|place| place.source.line).collect();
        assert_eq!((told[1].evidence.len(), lines), (1, vec![7, 2]));
    }

    #[test]
    fn few_vms_are_named_and_many_counted() {
        let named = |count: usize| vms(&(0..count).map(|n| format!("vm{n}")).collect::<Vec<_>>()).en;
        assert_eq!(named(1), "VM vm0");
        assert_eq!(named(3), "3 VMs (vm0, vm1 and vm2)");
        assert_eq!(named(12), "12 VMs");
    }
}
