//! Records that only witness the clock: an operation reached a program. Of the many a sample is kept, which is the same
//! on both sides of a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::format::id::OpId;
use crate::model::{Source, Stamp};

/// What a record tells that compares two clocks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witnessed {
    /// An operation reached a program: its id, as written.
    Operation(String),
    /// vSphere HA says by how many seconds the own clock is ahead of the master's.
    AheadOf {
        /// The master's moref.
        master: String,
        /// Negative where it is behind.
        seconds: i64,
    },
}

/// A record that compares two clocks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    /// What it tells.
    pub what: Witnessed,
    /// When, raw.
    pub stamp: Stamp,
    /// Where it stands.
    pub source: Source,
    /// The id of the rule that saw it.
    pub rule: String,
    /// The record's first line, cut.
    pub raw: String,
}

impl Witnessed {
    /// What the rule read: an operation's id, or a difference of two clocks.
    pub fn of(fields: &BTreeMap<String, String>, op_id: Option<&str>) -> Option<Self> {
        let seconds = fields.get("ahead_s").and_then(|seconds| seconds.parse().ok());
        let difference = fields.get("master_ref").zip(seconds);
        let ahead_of =
            difference.map(|(master, seconds)| Witnessed::AheadOf { master: master.clone(), seconds });
        ahead_of.or_else(|| op_id.map(|id| Witnessed::Operation(id.to_owned())))
    }

    /// As the rule's samples name it.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let named = |name: &str, value: String| (name.to_owned(), value);
        match self {
            Witnessed::Operation(id) => [named("opid", id.clone())].into(),
            Witnessed::AheadOf { master, seconds } => {
                [named("master_ref", master.clone()), named("ahead_s", seconds.to_string())].into()
            }
        }
    }

    /// By which it is kept or not: an operation by its root, which is the same on both sides of a call. `None` where it is
    /// no id.
    fn key(&self, stamp: Stamp) -> Option<Key> {
        let root = match self {
            Witnessed::Operation(id) => root_of(id)?.to_owned(),
            Witnessed::AheadOf { .. } => stamp.time.to_string(),
        };
        Some((hash(&root), root))
    }
}

/// The root of an operation's id; `None` where it is none.
fn root_of(id: &str) -> Option<&str> {
    OpId::new(id).map(OpId::root)
}

/// Hash and root.
type Key = (u64, String);

/// Operations that are kept of a log of a host.
const OF_HOST: usize = 256;
/// The same of a vCenter Server, which calls many hosts.
const OF_VCENTER: usize = 4_096;
/// Ids that are kept of one operation, and copies of a log in which each stands.
const OF_ONE: usize = 4;

/// Sightings of the operations whose roots have the lowest hashes: of one set of operations two programs keep the same
/// ones, in whatever order they come.
#[derive(Debug, Default)]
pub struct Sample {
    /// The family of the log.
    log: &'static str,
    /// By hash and root, then by what is told and the number of the member: the earliest record.
    kept: BTreeMap<Key, BTreeMap<(Witnessed, u64), Sighting>>,
}

impl Sample {
    /// A sample of the log family `log`: one log must not fill the room of another.
    pub fn of(log: &'static str) -> Self {
        Sample { log, kept: BTreeMap::new() }
    }

    /// The family of the log.
    pub fn log(&self) -> &'static str {
        self.log
    }

    fn most(&self) -> usize {
        if self.log == "vpxd" { OF_VCENTER } else { OF_HOST }
    }

    /// Whether what a record of this time tells would be kept.
    pub fn wants(&self, what: &Witnessed, stamp: Stamp) -> bool {
        what.key(stamp).is_some_and(|(hash, root)| self.has_room((hash, &root)))
    }

    /// Whether the operation `id` would be kept.
    pub fn wants_operation(&self, id: &str) -> bool {
        root_of(id).is_some_and(|root| self.has_room((hash(root), root)))
    }

    fn has_room(&self, (hash, root): (u64, &str)) -> bool {
        self.kept.len() < self.most()
            || self
                .kept
                .last_key_value()
                .is_some_and(|((last, name), _)| (hash, root) <= (*last, name.as_str()))
    }

    /// Takes a sighting in the member `id`.
    pub fn add(&mut self, id: u64, sighting: Sighting) {
        let Some(key) = sighting.what.key(sighting.stamp).filter(|(hash, root)| self.has_room((*hash, root)))
        else {
            return;
        };
        let own = self.kept.entry(key).or_default();
        let place = (sighting.what.clone(), id);
        if own.get(&place).is_none_or(|known| sighting < *known) {
            own.insert(place, sighting);
        }
        while own.len() > OF_ONE {
            own.pop_last();
        }
        while self.kept.len() > self.most() {
            self.kept.pop_last();
        }
    }

    /// Takes what another sample holds.
    pub fn join(&mut self, other: Sample) {
        for ((_, id), sighting) in other.kept.into_values().flatten() {
            self.add(id, sighting);
        }
    }

    /// Takes what was seen in the member `id`.
    pub fn join_member(&mut self, id: u64, other: Sample) {
        for (_, sighting) in other.kept.into_values().flatten() {
            self.add(id, sighting);
        }
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// All sightings, each with its member, in no order that says anything.
    pub fn into_sightings(self) -> impl Iterator<Item = (Sighting, u64)> {
        self.kept.into_values().flatten().map(|((_, id), sighting)| (sighting, id))
    }
}

/// FNV-1a with its bits mixed: the same in every run and on every machine.
fn hash(text: &str) -> u64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (folded ^ (folded >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MemberPath, TimeQuality, Timestamp};

    fn sighting(op_id: String, at: i64) -> Sighting {
        let source = Source { file: MemberPath::new("f"), line: 1, offset: 0 };
        let stamp = Stamp { time: Timestamp::from_micros(at), quality: TimeQuality::Exact };
        let what = Witnessed::Operation(op_id);
        Sighting { what, stamp, source, rule: "r".to_owned(), raw: String::new() }
    }

    #[test]
    fn both_sides_of_a_call_keep_the_same_operations() {
        let root = |n: i64| format!("{:08x}", (n as u32).wrapping_mul(2_654_435_761) | 0x1000_0000);
        let (mut caller, mut called) = (Sample::of("vpxd"), Sample::of("vpxa"));
        for n in 0..20_000 {
            caller.add(1, sighting(root(n), n));
            if n % 4 == 0 {
                called.add(1, sighting(format!("{}-01-3c", root(n)), n));
            }
        }
        assert_eq!((caller.kept.len(), called.kept.len()), (OF_VCENTER, OF_HOST));
        let both = called.kept.keys().filter(|key| caller.kept.contains_key(*key)).count();
        assert_eq!(both, OF_HOST, "what the host keeps is kept of its caller too");
    }

    #[test]
    fn the_order_in_which_records_come_changes_nothing() {
        let records: Vec<Sighting> =
            (0..3_000).map(|n| sighting(format!("{:08x}-0{}", n / 7 + 0x1000_0000, n % 7 % 3), n)).collect();
        let of = |records: &mut dyn Iterator<Item = &Sighting>| {
            let mut sample = Sample::of("hostd");
            records.for_each(|record| sample.add(7, record.clone()));
            let mut all: Vec<(Sighting, u64)> = sample.into_sightings().collect();
            all.sort();
            all
        };
        let forward = of(&mut records.iter());
        assert_eq!(forward, of(&mut records.iter().rev()));
        assert!(!forward.is_empty());
    }
}
