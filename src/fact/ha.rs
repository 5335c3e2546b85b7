//! vSphere HA as the agent on a host knows it: the hosts of the cluster and what to do when one fails.
//!
//! `prettyPrint.sh` prints the agent's files as XML with other lines before it. Sure are the elements `host` with
//! `hostId`, `hostName`, `ipAddress`, `version` and `build`, and `dasConfig`, `dasVmConfig`, `defaultVmSettings` and
//! `restartPriority`. The other names are those of the vSphere API, whose objects these are. How `fdm-dump.sh` prints
//! is not known: what stands in it as such elements is taken, the rest passed over.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::text::{Anchor, MAX_ENTRIES, flag, is_mac, is_version, lossy, value};
use super::xml::{Step, Xml};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, command_of};
use crate::model::{Problem, ProblemKind, Source};

/// The output of `prettyPrint.sh hostlist`, `prettyPrint.sh clusterconfig` and `fdm-dump.sh`.
pub static HA: FactFile = FactFile {
    name: "ha",
    about: "Hosts and settings of the vSphere HA cluster",
    matches: |path| {
        command_of(path).is_some_and(|name| {
            matches!(
                name.as_str(),
                "prettyprint.sh_hostlist" | "prettyprint.sh_clusterconfig" | "fdm_dump.sh"
            )
        })
    },
    reader: |_| Box::new(Ha::default()),
    samples: SAMPLES,
};

/// Lines that are kept as evidence of one configuration.
const MAX_LINES: usize = 64;

/// Addresses that are kept of one host.
const MAX_ADDRESSES: usize = 32;

/// A host of a vSphere HA cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HaHost {
    /// Its id in vCenter: `host-12`.
    pub id: Option<String>,
    /// The name or address by which vCenter knows it.
    pub name: Option<String>,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// MAC addresses of its adapters, lower case, where the list tells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its build.
    pub build: Option<String>,
}

/// What vSphere HA is to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HaConfig {
    /// Whether HA is on.
    pub enabled: Option<bool>,
    /// `enabled`, `disabled`
    pub host_monitoring: Option<String>,
    /// `vmMonitoringDisabled`, `vmMonitoringOnly`, `vmAndAppMonitoring`
    pub vm_monitoring: Option<String>,
    /// `enabled`, `disabled`: whether lost storage is answered.
    pub component_protection: Option<String>,
    /// Whether admission control is on.
    pub admission_control: Option<bool>,
    /// The settings of its policy: `("failoverLevel", "1")`.
    pub admission_policy: Vec<(String, String)>,
    /// What holds for a VM without a setting of its own: `medium`, `disabled`.
    pub restart_priority: Option<String>,
    /// What holds for a VM without a setting of its own: `none`, `powerOff`, `shutdown`.
    pub isolation_response: Option<String>,
    /// Advanced options: `("das.isolationaddress0", "10.0.0.1")`.
    pub options: Vec<(String, String)>,
    /// VMs with settings of their own.
    pub vms: Vec<HaVm>,
    /// The lines that say so, as evidence.
    #[serde(default)]
    pub lines: Vec<(Source, String)>,
}

impl HaHost {
    /// Takes an address of either sort; anything else is passed over.
    fn address(&mut self, text: String) {
        if is_mac(&text) {
            let mac = text.to_ascii_lowercase();
            if self.macs.len() < MAX_ADDRESSES && !self.macs.contains(&mac) {
                self.macs.push(mac);
            }
            return;
        }
        let known = self.addresses.len() >= MAX_ADDRESSES || self.addresses.contains(&text);
        if !known && text.parse::<IpAddr>().is_ok() {
            self.addresses.push(text);
        }
    }
}

/// A VM with settings of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HaVm {
    /// Configuration file.
    pub vmx: String,
    /// `medium`, `disabled`
    pub restart_priority: Option<String>,
    /// `none`, `powerOff`, `shutdown`, `clusterIsolationResponse`
    pub isolation_response: Option<String>,
}

#[derive(Default)]
struct Ha {
    xml: Xml,
    told: Told,
}

/// What the elements told.
#[derive(Default)]
struct Told {
    /// The host whose element is open.
    host: Option<HaHost>,
    hosts: Vec<HaHost>,
    /// Where the first host stands.
    first_host: Option<Anchor>,
    config: HaConfig,
    first_setting: Option<Anchor>,
    /// Key and value of the option whose element is open.
    option: (Option<String>, Option<String>),
    /// The VM whose element is open.
    vm: HaVm,
    /// Whether `dasConfig` is open.
    open: bool,
    full: bool,
}

