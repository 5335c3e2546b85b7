//! The logs a bundle holds, and the lines an incident plants in them.

use crate::model::Timestamp;

/// A log of a host or of a vCenter Server.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    /// `vmkernel`; its warnings are written to `vmkwarning` again.
    Vmkernel,
    /// `hostd`
    Hostd,
    /// `vpxa`
    Vpxa,
    /// `vobd`
    Vobd,
    /// `fdm`
    Fdm,
    /// `clomd`
    Clomd,
    /// `vsanmgmt`
    Vsanmgmt,
    /// `hostd-probe`
    HostdProbe,
    /// `syslog`
    Syslog,
    /// `shell`
    Shell,
    /// `esxupdate`
    Esxupdate,
    /// `vmksummary`
    Vmksummary,
    /// vCenter's `vpxd`
    Vpxd,
    /// vCenter's `eam`
    Eam,
    /// vCenter's vSAN health service
    VsanHealth,
}

impl Log {
    /// The logs of a host.
    pub const HOST: [Log; 12] = [
        Log::Vmkernel,
        Log::Hostd,
        Log::Vpxa,
        Log::Vobd,
        Log::Fdm,
        Log::Clomd,
        Log::Vsanmgmt,
        Log::HostdProbe,
        Log::Syslog,
        Log::Shell,
        Log::Esxupdate,
        Log::Vmksummary,
    ];

    /// The logs of a vCenter Server.
    pub const VCENTER: [Log; 3] = [Log::Vpxd, Log::Eam, Log::VsanHealth];

    /// The name without directory and extension.
    pub const fn name(self) -> &'static str {
        match self {
            Log::Vmkernel => "vmkernel",
            Log::Hostd => "hostd",
            Log::Vpxa => "vpxa",
            Log::Vobd => "vobd",
            Log::Fdm => "fdm",
            Log::Clomd => "clomd",
            Log::Vsanmgmt => "vsanmgmt",
            Log::HostdProbe => "hostd-probe",
            Log::Syslog => "syslog",
            Log::Shell => "shell",
            Log::Esxupdate => "esxupdate",
            Log::Vmksummary => "vmksummary",
            Log::Vpxd => "vpxd",
            Log::Eam => "eam",
            Log::VsanHealth => "vmware-vsan-health-service",
        }
    }

    /// Its share of the bundle's noise, measured against the other logs.
    pub(crate) const fn share(self) -> u64 {
        match self {
            Log::Vmkernel => 240,
            Log::Hostd => 320,
            Log::Vpxa => 190,
            Log::Vobd => 30,
            Log::Fdm => 80,
            Log::Clomd | Log::Vsanmgmt => 40,
            Log::HostdProbe | Log::Vmksummary => 5,
            Log::Syslog => 40,
            Log::Shell | Log::Esxupdate => 5,
            Log::Vpxd => 900,
            Log::Eam => 30,
            Log::VsanHealth => 70,
        }
    }

    /// Whether only hosts with vSAN write it.
    pub(crate) const fn is_vsan(self) -> bool {
        matches!(self, Log::Clomd | Log::Vsanmgmt)
    }

    /// Whether its daemon begins a log with a section header.
    pub(crate) const fn has_section(self) -> bool {
        matches!(self, Log::Hostd | Log::Vpxa | Log::Fdm | Log::HostdProbe | Log::Vpxd)
    }
}

/// The level of a line.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// `verbose`
    Verbose,
    /// `info`
    Info,
    /// `warning`; in vmkernel the text gets `WARNING: ` in front.
    Warning,
    /// `error`
    Error,
    /// `ALERT: ` in vmkernel.
    Alert,
}

/// A line that an incident plants: time, log and message. The builder gives it its host's header.
#[derive(Clone, Debug)]
pub struct ScriptedLine {
    /// When it is written, by the host's clock.
    pub at: Timestamp,
    /// Where.
    pub log: Log,
    /// Level.
    pub level: Level,
    /// `sub=` of a vmacore log, correlator of vobd, class of vsanmgmt and the vSAN health service.
    pub sub: String,
    /// opID, where the log's header has one.
    pub op_id: Option<String>,
    /// Message; further lines become continuation lines.
    pub text: String,
    /// The text is the whole line: no header.
    pub raw: bool,
}

impl ScriptedLine {
    /// The message `text` in `log` at `at`, on level info.
    pub fn new(at: Timestamp, log: Log, text: impl Into<String>) -> Self {
        let text = text.into();
        ScriptedLine { at, log, level: Level::Info, sub: String::new(), op_id: None, text, raw: false }
    }

    /// A vob observation or event: `[<correlator>] <uptime>us: [<id>] <text>`.
    pub fn vob(at: Timestamp, correlator: &str, id: &str, text: &str) -> Self {
        ScriptedLine::new(at, Log::Vobd, format!("[{id}] {text}")).under(correlator)
    }

    /// A line as it stands, placed by `at`.
    pub fn raw(at: Timestamp, log: Log, line: impl Into<String>) -> Self {
        ScriptedLine { raw: true, ..ScriptedLine::new(at, log, line) }
    }

    /// The same line on `level`.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The same line under `sub`.
    pub fn under(mut self, sub: impl Into<String>) -> Self {
        self.sub = sub.into();
        self
    }

    /// The same line with an opID.
    pub fn op(mut self, op_id: impl Into<String>) -> Self {
        self.op_id = Some(op_id.into());
        self
    }
}
