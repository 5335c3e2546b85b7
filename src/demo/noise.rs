//! Noise: templates with slots, and what the slots are filled with. The templates stand in `templates`.

use super::headers::{Head, LineWriter, decimal, hex};
use super::line::{Level, Log};
use super::prng::Prng;
use super::site::{Datastore, Host, Site};
use super::templates;
use crate::model::Timestamp;

/// A noise line: weight, level, `sub` and text, both with `$(slot)` places.
pub(crate) struct Row(pub u32, pub Level, pub &'static str, pub &'static str);

/// The names that noise of one bundle speaks of.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    own: (String, u32),
    hosts: Vec<HostWord>,
    day: String,
    /// When the own host, or for vCenter the first of the hosts, is not heard of.
    own_silence: Option<Silence>,
    vms: Vec<VmWord>,
    datastores: Vec<Datastore>,
    naa: Vec<String>,
    objects: Vec<String>,
    ips: Vec<String>,
}

#[derive(Clone, Debug)]
struct HostWord {
    name: String,
    moref: u32,
    silence: Option<Silence>,
}

/// From when to when nothing is heard of a host.
type Silence = (Timestamp, Timestamp);

fn is_silent(silence: Option<Silence>, at: Timestamp) -> bool {
    silence.is_some_and(|(from, until)| from <= at && at < until)
}

#[derive(Clone, Debug)]
struct VmWord {
    name: String,
    moref: u32,
    id: u32,
    path: String,
}

impl Words {
    /// The names for a bundle of `site`: that of host `own`, or of vCenter.
    pub(crate) fn new(site: &Site, own: Option<usize>) -> Self {
        let never = Timestamp::from_micros(i64::MAX);
        let silence = |host: &Host| Some((host.unreachable_from?, host.unreachable_until.unwrap_or(never)));
        let word =
            |host: &Host| HostWord { name: host.name.clone(), moref: host.moref, silence: silence(host) };
        let from = site.hosts.first().map(|host| host.log_from).unwrap_or_default();
        let owner = own.map_or("vcenter", |index| &site.hosts[index].name);
        let mut prng = Prng::labelled(site.seed, &["words", owner]);
        let mut words = Words {
            own: own.map_or(("vcenter".into(), 1), |i| (site.hosts[i].short().into(), site.hosts[i].moref)),
            hosts: site.hosts.iter().map(word).collect(),
            day: from.to_string()[..10].to_owned(),
            own_silence: match own {
                Some(index) => silence(&site.hosts[index]),
                None => site.hosts.iter().filter_map(silence).min(),
            },
            vms: Vec::new(),
            datastores: Vec::new(),
            naa: (0..12).map(|_| format!("naa.6{:015x}{:016x}", prng.next() >> 4, prng.next())).collect(),
            objects: (0..40).map(|_| prng.uuid()).collect(),
            ips: site.hosts.iter().map(|host| host.net.management.clone()).collect(),
        };
        let chosen = site.hosts.iter().enumerate().filter(|(index, _)| own.is_none_or(|own| own == *index));
        for vm in chosen.flat_map(|(_, host)| &host.vms) {
            words.vms.push(VmWord { name: vm.name.clone(), moref: vm.moref, id: vm.id, path: vm.vmx_path() });
            // The noise is VMFS noise.
            let vmfs = !vm.datastore.volume.starts_with("vsan:");
            if vmfs && !words.datastores.contains(&vm.datastore) {
                words.datastores.push(vm.datastore.clone());
            }
        }
        words.fill_up();
        words
    }

    /// Noise must have something to speak of even where a host runs no VM.
    fn fill_up(&mut self) {
        if self.vms.is_empty() {
            let path = "/vmfs/volumes/5c8f0a11-7d20b6aa-1f02-0025b5010a01/template01/template01.vmx".into();
            self.vms.push(VmWord { name: "template01".into(), moref: 900, id: 900, path });
        }
        if self.datastores.is_empty() {
            let volume = "5c8f0a11-7d20b6aa-1f02-0025b5010a01".into();
            self.datastores.push(Datastore { name: "datastore1".into(), volume });
        }
    }
}

#[derive(Copy, Clone, Debug)]
enum Slot {
    Vm,
    Vmx,
    VmId,
    Moref,
    Host,
    HostId,
    OtherId,
    Own,
    OwnId,
    Datastore,
    Volume,
    Naa,
    Object,
    Ip,
    Nic,
    Mac,
    User,
    Op,
    World,
    Pointer,
    Session,
    Day,
    Hex(u32),
    Number(u32),
}