impl Reader for Ha {
    /// ```text
    /// <host>
    ///   <hostId>host-12</hostId>
    ///   <hostName>esx01.lab.local</hostName>
    ///   <ipAddress>10.0.0.1</ipAddress>
    /// </host>
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let Ha { xml, told } = self;
        xml.line(&lossy(&line), &mut |path, step| told.step(path, step, &line));
        if told.hosts.len().max(told.config.vms.len()).max(told.config.options.len()) >= MAX_ENTRIES
            && !std::mem::replace(&mut told.full, true)
        {
            let text = format!("more than {MAX_ENTRIES} hosts, VMs or options; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
        }
    }

    /// Behind missing lines another host, option or VM may have begun.
    fn gap(&mut self) {
        self.xml = Xml::default();
        self.told.close_host();
        (self.told.option, self.told.vm) = ((None, None), HaVm::default());
    }

    fn end(&mut self, out: &mut Output) {
        let mut told = std::mem::take(&mut self.told);
        let cut = told.host.is_some() || told.open;
        told.close_host();
        let first = told.first_host.clone().or_else(|| told.first_setting.clone());
        if let Some(first) = first.filter(|_| cut) {
            out.problems.push(first.problem(ProblemKind::Truncated, "ends inside an element"));
        }
        if let Some(first) = told.first_host.filter(|_| !told.hosts.is_empty()) {
            out.facts.push(first.fact(FactValue::HaHosts { hosts: told.hosts }));
        }
        if let Some(first) = told.first_setting {
            out.facts.push(first.fact(FactValue::HaConfig(told.config)));
        }
    }
}

impl Told {
    fn step(&mut self, path: &[String], step: Step<'_>, line: &Line<'_>) {
        let Some((name, around)) = path.split_last() else { return };
        match (name.as_str(), step) {
            ("host", Step::Open) => {
                self.close_host();
                self.first_host.get_or_insert_with(|| Anchor::of(line));
                self.host = Some(HaHost::default());
            }
            ("host", Step::Close(_)) => self.close_host(),
            ("dasConfig", step) => self.open = matches!(step, Step::Open),
            ("option", Step::Close(_)) => self.close_option(line),
            ("dasVmConfig", Step::Close(_)) => self.close_vm(line),
            ("option" | "dasVmConfig", Step::Open) => {
                (self.option, self.vm) = ((None, None), HaVm::default());
            }
            (name, Step::Close(Some(text))) => {
                if let Some(text) = value(text) {
                    self.leaf(around, name, text, line);
                }
            }
            _ => {}
        }
    }

    /// An element without others inside it.
    fn leaf(&mut self, around: &[String], name: &str, text: String, line: &Line<'_>) {
        let inside = |wanted: &str| around.iter().any(|name| name == wanted);
        if self.host.is_some() && inside("host") {
            self.of_host(name, text);
        } else if inside("option") {
            match name {
                "key" => self.option.0 = Some(text),
                "value" => self.option.1 = Some(text),
                _ => {}
            }
        } else if inside("dasVmConfig") {
            self.of_vm(name, text);
        } else if inside("dasConfig") {
            let parent = around.last().map_or("", String::as_str);
            if self.setting(parent, name, text).is_some() {
                self.said(line);
            }
        }
    }

