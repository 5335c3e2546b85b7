//! Migrations that are refused for CPU features, in all the ways in which vCenter and hosts tell of them. Each refusal
//! is told by one record.

use super::line::{Level, Log, ScriptedLine};
use super::site::{Site, Vcenter};
use crate::model::Timestamp;

/// Who tells of a refusal, and how it is worded.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RefusalForm {
    /// vpxd: `vim.VirtualMachine.migrate`, the entity by its number, English message.
    Plain,
    /// vpxd: `vim.VirtualMachine.relocate`, the entity by number and name, no message.
    Named,
    /// vpxd: references carry vCenter's GUID; the brackets of the list stand on their own lines.
    Guid,
    /// vpxd: Japanese message.
    Japanese,
    /// vpxd: Chinese message.
    Chinese,
    /// vpxd: the whole fault on one line.
    OneLine,
    /// vpxd: no fault, only the text of the event that users see.
    Event,
    /// vpxd: a host was to be emptied for maintenance, and DRS found no host that takes the VM.
    Evacuation,
    /// vpxa of the source host: what it was asked to check.
    Vpxa,
    /// hostd of the source host: the event that vCenter posted there.
    Hostd,
    /// The journal of the appliance: the event in columns.
    Journal,
}

impl RefusalForm {
    /// All forms.
    pub const ALL: [RefusalForm; 11] = [
        RefusalForm::Plain,
        RefusalForm::Named,
        RefusalForm::Guid,
        RefusalForm::Japanese,
        RefusalForm::Chinese,
        RefusalForm::OneLine,
        RefusalForm::Event,
        RefusalForm::Evacuation,
        RefusalForm::Vpxa,
        RefusalForm::Hostd,
        RefusalForm::Journal,
    ];

    /// Whether the record lists the unmet features.
    pub const fn names_features(self) -> bool {
        !matches!(self, RefusalForm::Event | RefusalForm::Hostd | RefusalForm::Journal)
    }

    const fn message(self) -> &'static str {
        match self {
            RefusalForm::Named => "",
            RefusalForm::Japanese => {
                "仮想マシンには、ターゲット ホストでサポートされていない、あるいは無効化されているハードウェア機能が必要です"
            }
            RefusalForm::Chinese => "虚拟机需要目标主机不支持或已禁用的硬件功能",
            RefusalForm::Event | RefusalForm::Hostd | RefusalForm::Journal => {
                "The target host does not support the virtual machine's current hardware requirements."
            }
            _ => {
                "The virtual machine requires hardware features that are unsupported or disabled on the target host"
            }
        }
    }
}

/// A migration that vCenter refuses for CPU features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The VM's name.
    pub vm: String,
    /// Name of the source host.
    pub from: String,
    /// Name of the target host.
    pub to: String,
    /// Names of the other hosts that were weighed, where DRS looked for one.
    pub others: Vec<String>,
    /// The unmet keys, as vCenter spells them.
    pub keys: Vec<String>,
    /// When it failed.
    pub at: Timestamp,
    /// Who tells of it.
    pub form: RefusalForm,
}

/// What a refusal is about, by the numbers of managed objects.
struct Subject<'a> {
    refusal: &'a Refusal,
    vm: u32,
    source: u32,
    /// The target, then the others.
    targets: Vec<u32>,
    /// Stands before the number of a managed object.
    guid: String,
    task: i64,
    op: String,
}