const SLOTS: &[(&str, Slot)] = &[
    ("vm", Slot::Vm),
    ("vmx", Slot::Vmx),
    ("vmid", Slot::VmId),
    ("moref", Slot::Moref),
    ("host", Slot::Host),
    ("hostid", Slot::HostId),
    ("otherid", Slot::OtherId),
    ("own", Slot::Own),
    ("ownid", Slot::OwnId),
    ("ds", Slot::Datastore),
    ("vol", Slot::Volume),
    ("naa", Slot::Naa),
    ("obj", Slot::Object),
    ("ip", Slot::Ip),
    ("nic", Slot::Nic),
    ("mac", Slot::Mac),
    ("user", Slot::User),
    ("op", Slot::Op),
    ("world", Slot::World),
    ("ptr", Slot::Pointer),
    ("session", Slot::Session),
    ("day", Slot::Day),
    ("x2", Slot::Hex(2)),
    ("x4", Slot::Hex(4)),
    ("x8", Slot::Hex(8)),
    ("n1", Slot::Number(1)),
    ("n2", Slot::Number(2)),
    ("n3", Slot::Number(3)),
    ("n4", Slot::Number(4)),
    ("n5", Slot::Number(5)),
    ("n6", Slot::Number(6)),
    ("n9", Slot::Number(9)),
];

#[derive(Debug)]
enum Piece {
    Text(&'static str),
    Slot(Slot),
}

fn compile(template: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once("$(") {
        let (name, tail) = after.split_once(')').expect("every slot of a template is closed");
        let slot = SLOTS.iter().find(|(known, _)| *known == name);
        let (_, slot) = slot.unwrap_or_else(|| panic!("no slot is called {name}"));
        pieces.extend([Piece::Text(text), Piece::Slot(*slot)]);
        rest = tail;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

#[derive(Debug)]
struct Template {
    until: u64,
    level: Level,
    sub: Vec<Piece>,
    text: Vec<Piece>,
    /// It tells of contact with vCenter or the other hosts.
    contact: bool,
}

/// The noise of one log.
#[derive(Debug)]
pub(crate) struct Noise {
    log: Log,
    templates: Vec<Template>,
    total: u64,
    sub: Vec<u8>,
    text: Vec<u8>,
    op_id: Vec<u8>,
    op_left: u64,
}

const USERS: &[&str] =
    &["vpxuser", "vpxuser:VSPHERE.LOCAL\\Administrator", "vpxuser:com.vmware.vsan.health", "root", "dcui"];
/// Parts of templates that a host cut off from the others would not write.
const CONTACT: &[&str] = &["state=Slave", "Heartbeat to vCenter", "Received heartbeat datagram", "all green"];
const AGENTS: &[&str] = &["", "", "vpxuser", "vpxuser:VSPHERE.LOCAL\\Administrator", "root"];

impl Noise {
    /// The noise of `log`.
    pub(crate) fn new(log: Log) -> Self {
        let mut total = 0;
        let compile_row = |row: &Row| {
            total += u64::from(row.0);
            Template {
                until: total,
                level: row.1,
                sub: compile(row.2),
                text: compile(row.3),
                contact: CONTACT.iter().any(|part| row.3.contains(part)),
            }
        };
        let templates: Vec<Template> = templates::of(log).iter().map(compile_row).collect();
        let buffers = (Vec::new(), Vec::new(), Vec::new());
        Noise { log, templates, total, sub: buffers.0, text: buffers.1, op_id: buffers.2, op_left: 0 }
    }

    /// Whether the log has noise at all.
    pub(crate) fn is_silent(&self) -> bool {
        self.templates.is_empty()
    }

    /// Writes noise line `index` of the log and tells whether it is a warning.
    ///
    /// The first lines, every other one, walk through all templates, so that each occurs in a log of some size.
    pub(crate) fn line(
        &mut self,
        out: &mut Vec<u8>,
        writer: &mut LineWriter,
        (at, index): (Timestamp, u64),
        words: &Words,
        prng: &mut Prng,
    ) -> bool {
        let mut chosen = if index % 2 == 1 && index / 2 < self.templates.len() as u64 {
            (index / 2) as usize
        } else {
            let roll = prng.below(self.total);
            self.templates.partition_point(|template| template.until <= roll)
        };
        while self.templates[chosen].contact && is_silent(words.own_silence, at) {
            chosen = (chosen + 1) % self.templates.len();
        }
        self.next_op_id(prng);
        let subject = Subject::draw(words, at, prng);
        let level = self.templates[chosen].level;
        self.sub.clear();
        self.text.clear();
        fill(&mut self.sub, &self.templates[chosen].sub, &subject, &self.op_id, prng);
        fill(&mut self.text, &self.templates[chosen].text, &subject, &self.op_id, prng);
        let dice = prng.next();
        let head = Head {
            level,
            sub: ascii(&self.sub),
            op_id: if dice & 3 == 0 { "" } else { ascii(&self.op_id) },
            user: AGENTS[(dice >> 2) as usize % AGENTS.len()],
            tid: if self.log == Log::Vpxd { 3_000 + (dice >> 8) % 90 } else { 2_098_100 + (dice >> 8) % 60 },
            cpu: (dice >> 16) % 40,
            world: 2_097_200 + (dice >> 24) % 900,
            hash: if dice & 0x70 == 0 { (dice >> 32) as u32 | 0x1000_0000 } else { 0 },
        };
        writer.line(out, at, &head, ascii(&self.text));
        matches!(level, Level::Warning | Level::Error | Level::Alert)
    }

    /// A few neighbouring lines share an opID, as the steps of one operation do.
    fn next_op_id(&mut self, prng: &mut Prng) {
        if self.op_left > 0 {
            self.op_left -= 1;
            return;
        }
        let dice = prng.next();
        self.op_left = dice >> 60;
        let out = &mut self.op_id;
        out.clear();
        match dice & 7 {
            0 | 1 => {
                out.extend_from_slice(b"HB-host-");
                decimal(out, 20 + (dice >> 3) % 8);
                out.push(b'@');
                decimal(out, (dice >> 8) % 90_000);
                out.push(b'-');
            }
            2 => out.extend_from_slice(b"WFU-"),
            3 => out.extend_from_slice(b"SWI-"),
            4 => {
                out.extend_from_slice(b"kd");
                hex(out, dice >> 12, 5);
                out.push(b'-');
                decimal(out, (dice >> 20) % 900_000);
                out.extend_from_slice(b"-auto-");
                hex(out, dice >> 40, 4);
                out.extend_from_slice(b"-h5:70");
                decimal(out, (dice >> 30) % 90_000);
                out.push(b'-');
                hex(out, dice >> 24, 2);
                return;
            }
            5 => out.extend_from_slice(b"esxcli-"),
            _ => {}
        }
        hex(out, dice >> 16, 8);
    }
}

/// The host and VM one line is about: the same ones wherever it names them.
struct Subject<'a> {
    words: &'a Words,
    vm: &'a VmWord,
    host: &'a HostWord,
    other: &'a HostWord,
}

impl<'a> Subject<'a> {
    fn draw(words: &'a Words, at: Timestamp, prng: &mut Prng) -> Self {
        let mut host = || {
            let first = prng.below(words.hosts.len() as u64) as usize;
            // One that nobody hears from any more is passed over for its neighbour.
            let mut turn = words.hosts.iter().cycle().skip(first).take(words.hosts.len());
            turn.find(|host| !is_silent(host.silence, at)).unwrap_or(&words.hosts[first])
        };
        let (host, other) = (host(), host());
        Subject { words, vm: prng.pick(&words.vms), host, other }
    }
}

fn fill(out: &mut Vec<u8>, pieces: &[Piece], subject: &Subject<'_>, op_id: &[u8], prng: &mut Prng) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Slot(slot) => fill_slot(out, *slot, subject, op_id, prng),
        }
    }
}