    fn of_host(&mut self, name: &str, text: String) {
        let Some(host) = &mut self.host else { return };
        let lower = name.to_ascii_lowercase();
        match name {
            "hostId" => host.id = host.id.take().or(Some(text)),
            "hostName" => host.name = host.name.take().or(Some(text)),
            "version" if is_version(&text) => host.version = host.version.take().or(Some(text)),
            "build" if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                host.build = host.build.take().or(Some(text));
            }
            // By whatever name: what is an address, and no mask or router, is the host's.
            _ if !lower.contains("mask") && !lower.contains("gateway") => host.address(text),
            _ => {}
        }
    }

    fn close_host(&mut self) {
        let Some(host) = self.host.take() else { return };
        if (host.id.is_some() || host.name.is_some()) && self.hosts.len() < MAX_ENTRIES {
            self.hosts.push(host);
        }
    }

    fn of_vm(&mut self, name: &str, text: String) {
        match name {
            "cfgFilePath" => self.vm.vmx = text,
            "restartPriority" => self.vm.restart_priority = word(text),
            "isolationResponse" => self.vm.isolation_response = word(text),
            _ => {}
        }
    }

    fn close_vm(&mut self, line: &Line<'_>) {
        let vm = std::mem::take(&mut self.vm);
        let said = vm.restart_priority.is_some() || vm.isolation_response.is_some();
        if !vm.vmx.is_empty() && said && self.config.vms.len() < MAX_ENTRIES {
            self.config.vms.push(vm);
            self.first_setting.get_or_insert_with(|| Anchor::of(line));
        }
    }

    /// Options of HA begin with `das.` or `fdm.`; elements of that form may hold other things.
    fn close_option(&mut self, line: &Line<'_>) {
        let (Some(key), Some(value)) = std::mem::take(&mut self.option) else { return };
        let ours = ["das.", "fdm."].iter().any(|start| key.to_ascii_lowercase().starts_with(start));
        if ours && self.config.options.len() < MAX_ENTRIES {
            self.config.options.push((key, value));
            self.said(line);
        }
    }

    /// A setting of the cluster; elements of the same name stand below others too.
    fn setting(&mut self, parent: &str, name: &str, text: String) -> Option<()> {
        let config = &mut self.config;
        match (parent, name) {
            ("dasConfig", "enabled") => config.enabled = Some(flag(&text)?),
            ("dasConfig", "hostMonitoring") => config.host_monitoring = Some(word(text)?),
            ("dasConfig", "vmMonitoring") => config.vm_monitoring = Some(word(text)?),
            ("dasConfig", "vmComponentProtecting") => config.component_protection = Some(word(text)?),
            ("dasConfig", "admissionControlEnabled") => config.admission_control = Some(flag(&text)?),
            ("admissionControlPolicy", _) if config.admission_policy.len() < 16 => {
                config.admission_policy.push((name.to_owned(), text));
            }
            ("defaultVmSettings", "restartPriority") => config.restart_priority = Some(word(text)?),
            ("defaultVmSettings", "isolationResponse") => config.isolation_response = Some(word(text)?),
            _ => return None,
        }
        Some(())
    }

    fn said(&mut self, line: &Line<'_>) {
        self.first_setting.get_or_insert_with(|| Anchor::of(line));
        let lines = &mut self.config.lines;
        if lines.len() < MAX_LINES && lines.last().is_none_or(|(source, _)| source.line != line.number) {
            lines.push((line.source(), line.excerpt()));
        }
    }
}

