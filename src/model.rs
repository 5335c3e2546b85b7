//! Plain data that all layers share: time stamps, severities, sources, events, problems.
//!
//! Nothing in here reads, decides or writes anything.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: microseconds since the Unix epoch, UTC.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time `micros` microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// The time `seconds` seconds after 1970-01-01T00:00:00Z.
    pub const fn from_seconds(seconds: i64) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This time moved by `micros` microseconds, which may be negative.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Timestamp(self.0.saturating_add(micros))
    }

    /// This time moved by `seconds` seconds, which may be negative.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// The time for a sentence, to the second, behind a sign that no text of a bundle is taken to have:
    /// `\u{fdd0}2019-09-14 06:49:34 UTC`. Only by the sign the report knows it as ours, tells it in the reader's zone and takes
    /// the sign away (`report/zone`); a time in a record that is quoted stays as it stands there.
    pub fn in_text(self) -> String {
        let text = self.to_string();
        let (date, time) = text.split_once('T').unwrap_or((&text, ""));
        format!("{TIME_SIGN}{date} {} UTC", time.get(..8).unwrap_or(time))
    }

    /// `self - other` in microseconds.
    pub const fn since(self, other: Timestamp) -> i64 {
        self.0.saturating_sub(other.0)
    }

    /// The time of a calendar date and a time of day in UTC, or `None` where there is no such day.
    ///
    /// `month` and `day` count from 1, `micros` is the time of day in microseconds.
    pub fn from_civil(year: i64, month: u32, day: u32, micros: i64) -> Option<Self> {
        if !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        Some(Timestamp(days_from_civil(year, month, day) * MICROS_PER_DAY + micros))
    }

    /// The calendar date in UTC and the microseconds since its midnight: `(year, month, day, micros)`.
    pub fn civil(self) -> (i64, u32, u32, i64) {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MICROS_PER_DAY));
        (year, month, day, self.0.rem_euclid(MICROS_PER_DAY))
    }
}

/// Stands before a time of ours in a sentence: a character that Unicode keeps for no text, so no file has it for a purpose.
pub const TIME_SIGN: char = '\u{fdd0}';

const MICROS_PER_DAY: i64 = 86_400_000_000;

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch of a Gregorian date: the year is made to begin in March, so that the
/// leap day is its last, and 400-year eras repeat exactly.
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// RFC 3339 in UTC; the fraction has no, three or six digits, whichever holds the value.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, micros) = self.civil();
        let seconds = micros / 1_000_000;
        let fraction = micros % 1_000_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        match fraction {
            0 => {}
            n if n % 1000 == 0 => write!(f, ".{:03}", n / 1000)?,
            n => write!(f, ".{n:06}")?,
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = String;

    /// Reads RFC 3339 with an offset; a date alone is its midnight in UTC.
    fn from_str(text: &str) -> Result<Self, String> {
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let instant: jiff::Timestamp =
            full.parse().map_err(|_| format!("'{text}' is not a time like 2026-01-31T08:00:00Z"))?;
        Ok(Timestamp(instant.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How far a time stamp can be trusted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeQuality {
    /// Written with a fraction of a second.
    Exact,
    /// Written in whole seconds.
    Second,
    /// Not written on the record: taken from its neighbours or inferred.
    Estimated,
}

/// A time and how far it can be trusted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// When.
    pub time: Timestamp,
    /// How well known.
    pub quality: TimeQuality,
}

impl Stamp {
    /// `time`, as neighbours or a reckoning tell it.
    pub const fn estimated(time: Timestamp) -> Self {
        Stamp { time, quality: TimeQuality::Estimated }
    }
}

/// How much a thing matters, least first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Context; nothing is wrong.
    Info,
    /// Something that should be looked at.
    Warning,
    /// Something failed.
    Error,
    /// Service was lost, or will be.
    Critical,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info];

    /// The name used in JSON, on the command line and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Critical => "critical",
        }
    }
}

/// How sure a finding is, least first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Fits what was found; other causes fit too.
    Possible,
    /// State or lines alone say so.
    Likely,
    /// State and lines agree.
    Certain,
}

impl Confidence {
    /// The name used in JSON and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

/// What a bundle was taken from.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostKind {
    /// An ESXi host.
    #[default]
    Esxi,
    /// A vCenter Server.
    Vcenter,
}

/// A member's path, with every level of nesting shown by `!`: `outer.zip!esx-a.tgz!esx-a/var/run/log/hostd.0.gz`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberPath(Arc<str>);

impl MemberPath {
    /// The path spelled `text`.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        MemberPath(text.into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a line stands: the member, its line from 1 and its byte offset in the decompressed text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The member that holds the line.
    pub file: MemberPath,
    /// Line number, from 1, in the decompressed text.
    pub line: u64,
    /// Byte offset of the line's first byte in the decompressed text.
    pub offset: u64,
}

/// What an event says happened: the stable, dotted kinds that timeline, rules and reports share.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(&'static str);

