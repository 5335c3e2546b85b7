//! What VMs can use of each feature on each host, from the best that its bundle tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Case, FeatureState, Moment, Vm};
use crate::fact::features::describe;
use crate::model::{EventKind, HostKind};

/// What a value rests on, the best first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The host's own list after masks.
    List,
    /// A register mask in `etc/vmware/config` hides it, whatever the lists say.
    Override,
    /// Its EVC mask, laid over the capability where that is known.
    Mask,
    /// The capability: no mask hides it.
    Capability,
    /// The log of a VM that was powered on there.
    VmLog,
    /// Only that other hosts of the cluster have a mask for it and this one has none.
    NoMask,
    /// A migration that was refused there for it, or a VM there that was refused elsewhere.
    Line,
}

/// What a host offers of a feature.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The value.
    pub value: u64,
    /// What it rests on.
    pub basis: Basis,
}

/// What the hosts of a case offer, by host index and key.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    by_host: Vec<BTreeMap<String, Offer>>,
}

impl Offers {
    /// What VMs on `host` can use of `key`; `None` where nothing tells.
    pub fn get(&self, host: usize, key: &str) -> Option<Offer> {
        self.by_host.get(host)?.get(key).copied()
    }

    /// The value alone.
    pub fn value(&self, host: usize, key: &str) -> Option<u64> {
        self.get(host, key).map(|offer| offer.value)
    }

    /// The keys of which something is known of `host`.
    pub fn keys(&self, host: usize) -> impl Iterator<Item = &str> {
        self.by_host.get(host).into_iter().flat_map(BTreeMap::keys).map(String::as_str)
    }

    /// The offers of all ESXi hosts of `case`; only hosts of one cluster are compared.
    pub fn of(case: &Case) -> Offers {
        let lines = told_by_lines(case);
        let mut by_host = vec![BTreeMap::new(); case.hosts.len()];
        for cluster in &case.clusters {
            let mut mates = Mates::of(case, &cluster.hosts);
            let named = lines.keys().filter(|(host, _)| cluster.hosts.contains(host));
            mates.keys.extend(named.map(|(_, key)| key.as_str()));
            for &host in &cluster.hosts {
                let state = &case.hosts[host].features;
                for key in &mates.keys {
                    let told = lines.get(&(host, key.to_string()));
                    let line = told.map(|&value| Offer { value, basis: Basis::Line });
                    if let Some(offer) = mates.offer(state, key).or(line) {
                        by_host[host].insert((*key).to_owned(), offer);
                    }
                }
            }
        }
        Offers { by_host }
    }
}

/// What the hosts of one cluster show together.
struct Mates<'a> {
    /// Every key that any of them tells of.
    keys: BTreeSet<&'a str>,
    /// Keys that some host has an EVC mask for, and whether one of these masks lets it through.
    masked: BTreeMap<&'a str, bool>,
    /// Keys that some host under EVC offers without a mask for them: EVC masks do not speak of every key.
    without_mask: BTreeSet<&'a str>,
}

/// Up to so many masks in a cluster tell of single features, not of an EVC mode that a host may be outside of.
const FEW_MASKS: usize = 4;

impl<'a> Mates<'a> {
    fn of(case: &'a Case, hosts: &[usize]) -> Self {
        let mut mates =
            Mates { keys: BTreeSet::new(), masked: BTreeMap::new(), without_mask: BTreeSet::new() };
        for &index in hosts {
            let host = &case.hosts[index];
            mates.keys.extend(keys_of(&host.features));
            mates.keys.extend(host.vms.iter().flat_map(|vm| &vm.requires).map(|need| need.key.as_str()));
            for (key, mask) in &host.features.masks {
                *mates.masked.entry(key).or_default() |= mask.value.number > 0;
            }
            mates.without_mask.extend(shown_without_mask(&host.features, &host.vms));
        }
        mates
    }

    fn offer(&self, state: &FeatureState, key: &str) -> Option<Offer> {
        let of = |basis| move |value| Offer { value, basis };
        if state.hidden_by(key).is_some() {
            return Some(of(Basis::Override)(0));
        }
        if let Some(masked) = state.masked.get(key) {
            // Even a list after masks does not offer what the hardware lacks, unless the mask raises it.
            let capability = state.capable_of(key).zip(state.masks.get(key));
            let most = capability.map_or(u64::MAX, |(capability, mask)| capability.max(mask.value.floor()));
            return Some(of(Basis::List)(masked.value.min(most)));
        }
        let seen = || {
            let seen = state.seen.as_ref()?;
            Some(of(Basis::VmLog)(seen.capabilities.get(key).copied().unwrap_or(0)))
        };
        let capability = state.capable_of(key);
        if let Some(mask) = state.masks.get(key) {
            return Some(match capability {
                // A mask does not add what the hardware lacks, unless it raises.
                Some(capability) => {
                    let most = capability.max(mask.value.floor());
                    of(Basis::Mask)(mask.value.mask(capability).min(most))
                }
                None => seen().unwrap_or(of(Basis::Mask)(mask.value.number)),
            });
        }
        if self.is_hidden(state, key) {
            return Some(of(Basis::Mask)(0));
        }
        let capability = capability.map(of(Basis::Capability));
        capability.or_else(seen).or_else(|| self.is_silent(state, key).then_some(of(Basis::NoMask)(0)))
    }