/// `powerOff`: the API's values are words.
fn word(text: String) -> Option<String> {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(text)
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/prettyPrint.sh_hostlist.txt",
        text: "1043\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hostList xmlns=\"urn:csi\">\n   <host>\n      \
               <hostId>host-12</hostId>\n      <hostName>esx01.lab.local</hostName>\n      <ipAddress>10.0.0.1</ipAddress>\n      \
               <netmask>255.255.255.0</netmask>\n      <hostdPort>443</hostdPort>\n      <mac>00:50:56:aa:bb:cc</mac>\n      \
               <version>6.7.0</version>\n      <build>14320388</build>\n   </host>\n   <host>\n      <hostId>host-14</hostId>\n      \
               <hostName>10.0.0.2</hostName>\n      <ipAddress>10.0.0.2</ipAddress>\n      <ipAddress>fd00::2</ipAddress>\n   \
               </host>\n</hostList>\n",
        facts: &[
            r#"{"fact":"ha-hosts","hosts":[{"id":"host-12","name":"esx01.lab.local","addresses":["10.0.0.1"],"macs":["00:50:56:aa:bb:cc"],"version":"6.7.0","build":"14320388"},{"id":"host-14","name":"10.0.0.2","addresses":["10.0.0.2","fd00::2"],"version":null,"build":null}]}"#,
        ],
    },
    Sample {
        path: "commands/prettyPrint.sh_clusterconfig.txt",
        text: "3921\n<clusterConfiguration xmlns=\"urn:csi\">\n  <dasConfig>\n    <enabled>true</enabled>\n    \
               <vmMonitoring>vmMonitoringDisabled</vmMonitoring>\n    <hostMonitoring>enabled</hostMonitoring>\n    \
               <vmComponentProtecting>disabled</vmComponentProtecting>\n    <failoverLevel>1</failoverLevel>\n    \
               <admissionControlPolicy xsi:type=\"x\">\n      <cpuFailoverResourcesPercent>25</cpuFailoverResourcesPercent>\n    \
               </admissionControlPolicy>\n    <admissionControlEnabled>true</admissionControlEnabled>\n    <defaultVmSettings>\n      \
               <restartPriority>medium</restartPriority>\n      <isolationResponse>powerOff</isolationResponse>\n      \
               <vmToolsMonitoringSettings><enabled>false</enabled></vmToolsMonitoringSettings>\n    </defaultVmSettings>\n    \
               <option><key>das.isolationaddress0</key><value xsi:type=\"xsd:string\">10.0.0.254</value></option>\n    \
               <option><key>other</key><value>1</value></option>\n  </dasConfig>\n  <dasVmConfig>\n    \
               <cfgFilePath>/vmfs/volumes/ds/web &amp; db/web.vmx</cfgFilePath>\n    <dasSettings>\n      \
               <restartPriority>disabled</restartPriority>\n    </dasSettings>\n  </dasVmConfig>\n</clusterConfiguration>\n",
        facts: &[
            r#"{"fact":"ha-config","enabled":true,"host_monitoring":"enabled","vm_monitoring":"vmMonitoringDisabled","component_protection":"disabled","admission_control":true,"admission_policy":[["cpuFailoverResourcesPercent","25"]],"restart_priority":"medium","isolation_response":"powerOff","options":[["das.isolationaddress0","10.0.0.254"]],"vms":[{"vmx":"/vmfs/volumes/ds/web & db/web.vmx","restart_priority":"disabled","isolation_response":null}]}"#,
        ],
    },
    // Both in one file, on few lines, with stderr before, inside and behind.
    Sample {
        path: "commands/fdm-dump.sh.txt",
        text: "ls: <missing>: No such file\nHost list:\n<hostList><host><hostId>host-9</hostId>\nwarning: slow < 3\n\
               <hostName>esx09</hostName></host></hostList>\nCluster config:\n<c><dasConfig><defaultVmSettings>\
               <isolationResponse>none</isolationResponse></defaultVmSettings></dasConfig></c>\nterminated\n",
        facts: &[
            r#"{"fact":"ha-hosts","hosts":[{"id":"host-9","name":"esx09","addresses":[],"version":null,"build":null}]}"#,
            r#"{"fact":"ha-config","enabled":null,"host_monitoring":null,"vm_monitoring":null,"component_protection":null,"admission_control":null,"admission_policy":[],"restart_priority":null,"isolation_response":"none","options":[],"vms":[]}"#,
        ],
    },
    Sample {
        path: "commands/prettyPrint.sh_hostlist.txt",
        text: "<hostList>\n<host>\n<hostId>host-12</hostId>\n<hostName>esx01.lab.local</hostName>\n</host>\n<host>\n\
               <hostId>host-13</hostId>\n<hostName>esx02.la",
        facts: &[
            r#"{"fact":"ha-hosts","hosts":[{"id":"host-12","name":"esx01.lab.local","addresses":[],"version":null,"build":null},{"id":"host-13","name":null,"addresses":[],"version":null,"build":null}]}"#,
        ],
    },
    Sample {
        path: "commands/prettyPrint.sh_clusterconfig.txt",
        text: "<c><dasConfig><defaultVmSettings><restartPriority>medium</restartPriority>\n<isolationResponse>power",
        facts: &[
            r#"{"fact":"ha-config","enabled":null,"host_monitoring":null,"vm_monitoring":null,"component_protection":null,"admission_control":null,"admission_policy":[],"restart_priority":"medium","isolation_response":null,"options":[],"vms":[]}"#,
        ],
    },
    Sample {
        path: "commands/prettyPrint.sh_hostlist.txt",
        text: "Failed to read hostlist: No such file or directory\n",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn a_text_that_is_cut_is_a_problem_and_a_whole_one_is_none() {
        let kinds = |at: usize| -> Vec<ProblemKind> {
            let out = read(&HA, SAMPLES[at].path, SAMPLES[at].text.as_bytes());
            out.problems.iter().map(|problem| problem.kind).collect()
        };
        assert!(kinds(0).is_empty() && kinds(1).is_empty() && kinds(2).is_empty() && kinds(5).is_empty());
        assert_eq!((kinds(3), kinds(4)), (vec![ProblemKind::Truncated], vec![ProblemKind::Truncated]));
    }

    #[test]
    fn settings_show_their_lines() {
        let out = read(&HA, SAMPLES[1].path, SAMPLES[1].text.as_bytes());
        let FactValue::HaConfig(config) = &out.facts[0].value else { panic!("{:?}", out.facts[0].value) };
        assert!(config.lines.iter().any(|(_, text)| text.contains("<isolationResponse>powerOff<")));
        assert_eq!(config.lines[0].0.line, 4);
    }

    #[test]
    fn other_files_of_the_agent_are_not_meant() {
        for path in ["commands/prettyPrint.sh_vmmetadata.txt", "var/fdm-dump.sh.txt", "commands/fdm-dump.txt"]
        {
            assert!(!(HA.matches)(path), "{path}");
        }
    }

    #[test]
    fn hosts_are_limited() {
        let text = "<host><hostId>host-1</hostId></host>\n".repeat(MAX_ENTRIES + 5);
        let out = read(&HA, SAMPLES[0].path, text.as_bytes());
        assert_eq!((out.facts.len(), out.problems.len()), (1, 1));
    }
}
