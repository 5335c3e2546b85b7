//! The object dump, `vmware-vimdump_-o----U-dcui.txt`: objects as pyVmomi or `vim-cmd` prints them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::site::{Cpu, Host, Vm};
use super::spelling::DumpSyntax;

/// Writes nested objects: three blanks a level, a comma after all but the last, and around strings pyVmomi's single
/// quotes or the double ones of `vim-cmd`.
struct Dump {
    text: String,
    depth: usize,
    quote: char,
}

impl Dump {
    fn open(&mut self, name: &str, class: &str, bracket: char) {
        let indent = "   ".repeat(self.depth);
        let equals = if name.is_empty() { "" } else { " = " };
        let _ = writeln!(self.text, "{indent}{name}{equals}({class}) {bracket}");
        self.depth += 1;
    }

    fn close(&mut self, bracket: char, last: bool) {
        self.drop_comma();
        self.depth -= 1;
        let comma = if last { "" } else { "," };
        let _ = writeln!(self.text, "{}{bracket}{comma}", "   ".repeat(self.depth));
    }

    /// The last field of an object has no comma.
    fn drop_comma(&mut self) {
        if self.text.ends_with(",\n") {
            self.text.truncate(self.text.len() - 2);
            self.text.push('\n');
        }
    }

    fn field(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.text, "{}{name} = {value},", "   ".repeat(self.depth));
    }

    fn quoted(&mut self, name: &str, value: &str) {
        let quote = self.quote;
        self.field(name, format_args!("{quote}{}{quote}", value.replace(quote, &format!("\\{quote}"))));
    }

    /// What pyVmomi prints of every object, and `vim-cmd` does not.
    fn dynamic(&mut self) {
        if self.quote == DumpSyntax::VimCmd.quote() {
            return;
        }
        self.field("dynamicType", "<unset>");
        self.field("dynamicProperty", "(vmodl.DynamicProperty) []");
    }

    /// A list of key, featureName and value triples.
    fn features<V: std::fmt::Display>(
        &mut self,
        name: &str,
        class: &str,
        entries: impl IntoIterator<Item = (String, V)>,
    ) {
        self.open(name, class, '[');
        for (key, value) in entries {
            let key = key.as_str();
            self.open("", class, '{');
            self.dynamic();
            self.quoted("key", key);
            self.quoted("featureName", key);
            self.quoted("value", &value.to_string());
            self.close('}', false);
        }
        self.close(']', false);
    }
}

/// The whole dump of `host`.
pub(crate) fn dump(host: &Host) -> String {
    let mut dump = Dump { text: String::new(), depth: 0, quote: host.spelling.dump.quote() };
    let _ = writeln!(dump.text, "Connected to localhost as dcui\n\n=== vim.HostSystem:ha-host ===");
    dump.open("", "vim.HostSystem", '{');
    summary(&mut dump, host);
    config(&mut dump, host);
    dump.close('}', true);
    for vm in &host.vms {
        let _ = writeln!(dump.text, "\n=== vim.VirtualMachine:{} ===", vm.id);
        machine(&mut dump, vm);
    }
    dump.text
}

fn summary(dump: &mut Dump, host: &Host) {
    dump.open("summary", "vim.host.Summary", '{');
    dump.dynamic();
    dump.field("host", "'vim.HostSystem:ha-host'");
    dump.open("hardware", "vim.host.Summary.HardwareSummary", '{');
    dump.dynamic();
    dump.quoted("vendor", &host.vendor);
    dump.quoted("model", &host.model);
    dump.quoted("uuid", &host.uuid);
    dump.quoted("cpuModel", &host.cpu.name);
    dump.field("numCpuPkgs", host.cpu.packages);
    dump.field("numCpuCores", host.cpu.cores);
    dump.field("numCpuThreads", host.cpu.cores * 2);
    dump.field("memorySize", 274_758_664_192_u64);
    dump.close('}', false);
    dump.open("runtime", "vim.host.RuntimeInfo", '{');
    dump.dynamic();
    dump.quoted("connectionState", "connected");
    dump.quoted("powerState", "poweredOn");
    dump.field("inMaintenanceMode", "false");
    dump.quoted("bootTime", &host.booted_at.to_string());
    dump.close('}', false);
    dump.open("config", "vim.host.Summary.ConfigSummary", '{');
    dump.dynamic();
    dump.quoted("name", &host.name);
    dump.field("port", 902);
    product(dump, host);
    dump.close('}', false);
    let max = if host.cpu.model == Cpu::broadwell_ep().model { "intel-broadwell" } else { "intel-haswell" };
    dump.quoted("maxEVCModeKey", max);
    // The masks of these clusters are those of the Haswell mode.
    match host.evc_masks.is_empty() {
        true => dump.field("currentEVCModeKey", "<unset>"),
        false => dump.quoted("currentEVCModeKey", "intel-haswell"),
    }
    dump.field("rebootRequired", "false");
    dump.close('}', false);
}

