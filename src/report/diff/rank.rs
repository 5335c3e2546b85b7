//! Differences between two sides, ranked by how unusual they are among the hosts around, and folded so that one cause
//! is one row.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::model::{HostInfo, Report};
use super::area::Area;
use super::attributes::{self, Attributes, Key, Told};
use super::named;

/// VIBs that differ between the same hosts, and are told one by one.
const VIBS: usize = 4;

/// The hosts of a cluster, by what they are compared by.
pub struct Field<'a> {
    /// In the order of the report.
    pub hosts: Vec<&'a HostInfo>,
    /// Of each host.
    pub all: Vec<Attributes>,
}

impl<'a> Field<'a> {
    /// Of `hosts`, which stand in `report`.
    pub fn of(report: &Report, hosts: Vec<&'a HostInfo>) -> Field<'a> {
        let mut all: Vec<Attributes> =
            hosts.iter().map(|host| Attributes::of(host, &report.features)).collect();
        share_addresses(&hosts, &mut all);
        Field { hosts, all }
    }

    /// What each host tells of `key`.
    fn told(&self, key: &Key) -> Vec<Told<'_>> {
        self.all.iter().map(|host| host.told(key)).collect()
    }

    /// Everything that one of the hosts tells.
    pub fn keys(&self) -> BTreeSet<&Key> {
        self.all.iter().flat_map(Attributes::keys).collect()
    }

    /// How the hosts are divided in `key`.
    pub fn camps(&self, key: &Key) -> Camps<'_> {
        let mut sizes: BTreeMap<Told<'_>, usize> = BTreeMap::new();
        let known = self.all.iter().map(|host| host.told(key)).filter(|told| told.is_known());
        known.for_each(|told| *sizes.entry(told).or_default() += 1);
        Camps { sizes }
    }

    /// Whether hosts that have the same value of `leader` have the same of `key`, as far as they tell both.
    fn decides(&self, leader: &Key, key: &Key) -> bool {
        let mut by_leader: BTreeMap<Told<'_>, Told<'_>> = BTreeMap::new();
        let told = self.all.iter().map(|host| (host.told(leader), host.told(key)));
        let mut both = told.filter(|(leader, told)| leader.is_known() && told.is_known());
        both.all(|(leader, told)| *by_leader.entry(leader).or_insert(told) == told)
    }

    fn is_own_vib(&self, name: &str) -> bool {
        self.all.iter().any(|host| host.is_own_vib(name))
    }
}

/// An address that several hosts have is told on each of them.
fn share_addresses(hosts: &[&HostInfo], all: &mut [Attributes]) {
    let own: Vec<_> = hosts.iter().map(|host| attributes::addresses(host)).collect();
    let mut by_ip: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
    for (at, addresses) in own.iter().enumerate() {
        for (ip, _) in addresses.iter().flatten() {
            by_ip.entry(*ip).or_default().insert(at);
        }
    }
    for (at, addresses) in own.iter().enumerate() {
        let Some(addresses) = addresses else { continue };
        let shared = addresses.iter().filter_map(|(ip, adapter)| {
            let others = by_ip.get(ip)?.iter().filter(|&&other| other != at);
            let names: Vec<&str> = others.map(|&other| hosts[other].id.as_str()).collect();
            (!names.is_empty()).then(|| (ip.to_string(), format!("{adapter} = {}", names.join(", "))))
        });
        all[at].share(shared);
    }
}

/// How hosts are divided in one attribute: by value, those of which nothing is known left out.
pub struct Camps<'a> {
    /// Hosts by value.
    pub sizes: BTreeMap<Told<'a>, usize>,
}

impl<'a> Camps<'a> {
    /// Hosts that tell.
    pub fn known(&self) -> usize {
        self.sizes.values().sum()
    }

    fn largest(&self) -> usize {
        self.sizes.values().copied().max().unwrap_or(0)
    }

    fn size(&self, told: Told<'_>) -> usize {
        self.sizes.get(&told).copied().unwrap_or(0)
    }

    /// What more than half of the hosts have.
    pub fn usual(&self) -> Option<Told<'a>> {
        let known = self.known();
        self.sizes.iter().find(|(_, size)| **size * 2 > known).map(|(told, _)| *told)
    }

    /// Whether every host has a value of its own: it is one by nature, then.
    pub fn is_scattered(&self) -> bool {
        self.known() > 2 && self.largest() == 1
    }
}

/// Something that two sides have otherwise.
#[derive(Clone, Debug)]
pub struct Difference<'a> {
    /// What.
    pub key: &'a Key,
    /// On the first side.
    pub a: Told<'a>,
    /// On the second.
    pub b: Told<'a>,
    /// Hosts that have it as the first side has.
    pub with_a: usize,
    /// Hosts that have it as the second side has.
    pub with_b: usize,
    /// Hosts that tell.
    pub of: usize,
    /// What comes with it, so that it needs no row of its own.
    pub folded: Vec<Difference<'a>>,
    rank: (u8, std::cmp::Reverse<usize>),
    camps: Vec<Told<'a>>,
}

impl<'a> Difference<'a> {
    /// What it is of, and its value on each side, as a report keeps them.
    pub fn told(&self) -> (Area, Option<String>, [Option<String>; 2]) {
        let values = [self.a, self.b].map(|told| told.value().map(str::to_owned));
        (self.key.0, named(&self.key.1), values)
    }

