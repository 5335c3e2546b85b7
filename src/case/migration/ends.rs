//! Who is at the ends of a migration, and which VM it moves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::host::Host;
use super::super::identity::Identity;
use super::super::names::position;
use super::super::timeline::Moment;
use super::super::vm;
use super::own_log::OwnLogs;
use super::{End, Side};
use crate::model::HostKind;

/// The hosts, and what ids of them stand for.
pub(super) struct Places<'a> {
    pub hosts: &'a [Host],
    pub identity: &'a Identity,
    pub own_logs: &'a OwnLogs,
}

/// Source and destination, as far as the records tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub source: Option<usize>,
    pub destination: Option<usize>,
    pub from: End,
    pub to: End,
    /// Hosts that a refusal names together: the destination is one of them, or none of them would do.
    pub choice: BTreeSet<String>,
    /// Those of them that have a bundle here.
    choice_hosts: BTreeSet<usize>,
    /// Hosts that vCenter checked as the destination of the move.
    pub checked: BTreeSet<String>,
    /// The ends by the VM's own log.
    by_log: (Option<usize>, Option<usize>),
}

impl Ends {
    /// Takes what `moment` tells: by its side and whose bundle it is in, and by names and addresses.
    pub fn take(&mut self, moment: &Moment, places: &Places<'_>) {
        let here = places.hosts.get(moment.host).is_some_and(|host| host.kind == HostKind::Esxi);
        match Side::stated(moment).filter(|_| here) {
            Some(Side::Source) => self.source = self.source.or(Some(moment.host)),
            Some(Side::Destination) => self.destination = self.destination.or(Some(moment.host)),
            None => {}
        }
        match places.own_logs.end(moment) {
            Some(Side::Source) => self.by_log.0 = self.by_log.0.or(Some(moment.host)),
            Some(Side::Destination) => self.by_log.1 = self.by_log.1.or(Some(moment.host)),
            None => {}
        }
        self.checked.extend(moment.field("checked").map(str::to_owned));
        let keep = |own: &mut Option<String>, name: &str| {
            if own.is_none() {
                *own = moment.field(name).map(str::to_owned);
            }
        };
        keep(&mut self.from.name, "origin");
        match moment.field("target") {
            Some(several) if several.contains(',') => {
                self.choice.extend(several.split(',').map(|name| name.trim().to_owned()));
            }
            _ => keep(&mut self.to.name, "target"),
        }
        keep(&mut self.from.address, "src");
        keep(&mut self.to.address, "dst");
    }

    /// Finds the hosts that no record of their own names.
    pub fn settle(&mut self, places: &Places<'_>) {
        let by_name = |end: &End| end.name.as_deref().and_then(|name| position(places.hosts, name));
        self.source = self.source.or_else(|| by_name(&self.from));
        self.destination = self.destination.or_else(|| by_name(&self.to));
        let found = |end: &End, peer: Option<usize>| {
            let ip: IpAddr = end.address.as_deref()?.parse().ok()?;
            places.identity.host_of_address(ip, peer).filter(|&host| Some(host) != peer)
        };
        self.source = self.source.or_else(|| found(&self.from, self.destination));
        self.destination = self.destination.or_else(|| found(&self.to, self.source));
        // A log may be where its VM no longer is, so what names the end or gives its address counts more.
        let (source, destination) = self.by_log;
        let fits = |host: &usize, end: &End, peer: Option<usize>| {
            Some(*host) != peer && places.hosts.get(*host).is_some_and(|host| may_be(host, end))
        };
        self.source = self.source.or_else(|| source.filter(|host| fits(host, &self.from, self.destination)));
        self.destination =
            self.destination.or_else(|| destination.filter(|host| fits(host, &self.to, self.source)));
        if self.choice_hosts.len() < self.choice.len() {
            self.choice_hosts.extend(self.choice.iter().filter_map(|name| position(places.hosts, name)));
        }
    }

    /// Whether the two tell different hosts of one end.
    pub fn contradict(&self, other: &Ends) -> bool {
        fn differ<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a != b)
        }
        differ(self.source, other.source)
            || differ(self.destination, other.destination)
            || (self.destination.is_none() && differ(self.to.name.as_ref(), other.to.name.as_ref()))
            || self.is_no_choice_of(other)
            || other.is_no_choice_of(self)
    }

    /// Whether `other` names several hosts, and this one's destination is none of them.
    fn is_no_choice_of(&self, other: &Ends) -> bool {
        if other.choice.is_empty() {
            return false;
        }
        match (self.destination, &self.to.name) {
            (Some(host), _) => !other.choice_hosts.contains(&host),
            (None, Some(name)) => !other.choice.contains(name),
            (None, None) => false,
        }
    }

    /// Whether the two name one host at the same end.
    pub fn agree(&self, other: &Ends) -> bool {
        fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a == b)
        }
        same(self.source, other.source) || same(self.destination, other.destination)
    }
}