    /// Whether the masks of a host hide a key that none of them is for: complete ones do, and of those that do not say
    /// so it is taken to be meant where another host of the cluster has a mask that lets the key through.
    fn is_hidden(&self, state: &FeatureState, key: &str) -> bool {
        let is_meant = match state.complete {
            Some(complete) => complete,
            None => self.masked.get(key).copied().unwrap_or(false) && state.masks.len() > FEW_MASKS,
        };
        !state.masks.is_empty() && is_meant && !self.without_mask.contains(key)
    }

    /// Whether a host of which nothing but its masks is known has none for a key that another host has one for.
    fn is_silent(&self, state: &FeatureState, key: &str) -> bool {
        let silent = state.masks_known() && state.capability.is_empty() && state.masked.is_empty();
        // A host without any of many masks is not under EVC, and its CPU decides.
        let under_evc = !state.masks.is_empty() || self.masked.len() <= FEW_MASKS;
        silent && under_evc && state.complete != Some(false) && self.masked.contains_key(key)
    }
}

fn keys_of(state: &FeatureState) -> impl Iterator<Item = &str> {
    let lists = state.capability.keys().chain(state.masked.keys()).chain(state.masks.keys());
    let seen = state.seen.iter().flat_map(|seen| seen.capabilities.keys());
    lists.chain(seen).map(String::as_str)
}

/// Keys that a host under EVC offers without a mask for them: by its list after masks, by what a VM found there, or by a
/// VM that needs one though there was no mask at its power-on either.
fn shown_without_mask<'a>(state: &'a FeatureState, vms: &'a [Vm]) -> Vec<&'a str> {
    if state.masks.is_empty() {
        return Vec::new();
    }
    let listed = state.masked.iter().filter(|(_, value)| value.value > 0).map(|(key, _)| key.as_str());
    let seen = state.seen.iter().flat_map(|seen| &seen.capabilities);
    let seen = seen.filter(|(_, value)| **value > 0).map(|(key, _)| key.as_str());
    let is_needed = |vm: &Vm, key: &str| {
        vm.masked_then
            .as_ref()
            .is_none_or(|masked| masked.binary_search_by(|known| known.as_str().cmp(key)).is_err())
    };
    let needed = vms.iter().flat_map(|vm| {
        vm.requires.iter().map(|need| need.key.as_str()).filter(move |key| is_needed(vm, key))
    });
    listed.chain(seen).chain(needed).filter(|key| !state.masks.contains_key(*key)).collect()
}

/// What refused migrations say: the target did not offer what is named, and the host that the VM stayed on does.
fn told_by_lines(case: &Case) -> BTreeMap<(usize, String), u64> {
    let mut told = BTreeMap::new();
    for refusal in case.timeline.iter().filter(|moment| moment.event.kind == EventKind::VMOTION_FAIL_CPU) {
        let home = home(case, refusal);
        for key in named(refusal).filter(|key| !describe(key).identity) {
            for target in targets(case, refusal).filter(|target| Some(*target) != home) {
                told.insert((target, key.clone()), 0);
            }
            if let Some(home) = home {
                told.entry((home, key)).or_insert(1);
            }
        }
    }
    told
}

/// The features that a refusal names, lower case.
pub fn named(refusal: &Moment) -> impl Iterator<Item = String> {
    let named = refusal.field("features").unwrap_or("");
    named.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_ascii_lowercase)
}

/// The hosts of the case that a refused migration was to go to.
pub fn targets<'a>(case: &'a Case, refusal: &'a Moment) -> impl Iterator<Item = usize> + 'a {
    let targets = refusal.field("target").into_iter().flat_map(|targets| targets.split(','));
    targets.filter_map(|id| case.position(id))
}

/// The host that the VM of a refused migration runs on: as the record says, else as the bundles say.
pub fn home(case: &Case, refusal: &Moment) -> Option<usize> {
    let said = refusal.field("origin").and_then(|id| case.position(id));
    let vm = refusal.field("vm");
    said.or_else(|| {
        let runs_on = |index: &usize| {
            let host = &case.hosts[*index];
            host.kind == HostKind::Esxi && vm.is_some_and(|name| host.vms.iter().any(|vm| vm.name == name))
        };
        let mut found = (0..case.hosts.len()).filter(runs_on);
        found.next().filter(|_| found.next().is_none())
    })
}