macro_rules! event_kinds {
    ($($name:ident = $text:literal),+ $(,)?) => {
        impl EventKind {
            $(#[doc = concat!("`", $text, "`")] pub const $name: EventKind = EventKind($text);)+
            /// Every kind.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$name),+];
        }
    };
}

event_kinds! {
    VMOTION_START = "vmotion.start",
    VMOTION_PROGRESS = "vmotion.progress",
    VMOTION_SUCCESS = "vmotion.success",
    VMOTION_FAIL = "vmotion.fail",
    VMOTION_FAIL_CPU = "vmotion.fail.cpu",
    VM_POWER_ON = "vm.power-on",
    VM_POWER_OFF = "vm.power-off",
    VM_INVALID = "vm.invalid",
    VM_INACCESSIBLE = "vm.inaccessible",
    VM_RECOVERED = "vm.recovered",
    VM_RENAMED = "vm.renamed",
    VM_REGISTERED = "vm.registered",
    VM_UNREGISTERED = "vm.unregistered",
    VM_WORLD = "vm.world",
    EVC_MASK_CHANGED = "evc.mask-changed",
    EVC_ADMISSION_FAILED = "evc.admission-failed",
    VSAN_NODE_LEFT = "vsan.node-left",
    VSAN_NODE_JOINED = "vsan.node-joined",
    VSAN_ROLE_CHANGE = "vsan.role-change",
    VSAN_PEER_UNREACHABLE = "vsan.peer-unreachable",
    VSAN_FORMAT_SKEW = "vsan.format-skew",
    VSAN_DISK_FAILED = "vsan.disk-failed",
    VSAN_CONFIG_STALE = "vsan.config-stale",
    HOST_DISCONNECTED = "host.disconnected",
    HOST_NOT_RESPONDING = "host.not-responding",
    HOST_RECONNECTED = "host.reconnected",
    HOST_BOOT = "host.boot",
    HOST_SHUTDOWN = "host.shutdown",
    HOST_REBOOT = "host.reboot",
    HOST_CRASH = "host.crash",
    HOST_MAINTENANCE_ENTER = "host.maintenance-enter",
    HOST_MAINTENANCE_EXIT = "host.maintenance-exit",
    HOST_UPGRADE = "host.upgrade",
    HA_HOST_DEAD = "ha.host-dead",
    HA_ISOLATED = "ha.isolated",
    HA_ELECTION = "ha.election",
    HA_FAILOVER = "ha.failover",
    NET_LINK_DOWN = "net.link-down",
    NET_LINK_UP = "net.link-up",
    NET_IP_CONFLICT = "net.ip-conflict",
    STORAGE_APD = "storage.apd",
    STORAGE_PDL = "storage.pdl",
    TIME_STEP = "time.step",
    SERVICE_START = "service.start",
    SERVICE_HANG = "service.hang",
    HA_RESTART_FAILED = "ha.restart-failed",
    NET_FLAPPING = "net.flapping",
    NET_REDUNDANCY_LOST = "net.redundancy-lost",
    NET_NIC_RESET = "net.nic-reset",
    NET_MISMATCH = "net.mismatch",
    STORAGE_APD_TIMEOUT = "storage.apd-timeout",
    STORAGE_PATH_LOST = "storage.path-lost",
    STORAGE_RESTORED = "storage.restored",
    STORAGE_LATENCY = "storage.latency",
    STORAGE_DATASTORE_LOST = "storage.datastore-lost",
    STORAGE_DATASTORE_RESTORED = "storage.datastore-restored",
    STORAGE_ATS_MISCOMPARE = "storage.ats-miscompare",
    STORAGE_CORRUPTION = "storage.corruption",
    STORAGE_TARGET_LOST = "storage.target-lost",
    STORAGE_HBA_RESET = "storage.hba-reset",
    STORAGE_FABRIC_ERROR = "storage.fabric-error",
    STORAGE_DISK_ERROR = "storage.disk-error",
    STORAGE_NO_SPACE = "storage.no-space",
    VSAN_CONGESTION = "vsan.congestion",
    VSAN_NO_SPACE = "vsan.no-space",
    VSAN_RESYNC_DELAYED = "vsan.resync-delayed",
    HARDWARE_MEMORY_ERROR = "hardware.memory-error",
    HARDWARE_ERROR = "hardware.error",
    HARDWARE_SENSOR = "hardware.sensor",
    HOST_CPU_STALLED = "host.cpu-stalled",
    HOST_MEMORY_LOW = "host.memory-low",
    HOST_RAMDISK_FULL = "host.ramdisk-full",
    HOST_PARTITION_FULL = "host.partition-full",
    HOST_BOOT_DEVICE_LOST = "host.boot-device-lost",
    SERVICE_CRASH = "service.crash",
    VCENTER_DISK_FULL = "vcenter.disk-full",
    TIME_UNSYNCED = "time.unsynced",
    CERTIFICATE_EXPIRING = "certificate.expiring",
    LICENSE_EXPIRED = "license.expired",
    VM_STUN = "vm.stun",
    TASK_BEGIN = "task.begin",
    TASK_END = "task.end",
    OP_RECORD = "op.record",
}

impl EventKind {
    /// The dotted name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = EventKind::ALL.iter().find(|kind| kind.0 == text);
        found.copied().ok_or_else(|| format!("'{text}' is not an event kind"))
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One record that means something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When the record was written: by the host's own clock in a digest, by the reference clock in a case.
    pub stamp: Option<Stamp>,
    /// What it says happened.
    pub kind: EventKind,
    /// How much it matters by itself.
    pub severity: Severity,
    /// The id of the rule that saw it.
    pub rule: String,
    /// The record's message, without its header, cut at about 1 kB.
    pub text: String,
    /// The record's first line as it stands in the member, cut at about 1 kB.
    pub raw: String,
    /// What the rule read from it: `vm`, `host`, `node`, `features`, `opid`, …
    pub fields: BTreeMap<String, String>,
    /// Where it stands.
    pub source: Source,
}

/// Something that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// What sort of problem: `truncated`, `damaged`, `limit`, `unreadable`, …
    pub kind: ProblemKind,
    /// The path or member concerned.
    pub path: String,
    /// One sentence for the user.
    pub text: String,
}