/// Tells of a refusal. Only vpxa and the events that vCenter posts leave something on a host: it is not asked.
pub fn add_refusal(site: &mut Site, refusal: &Refusal) {
    let moref = |name: &String| site.host(name).map(|host| host.moref);
    let vm = site.host(&refusal.from).and_then(|host| host.vm(&refusal.vm)).map(|vm| vm.moref);
    let targets: Vec<u32> = [&refusal.to].into_iter().chain(&refusal.others).filter_map(moref).collect();
    let (Some(vm), Some(source), Some(vcenter)) = (vm, moref(&refusal.from), &site.vcenter) else { return };
    let task = 51_000 + (refusal.at.micros() / 1_000_000) % 9_000;
    let guid = match refusal.form {
        RefusalForm::Guid => format!("{}:", vcenter.instance_uuid.to_uppercase()),
        _ => String::new(),
    };
    let op = format!("kf{:x}-{}-auto-2k-h5:70{:04}-c1", task * 77, task * 13, task % 10_000);
    let subject = Subject { refusal, vm, source, targets, guid, task, op };
    match refusal.form {
        RefusalForm::Vpxa | RefusalForm::Hostd => {
            if let Some(host) = site.host_mut(&refusal.from) {
                host.lines.extend(subject.on_host());
            }
        }
        form => {
            let Some(vcenter) = &mut site.vcenter else { return };
            match form {
                RefusalForm::Event => vcenter.lines.push(subject.event_line()),
                RefusalForm::Journal => subject.journal(vcenter),
                RefusalForm::Evacuation => vcenter.lines.extend(subject.evacuation()),
                _ => vcenter.lines.extend(subject.task()),
            }
        }
    }
}

