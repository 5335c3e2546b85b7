//! The devices that failed: what lines and lists say of one device put together.

use crate::case::{Host, Moment, Sourced};
use crate::fact::vsan::storage::{VsanCandidate, VsanDisk};
use crate::model::Source;

/// A device that failed, as far as it is known; of a line that names none, nothing is.
#[derive(Default)]
pub(in crate::verdict) struct Device<'c> {
    /// The UUID that a line gives it, where no list has it.
    told: Option<String>,
    /// What the list of vSAN's disks says of it.
    pub disk: Option<&'c Sourced<VsanDisk>>,
    /// What the list of the host's disks says of it, if that is that it is gone.
    gone: Option<&'c Sourced<VsanCandidate>>,
    /// Whether the list of vSAN's disks shows that it failed, in a host of which that counts.
    listed_bad: bool,
    /// Lines that say so, in the order of time.
    pub lines: Vec<&'c Moment>,
}

/// A disk group that failed as a whole.
pub(in crate::verdict) struct Group<'c> {
    pub uuid: &'c str,
    /// Its cache device, where known: `naa.…`
    pub cache: Option<&'c str>,
}

impl Device<'_> {
    /// Whether the host's lists show that it failed.
    pub(in crate::verdict) fn is_bad(&self) -> bool {
        self.listed_bad || self.gone.is_some()
    }

    /// Whether only lines say that it failed, while the host lists it as in use and well: it is back, or the lines were
    /// about less than a failure.
    pub(in crate::verdict) fn is_contradicted(&self) -> bool {
        let is_well =
            |disk: &VsanDisk| !shows_failure(disk) && [disk.in_cmmds, disk.mounted].contains(&Some(true));
        !self.is_bad() && self.disk.is_some_and(|disk| is_well(&disk.value))
    }

    /// Whether the host says that it is not mounted.
    pub(in crate::verdict) fn is_unmounted(&self) -> bool {
        self.disk.is_some_and(|disk| disk.value.mounted == Some(false))
    }

    /// `naa.…`
    pub(in crate::verdict) fn name(&self) -> Option<&str> {
        let gone = self.gone.and_then(|gone| gone.value.device.as_deref());
        self.disk.map(|disk| disk.value.device.as_str()).or(gone)
    }

    /// Its UUID in vSAN.
    pub(in crate::verdict) fn uuid(&self) -> Option<&str> {
        let gone = self.gone.and_then(|gone| gone.value.uuid.as_deref());
        self.disk.and_then(|disk| disk.value.uuid.as_deref()).or(gone).or(self.told.as_deref())
    }

    pub(in crate::verdict) fn group(&self) -> Option<&str> {
        self.disk.and_then(|disk| disk.value.group.as_deref())
    }

    /// `naa.… (5210…)`, as much of it as is known.
    pub(in crate::verdict) fn label(&self) -> Option<String> {
        match (self.name(), self.uuid()) {
            (Some(name), Some(uuid)) => Some(format!("{name} ({uuid})")),
            (name, uuid) => name.or(uuid).map(str::to_owned),
        }
    }

    /// The lines of the lists that show it.
    pub(in crate::verdict) fn state(&self) -> impl Iterator<Item = (&Source, &str)> {
        let listed = self.disk.filter(|_| self.listed_bad).map(|disk| (&disk.source, disk.text.as_str()));
        listed.into_iter().chain(self.gone.map(|gone| (&gone.source, gone.text.as_str())))
    }

    fn is_named(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let within =
            |id: Option<&str>| id.is_some_and(|id| !id.is_empty() && text.contains(&id.to_ascii_lowercase()));
        within(self.uuid()) || within(self.name())
    }
}