impl Problem {
    /// A problem of `kind` at `path`, told by `text`.
    pub fn new(kind: ProblemKind, path: impl Into<String>, text: impl Into<String>) -> Self {
        Problem { kind, path: path.into(), text: text.into() }
    }
}

/// The sorts of problems a run can meet.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// It could not be opened or read at all.
    Unreadable,
    /// It ends before it should.
    Truncated,
    /// Its bytes contradict its format.
    Damaged,
    /// It is encrypted.
    Encrypted,
    /// A limit was reached and the rest was left out.
    Limit,
    /// More of the same was counted instead of kept.
    Thinned,
    /// A fragment is missing between others.
    MissingFragment,
    /// It should parse and does not.
    Unparsed,
    /// The same thing was there twice; one was left out.
    Duplicate,
    /// Its name would do harm if it were unpacked.
    UnsafeName,
    /// It is no bundle, or holds nothing that could be read.
    NotABundle,
    /// A fault of `esxray` itself; the rest of the run went on.
    Internal,
}

impl ProblemKind {
    /// Whether it costs a part of what a file says, or all of it.
    pub const fn is_loss(self) -> bool {
        matches!(
            self,
            ProblemKind::MissingFragment
                | ProblemKind::Truncated
                | ProblemKind::Damaged
                | ProblemKind::Unreadable
        )
    }

    /// Whether something that the bundle holds was not read.
    pub const fn is_incomplete(self) -> bool {
        self.is_loss() || matches!(self, ProblemKind::Limit | ProblemKind::Encrypted)
    }

    /// The name used in JSON and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Truncated => "truncated",
            ProblemKind::Damaged => "damaged",
            ProblemKind::Encrypted => "encrypted",
            ProblemKind::Limit => "limit",
            ProblemKind::Thinned => "thinned",
            ProblemKind::MissingFragment => "missing-fragment",
            ProblemKind::Unparsed => "unparsed",
            ProblemKind::Duplicate => "duplicate",
            ProblemKind::UnsafeName => "unsafe-name",
            ProblemKind::NotABundle => "not-a-bundle",
            ProblemKind::Internal => "internal",
        }
    }
}

/// A sentence in both languages of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

impl Text {
    /// The same sentence in English and Japanese.
    pub fn new(en: impl Into<String>, ja: impl Into<String>) -> Self {
        Text { en: en.into(), ja: ja.into() }
    }

    /// The sentence in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ja => &self.ja,
        }
    }
}

/// A language of the report.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    En,
    /// Japanese.
    Ja,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_time_agrees_with_a_date_library_over_four_centuries() {
        for day in (-62_000..100_000).step_by(17) {
            let micros = day * MICROS_PER_DAY + 45_296_789_012;
            let ours = Timestamp::from_micros(micros);
            let theirs = jiff::Timestamp::from_microsecond(micros).expect("in range");
            assert_eq!(ours.to_string(), theirs.to_string());
            let (y, m, d, rest) = ours.civil();
            assert_eq!(Timestamp::from_civil(y, m, d, rest), Some(ours));
        }
    }

    #[test]
    fn text_form_round_trips_with_the_shortest_fraction() {
        for text in ["2020-02-29T23:59:59Z", "2026-11-23T01:02:03.400Z", "1999-12-31T00:00:00.000001Z"] {
            assert_eq!(text.parse::<Timestamp>().expect("valid").to_string(), text);
        }
        assert_eq!("2020-01-02".parse::<Timestamp>().expect("date").to_string(), "2020-01-02T00:00:00Z");
        assert_eq!(
            "2020-01-02T09:00:00+09:00".parse::<Timestamp>().expect("offset").to_string(),
            "2020-01-02T00:00:00Z"
        );
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert_eq!(Timestamp::from_civil(2021, 2, 29, 0), None);
    }

    #[test]
    fn every_event_kind_is_dotted_unique_and_round_trips() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in EventKind::ALL {
            assert!(seen.insert(kind.name()), "{kind} is listed twice");
            assert_eq!(kind.name().parse::<EventKind>().as_ref(), Ok(kind));
            assert!(kind.name().contains('.') && kind.name().to_lowercase() == kind.name());
        }
    }
}