/// Whether `host` may be the end that is called and addressed so.
fn may_be(host: &Host, end: &End) -> bool {
    let ip: Option<IpAddr> = end.address.as_deref().and_then(|address| address.parse().ok());
    let adapters = host.setup.network.vmkernel.iter().filter_map(|adapter| adapter.value.addresses.as_ref());
    let own: Vec<IpAddr> = adapters.flatten().map(|address| address.ip).collect();
    let is_other = ip.is_some_and(|ip| !own.is_empty() && !own.contains(&ip));
    !is_other && end.name.as_deref().is_none_or(|name| host.is_called(name))
}

/// What a migration's VM is called, the best name first.
#[derive(Clone, Debug, Default)]
pub(super) struct VmNames {
    /// By vCenter.
    by_vcenter: BTreeSet<String>,
    /// By another record that names it.
    by_event: BTreeSet<String>,
    /// By the world that a host runs for it.
    by_world: BTreeSet<String>,
    /// By the folder of its own log.
    by_folder: BTreeSet<String>,
    /// Its moref where no name is known, and its folder.
    others: BTreeSet<String>,
    /// Its moref, and the vCenter Server that uses it: two VMs may have one name.
    objects: BTreeSet<(usize, String)>,
}

impl VmNames {
    /// What `moment` tells.
    pub fn of(moment: &Moment, places: &Places<'_>) -> VmNames {
        let mut names = VmNames::default();
        let Some(host) = places.hosts.get(moment.host) else { return names };
        let folder = folder_name(host, moment);
        if let Some(name) = moment.field("vm") {
            let list = match (host.kind, &folder) {
                // The timeline names the VM of such a log by its folder too.
                (_, Some(_)) => &mut names.others,
                (HostKind::Vcenter, None) => &mut names.by_vcenter,
                (HostKind::Esxi, None) => &mut names.by_event,
            };
            list.insert(name.to_owned());
        } else if let Some(moref) = moment.field("vm_ref") {
            names.others.insert(moref.to_owned());
        }
        if let Some(moref) = moment.field("vm_ref").filter(|_| host.kind == HostKind::Vcenter) {
            names.objects.insert((moment.host, moref.to_owned()));
        }
        names.by_world.extend(world_name(places, moment));
        names.by_folder.extend(folder);
        names
    }

    /// Adds what another record tells.
    pub fn add(&mut self, other: VmNames) {
        self.by_vcenter.extend(other.by_vcenter);
        self.by_event.extend(other.by_event);
        self.by_world.extend(other.by_world);
        self.by_folder.extend(other.by_folder);
        self.others.extend(other.others);
        self.objects.extend(other.objects);
    }

    /// What the VM itself is called, not its folder or its moref.
    pub fn called(&self) -> Option<&String> {
        let [by_vcenter, by_event, by_world, _] = self.lists();
        by_vcenter.iter().chain(by_event).chain(by_world).next()
    }

    /// Adds the name that a VM has by a world of it on another host.
    pub fn add_of_world(&mut self, name: String) {
        self.by_world.insert(name);
    }

    fn lists(&self) -> [&BTreeSet<String>; 4] {
        [&self.by_vcenter, &self.by_event, &self.by_world, &self.by_folder]
    }

    /// Every name, some twice.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lists().into_iter().flatten().chain(&self.others)
    }

    /// The best name.
    pub fn best(&self) -> Option<String> {
        self.all().next().cloned()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// Whether both name one VM.
    fn is_same(&self, other: &VmNames) -> bool {
        self.all().any(|name| other.all().any(|other| name == other))
    }

    /// Whether one vCenter Server tells them under different morefs.
    pub fn is_other_object(&self, other: &VmNames) -> bool {
        let told = |vcenter: usize| other.objects.iter().any(|(other, _)| *other == vcenter);
        let mut here = self.objects.iter().filter(|(vcenter, _)| told(*vcenter)).peekable();
        here.peek().is_some() && here.all(|object| !other.objects.contains(object))
    }

    /// Whether both name a VM, and not the same.
    pub fn is_other(&self, other: &VmNames) -> bool {
        (!self.is_empty() && !other.is_empty() && !self.is_same(other)) || self.is_other_object(other)
    }
}

/// The VM whose world a record of the VMkernel names.
fn world_name(places: &Places<'_>, moment: &Moment) -> Option<String> {
    let world: u64 = moment.field("world")?.parse().ok()?;
    places.identity.vm_of_world(places.hosts, moment.host, world, moment.time)
}

/// The VM in whose folder a record stands: `…/vmfs/volumes/<datastore>/<folder>/vmware.log`.
fn folder_name(host: &Host, moment: &Moment) -> Option<String> {
    let folder = vm::folder_of_log(moment.event.source.file.as_str())?;
    Some(vm::name_by_folder(host, &folder))
}