fn fill_slot(out: &mut Vec<u8>, slot: Slot, subject: &Subject<'_>, op_id: &[u8], prng: &mut Prng) {
    let words = subject.words;
    let text: &str = match slot {
        Slot::Vm => &subject.vm.name,
        Slot::Vmx => &subject.vm.path,
        Slot::Host => &subject.host.name,
        Slot::Day => &words.day,
        Slot::Own => &words.own.0,
        Slot::Datastore => &prng.pick(&words.datastores).name,
        Slot::Volume => &prng.pick(&words.datastores).volume,
        Slot::Naa => prng.pick::<String>(&words.naa),
        Slot::Object => prng.pick::<String>(&words.objects),
        Slot::Ip => prng.pick::<String>(&words.ips),
        Slot::User => prng.pick::<&str>(USERS),
        Slot::Op => ascii(op_id),
        _ => return fill_number(out, slot, subject, prng),
    };
    out.extend_from_slice(text.as_bytes());
}

fn fill_number(out: &mut Vec<u8>, slot: Slot, subject: &Subject<'_>, prng: &mut Prng) {
    match slot {
        Slot::VmId => decimal(out, u64::from(subject.vm.id)),
        Slot::Moref => decimal(out, u64::from(subject.vm.moref)),
        Slot::HostId => decimal(out, u64::from(subject.host.moref)),
        Slot::OtherId => decimal(out, u64::from(subject.other.moref)),
        Slot::OwnId => decimal(out, u64::from(subject.words.own.1)),
        Slot::World => decimal(out, 2_097_200 + prng.below(4_000)),
        Slot::Hex(width) => hex(out, prng.next(), width),
        Slot::Number(digits) => decimal(out, prng.below(10_u64.pow(digits))),
        Slot::Nic => {
            out.extend_from_slice(b"vmnic");
            decimal(out, prng.below(4));
        }
        Slot::Mac => {
            out.extend_from_slice(b"00:50:56:");
            let dice = prng.next();
            hex(out, dice, 2);
            out.push(b':');
            hex(out, dice >> 8, 2);
            out.push(b':');
            hex(out, dice >> 16, 2);
        }
        Slot::Pointer => {
            out.extend_from_slice(b"0x43");
            hex(out, prng.next() & !0x3f, 10);
        }
        _ => {
            out.extend_from_slice(b"52");
            let dice = prng.next();
            hex(out, dice, 6);
            out.push(b'-');
            hex(out, dice >> 24, 4);
            out.push(b'-');
            hex(out, dice >> 40, 4);
        }
    }
}

/// The text of a buffer that only templates, names and digits went into.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("templates, names and numbers are UTF-8")
}