fn product(dump: &mut Dump, host: &Host) {
    let release = &host.release;
    dump.open("product", "vim.AboutInfo", '{');
    dump.dynamic();
    dump.quoted("name", "VMware ESXi");
    dump.quoted("fullName", &format!("VMware ESXi {} build-{}", release.version, release.build));
    dump.quoted("vendor", "VMware, Inc.");
    dump.quoted("version", &release.version);
    dump.quoted("build", &release.build.to_string());
    dump.quoted("productLineId", "embeddedEsx");
    dump.quoted("apiType", "HostAgent");
    dump.close('}', false);
}

fn config(dump: &mut Dump, host: &Host) {
    dump.open("config", "vim.host.ConfigInfo", '{');
    dump.dynamic();
    dump.field("host", "'vim.HostSystem:ha-host'");
    product(dump, host);
    dump.open("hyperThread", "vim.host.HyperThreadScheduleInfo", '{');
    dump.dynamic();
    dump.field("available", "true");
    dump.field("active", "true");
    dump.close('}', false);
    network(dump, host);
    services(dump);
    let spelt = |features: BTreeMap<String, u64>| {
        let spelt = features.into_iter().enumerate();
        spelt.map(|(turn, (key, value))| (host.spelling.key(turn, &key), value)).collect::<Vec<_>>()
    };
    let (all, masked) = (spelt(host.capabilities.clone()), spelt(host.masked_capabilities()));
    dump.features("featureCapability", "vim.host.FeatureCapability", all);
    dump.features("maskedFeatureCapability", "vim.host.FeatureCapability", masked);
    dump.field("wakeOnLanCapable", "<unset>");
    dump.field("certificate", "<unset>");
    dump.close('}', false);
}

fn network(dump: &mut Dump, host: &Host) {
    dump.open("network", "vim.host.NetworkInfo", '{');
    dump.dynamic();
    dump.open("vnic", "vim.host.VirtualNic", '[');
    let adapters = [("vmk0", &host.net.management), ("vmk1", &host.net.vmotion), ("vmk2", &host.net.vsan)];
    for (device, address) in adapters {
        dump.open("", "vim.host.VirtualNic", '{');
        dump.dynamic();
        dump.quoted("device", device);
        dump.quoted("key", &format!("key-vim.host.VirtualNic-{device}"));
        dump.quoted("ipAddress", address);
        dump.quoted("subnetMask", "255.255.255.0");
        dump.field("mtu", 1500);
        dump.close('}', false);
    }
    dump.close(']', false);
    dump.close('}', false);
}

fn services(dump: &mut Dump) {
    dump.open("service", "vim.host.Service", '[');
    for (key, running) in
        [("TSM", false), ("TSM-SSH", true), ("ntpd", true), ("vpxa", true), ("vsanmgmtd", true)]
    {
        dump.open("", "vim.host.Service", '{');
        dump.dynamic();
        dump.quoted("key", key);
        dump.quoted("label", key);
        dump.field("required", "false");
        dump.field("running", running);
        dump.quoted("policy", "on");
        dump.close('}', false);
    }
    dump.close(']', false);
}

fn machine(dump: &mut Dump, vm: &Vm) {
    dump.open("", "vim.VirtualMachine", '{');
    dump.open("config", "vim.vm.ConfigInfo", '{');
    dump.dynamic();
    dump.quoted("name", &vm.name);
    dump.quoted("uuid", &vm.uuid);
    dump.quoted("version", "vmx-13");
    dump.quoted("annotation", &vm.annotation);
    dump.open("files", "vim.vm.FileInfo", '{');
    dump.dynamic();
    let path = format!("[{}] {}/{}.vmx", vm.datastore.name, vm.directory, vm.name);
    dump.quoted("vmPathName", &path);
    dump.close('}', false);
    dump.close('}', false);
    dump.open("runtime", "vim.vm.RuntimeInfo", '{');
    dump.dynamic();
    dump.field("host", "'vim.HostSystem:ha-host'");
    dump.quoted("connectionState", "connected");
    dump.quoted("powerState", if vm.running { "poweredOn" } else { "poweredOff" });
    if vm.running {
        dump.quoted("bootTime", &vm.run.started.to_string());
        dump.features("featureRequirement", "vim.vm.FeatureRequirement", vm.run.requires.clone());
    } else {
        dump.field("featureRequirement", "(vim.vm.FeatureRequirement) []");
    }
    match vm.running {
        true => dump.quoted("minRequiredEVCModeKey", "intel-haswell"),
        false => dump.field("minRequiredEVCModeKey", "<unset>"),
    }
    dump.close('}', false);
    dump.close('}', true);
}