/// The failed devices of `host`: those that its lists show, in their order, if `state_counts`, then those that only
/// lines tell.
pub(in crate::verdict) fn devices<'c>(
    host: &'c Host,
    lines: &[&'c Moment],
    state_counts: bool,
) -> Vec<Device<'c>> {
    let vsan = &host.setup.vsan;
    let used = vsan.disks.iter().filter(|disk| disk.value.used != Some(false));
    let mut all: Vec<Device<'c>> = used
        .map(|disk| Device {
            disk: Some(disk),
            listed_bad: state_counts && shows_failure(&disk.value),
            ..Device::default()
        })
        .collect();
    for gone in vsan.candidates.iter().filter(|disk| state_counts && is_gone(&disk.value)) {
        let uuid = gone.value.uuid.as_deref();
        let same = |device: &&mut Device<'_>| {
            device.uuid().is_some() && device.uuid() == uuid
                || device.name().is_some() && device.name() == gone.value.device.as_deref()
        };
        match all.iter_mut().find(same) {
            Some(device) => device.gone = Some(gone),
            None => all.push(Device { gone: Some(gone), ..Device::default() }),
        }
    }
    let mut nameless: Vec<&'c Moment> = Vec::new();
    for &line in lines {
        let told = line.field("device").map(str::to_ascii_lowercase).or_else(|| device_in(&line.event.raw));
        match (all.iter_mut().find(|device| device.is_named(&line.event.raw)), told) {
            (Some(device), _) => device.lines.push(line),
            (None, Some(told)) => {
                all.push(Device { told: Some(told), lines: vec![line], ..Device::default() })
            }
            (None, None) => nameless.push(line),
        }
    }
    all.retain(|device| device.is_bad() || !device.lines.is_empty());
    // A line that names no device is about the one that failed; of several it repeats what others tell.
    match all.as_mut_slice() {
        [] if !nameless.is_empty() => all.push(Device { lines: nameless, ..Device::default() }),
        [only] => {
            only.lines.extend(nameless);
            only.lines.sort_by_key(|line| line.time);
        }
        _ => {}
    }
    all
}

/// Whether the list of vSAN's disks shows that a disk failed.
fn shows_failure(disk: &VsanDisk) -> bool {
    [disk.in_cmmds, disk.mounted, disk.checksum_ok].contains(&Some(false))
}

/// Whether a disk that vSAN uses is gone: lost for good, or without a device.
fn is_gone(disk: &VsanCandidate) -> bool {
    disk.uuid.is_some() && (disk.pdl == Some(true) || disk.device.is_none())
}

/// `… vSAN device 5210fa3e-aa11-bb22-cc33-dd44ee55ff66 has gone offline.`
fn device_in(line: &str) -> Option<String> {
    let rest = line.to_ascii_lowercase();
    let mut words = rest.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let is_uuid = |word: &&str| {
        let lengths: Vec<usize> = word.split('-').map(str::len).collect();
        lengths == [8, 4, 4, 4, 12]
    };
    words.rfind(is_uuid).map(str::to_owned)
}

/// The groups that failed as a whole: with their cache device, or with all their disks.
pub(in crate::verdict) fn groups<'c>(host: &'c Host, devices: &[&Device<'c>]) -> Vec<Group<'c>> {
    let failed = |uuid: Option<&str>, name: &str| {
        devices.iter().any(|device| device.name() == Some(name) || uuid.is_some() && device.uuid() == uuid)
    };
    let disks: Vec<&VsanDisk> =
        host.setup.vsan.disks.iter().map(|disk| &disk.value).filter(|disk| !disk.pool).collect();
    let mut groups: Vec<Group<'c>> = Vec::new();
    for uuid in disks.iter().filter_map(|disk| disk.group.as_deref()) {
        if groups.iter().any(|known| known.uuid == uuid) {
            continue;
        }
        let members: Vec<&&VsanDisk> =
            disks.iter().filter(|disk| disk.group.as_deref() == Some(uuid)).collect();
        let cache = members.iter().find_map(|disk| disk.cache_device.as_deref());
        // A group has the UUID of its cache device.
        let cache_failed = failed(Some(uuid), cache.unwrap_or_default());
        if cache_failed || members.iter().all(|disk| failed(disk.uuid.as_deref(), &disk.device)) {
            groups.push(Group { uuid, cache });
        }
    }
    groups
}