impl Subject<'_> {
    fn line(&self, log: Log, text: String) -> ScriptedLine {
        ScriptedLine::new(self.refusal.at, log, text).under("vpxLro").op(self.op.as_str())
    }

    fn error(&self, log: Log, text: String) -> ScriptedLine {
        self.line(log, text).level(Level::Error).under("Default")
    }

    /// The task's begin and its failure in vpxd.
    fn task(&self) -> Vec<ScriptedLine> {
        let named = self.refusal.form == RefusalForm::Named;
        let method = if named { "relocate" } else { "migrate" };
        let (task, vm) = (self.task, self.vm);
        let entity = if named { format!("vm-{vm}, {}", self.refusal.vm) } else { format!("vm-{vm}") };
        let session = "52c40b8e-1d7f-9a60-8e11-b6a9c2f0d735(5280f6a3-94cc-02bb-6d0e-12f8be4a7719)";
        let begin =
            format!("[VpxLRO] -- BEGIN task-{task} -- {entity} -- vim.VirtualMachine.{method} -- {session}");
        let mut opening = self.line(Log::Vpxd, begin);
        opening.at = self.refusal.at.plus_micros(-812_000);
        let head = format!(
            "[VpxLRO] -- ERROR task-{task} -- {entity} -- vim.VirtualMachine.{method}: vim.fault.FeatureRequirementsNotMet:"
        );
        let fault = self.fault(self.targets.first().copied().unwrap_or_default(), "");
        let text = match self.refusal.form {
            RefusalForm::OneLine => format!("{head} {}", joined(&fault)),
            _ => format!("{head}\nResult:\n{fault}\nArgs:\n"),
        };
        vec![opening, self.error(Log::Vpxd, text)]
    }

    /// `enterMaintenanceMode` that fails: for each host that was weighed, why it will not do.
    fn evacuation(&self) -> Vec<ScriptedLine> {
        let (task, source, vm) = (self.task, self.source, self.vm);
        let method = "vim.HostSystem.enterMaintenanceMode";
        let session = "52c40b8e-1d7f-9a60-8e11-b6a9c2f0d735(5280f6a3-94cc-02bb-6d0e-12f8be4a7719)";
        let begin = format!("[VpxLRO] -- BEGIN task-{task} -- host-{source} -- {method} -- {session}");
        let mut opening = self.line(Log::Vpxd, begin);
        opening.at = self.refusal.at.plus_micros(-4_210_000);
        let hosts: Vec<String> =
            self.targets.iter().map(|host| format!("\n         'vim.HostSystem:host-{host}'")).collect();
        let faults: Vec<String> = self
            .targets
            .iter()
            .map(|&host| format!("\n         {}", self.fault(host, "         ")))
            .collect();
        let text = format!(
            "[VpxLRO] -- ERROR task-{task} -- host-{source} -- {method}: vim.fault.NoCompatibleHost:\nResult:\n\
             (vim.fault.NoCompatibleHost) {{\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   \
             vm = 'vim.VirtualMachine:vm-{vm}',\n   host = (ManagedObjectReference) [{}\n   ],\n   \
             error = (vmodl.MethodFault) [{}\n   ]\n   msg = \"No host is compatible with the virtual machine.\"\n}}\nArgs:\n",
            hosts.join(","),
            faults.join(",")
        );
        vec![opening, self.error(Log::Vpxd, text)]
    }

    /// The fault against `target`, its further lines indented by `margin`.
    fn fault(&self, target: u32, margin: &str) -> String {
        let mut items = String::new();
        let keys = &self.refusal.keys;
        for (index, key) in keys.iter().enumerate() {
            let comma = if index + 1 < keys.len() { ", " } else { "" };
            items.push_str(&format!(
                "\n      (vim.vm.FeatureRequirement) {{\n         key = \"{key}\",\n         featureName = \"{key}\",\n         value = \"Bool:Min:1\"\n      }}{comma}"
            ));
        }
        let list = match self.refusal.form {
            RefusalForm::Guid => format!("(vim.vm.FeatureRequirement) \n   [{items}\n   ]"),
            _ => format!("(vim.vm.FeatureRequirement) [{items}\n   ]"),
        };
        let (vm, guid, message) = (self.vm, &self.guid, self.refusal.form.message());
        let text = format!(
            "(vim.fault.FeatureRequirementsNotMet) {{\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   \
             featureRequirement = {list},\n   vm = 'vim.VirtualMachine:{guid}vm-{vm}',\n   host = 'vim.HostSystem:{guid}host-{target}'\n   \
             msg = \"{message}\"\n}}"
        );
        text.replace('\n', &format!("\n{margin}"))
    }

    /// `Cannot migrate web01 from esx01 to esx02: <why>`
    fn event_text(&self) -> String {
        let Refusal { vm, from, to, form, .. } = self.refusal;
        format!("Cannot migrate {vm} from {from} to {to}: {}", form.message())
    }

    fn event_line(&self) -> ScriptedLine {
        let text = format!("Event [{}]: {}", self.task * 31, self.event_text());
        self.line(Log::Vpxd, text).level(Level::Warning).under("EventManager")
    }

    /// What vpxa or hostd of the source host write.
    fn on_host(&self) -> Vec<ScriptedLine> {
        let at = self.refusal.at;
        if self.refusal.form == RefusalForm::Hostd {
            let text = format!("Event {} : {}", self.task % 4_000, self.event_text());
            let line = ScriptedLine::new(at, Log::Hostd, text);
            return vec![line.under("Vimsvc.ha-eventmgr").op(self.op.as_str())];
        }
        let (task, vm) = (self.task % 10_000, self.vm);
        let head = format!(
            "[VpxLRO] -- ERROR lro-{task} -- vm-{vm}, {} -- vim.VirtualMachine.checkRelocate: vim.fault.FeatureRequirementsNotMet:",
            self.refusal.vm
        );
        let fault = self.fault(self.targets.first().copied().unwrap_or_default(), "");
        vec![self.error(Log::Vpxa, format!("{head}\nResult:\n{fault}\nArgs:\n"))]
    }

    /// `2020-02-18T07:47:31.309123+00:00 vcsa vpxd[3127]: Event [1590] [1-1] [<time>] [<type>] [error] [<user>] [<datacenter>] [<chain>] [<text>]`
    fn journal(&self, vcenter: &mut Vcenter) {
        let at = self.refusal.at;
        let stamp = at.plus_micros(-at.micros().rem_euclid(1_000_000)).to_string();
        let short = vcenter.name.split('.').next().unwrap_or(&vcenter.name);
        let (key, text) = (self.task * 31, self.event_text());
        let line = format!(
            "{}+00:00 {short} vpxd[3127]: Event [{key}] [1-1] [{at}] [vim.event.VmFailedMigrateEvent] [error] \
             [VSPHERE.LOCAL\\Administrator] [DC-1] [{key}] [{text}]\n",
            stamp.trim_end_matches('Z')
        );
        let path = "commands/journalctl_-b--0.txt".to_owned();
        vcenter.extra.entry(path).or_default().extend(line.into_bytes());
    }
}

/// The lines of a block on one line.
fn joined(block: &str) -> String {
    block.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}