    fn of(field: &'a Field<'_>, key: &'a Key, a: Told<'a>, b: Told<'a>) -> Difference<'a> {
        let camps = field.camps(key);
        let (with_a, with_b, of) = (camps.size(a), camps.size(b), camps.known());
        let rank = rank(key.0, with_a.min(with_b), &camps);
        Difference { key, a, b, with_a, with_b, of, folded: Vec::new(), rank, camps: field.told(key) }
    }

    /// Which hosts agree with each other, whatever their values are: each host by the first one that it agrees with.
    fn division(&self) -> Vec<Option<usize>> {
        let first = |told: &Told<'_>| self.camps.iter().position(|other| other == told);
        self.camps.iter().map(|told| first(told).filter(|_| told.is_known())).collect()
    }
}

/// How unusual a difference is: one host against all others first, then by how much smaller the smaller camp is than the
/// usual one, in shares; what is otherwise on every host last. Two hosts alone are no measure.
fn rank(area: Area, smaller: usize, camps: &Camps<'_>) -> (u8, std::cmp::Reverse<usize>) {
    let (of, largest) = (camps.known(), camps.largest());
    let share = largest.saturating_sub(smaller) * 10_000 / of.max(1);
    let is_lonely = smaller == 1 && largest + 1 == of;
    match (of, is_lonely) {
        _ if area == Area::SharedAddress => (0, std::cmp::Reverse(0)),
        (0..=2, _) | (_, true) => (0, std::cmp::Reverse(0)),
        _ if camps.is_scattered() => (2, std::cmp::Reverse(0)),
        _ => (1, std::cmp::Reverse(share)),
    }
}

/// What differs between the sides `a` and `b`, the most unusual first, one cause in a row.
pub fn differences<'a>(
    field: &'a Field<'_>,
    keys: &BTreeSet<&'a Key>,
    a: impl Fn(&Key) -> Told<'a>,
    b: impl Fn(&Key) -> Told<'a>,
) -> Vec<Difference<'a>> {
    let both = keys.iter().map(|key| (*key, a(key), b(key)));
    let differing = both.filter(|(_, a, b)| a.is_known() && b.is_known() && a != b);
    let mut found: Vec<_> = differing.map(|(key, a, b)| Difference::of(field, key, a, b)).collect();
    found = follow(field, found);
    found = alike(found);
    found = vibs(found);
    found.sort_by(|x, y| (x.rank, x.key).cmp(&(y.rank, y.key)));
    found
}

/// Puts what follows from another difference below it.
fn follow<'a>(field: &Field<'_>, found: Vec<Difference<'a>>) -> Vec<Difference<'a>> {
    let at: BTreeMap<&Key, usize> = found.iter().enumerate().map(|(at, one)| (one.key, at)).collect();
    let leaders: Vec<Option<usize>> = found.iter().map(|one| leader(field, &at, one)).collect();
    fold(found, &leaders)
}

/// The place of the difference that `one` follows from.
fn leader(field: &Field<'_>, at: &BTreeMap<&Key, usize>, one: &Difference<'_>) -> Option<usize> {
    let (area, name) = one.key;
    if *area == Area::Effective {
        // What VMs see is what is left of the two.
        let parts = [Area::EvcMask, Area::Capability].map(|part| at.get(&(part, name.clone())));
        return parts.into_iter().flatten().next().copied();
    }
    let leader = (area.follows()?, String::new());
    let place = at.get(&leader).copied()?;
    let is_of_build = *area != Area::Vib || field.is_own_vib(name);
    (is_of_build && field.decides(&leader, one.key)).then_some(place)
}

/// Joins what differs in the same way between the same hosts: three NICs with the same old firmware.
fn alike(found: Vec<Difference<'_>>) -> Vec<Difference<'_>> {
    let mut first: BTreeMap<(Area, Vec<Told<'_>>, Told<'_>, Told<'_>), usize> = BTreeMap::new();
    let mut leaders = Vec::new();
    for (at, one) in found.iter().enumerate() {
        let known = *first.entry((one.key.0, one.camps.clone(), one.a, one.b)).or_insert(at);
        leaders.push((known != at).then_some(known));
    }
    fold(found, &leaders)
}

/// Joins VIBs that differ between the same hosts, where there are many.
fn vibs(found: Vec<Difference<'_>>) -> Vec<Difference<'_>> {
    let mut by_division: BTreeMap<Vec<Option<usize>>, Vec<usize>> = BTreeMap::new();
    for (at, one) in found.iter().enumerate().filter(|(_, one)| one.key.0 == Area::Vib) {
        by_division.entry(one.division()).or_default().push(at);
    }
    let mut leaders = vec![None; found.len()];
    for places in by_division.values().filter(|places| places.len() > VIBS) {
        places[1..].iter().for_each(|&at| leaders[at] = Some(places[0]));
    }
    fold(found, &leaders)
}

/// Puts each difference that has a leader below it, with all that is below itself.
fn fold<'a>(found: Vec<Difference<'a>>, leaders: &[Option<usize>]) -> Vec<Difference<'a>> {
    let mut below: BTreeMap<usize, Vec<Difference<'a>>> = BTreeMap::new();
    let mut kept = Vec::new();
    for (at, mut one) in found.into_iter().enumerate() {
        match leaders.get(at).copied().flatten() {
            None => kept.push((at, one)),
            Some(leader) => {
                let folded = std::mem::take(&mut one.folded);
                let list = below.entry(leader).or_default();
                list.push(one);
                list.extend(folded);
            }
        }
    }
    let rows = kept.into_iter().map(|(at, mut one)| {
        one.folded.extend(below.remove(&at).unwrap_or_default());
        one.folded.sort_by_key(|part| part.key);
        one
    });
    rows.collect()
}
