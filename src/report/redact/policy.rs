//! What is done with each field of a report: redacted, unless it is listed here.

use serde_json::Value;

use crate::report::named::Named;
use crate::rule::HOP;

/// What a field holds.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Policy {
    /// What we made, with nothing of a site in it: ids of findings, kinds, times.
    Keep,
    /// Versions, products and feature keys: a version is not read as an address. All else is as in any text, for they are
    /// free text of a bundle.
    Technical,
    /// The id of an operation or a migration: its hex digits tell nothing, names in it are replaced.
    Code,
    /// A sentence of ours that names may stand in.
    Prose,
    /// A name and nothing else.
    Name,
    /// Text of a bundle, and whatever nobody thought of.
    Text,
}

/// Fields that are the same on every site; `*` at the end stands for all below.
const KEEP: &[&str] = &[
    ".schema",
    ".tool*",
    ".case.from",
    ".case.to",
    ".case.lang",
    ".case.clusters.kind",
    ".case.time_zone",
    ".hosts.kind",
    ".hosts.bundle_sha256",
    ".hosts.captured_at",
    ".hosts.booted_at",
    ".hosts.captures.bundle_sha256",
    ".hosts.captures.captured_at",
    ".hosts.captures.booted_at",
    ".hosts.changes.since",
    ".hosts.clock.steps*",
    ".hosts.vsan.membership_at",
    ".findings.id",
    ".findings.severity",
    ".findings.confidence",
    ".findings.first_seen",
    ".findings.last_seen",
    ".findings.cause.id",
    ".findings.references*",
    ".findings.chain.time",
    ".findings.evidence.time",
    ".findings.chain.evidence.time",
    ".features.rows.class",
    ".features.vms.powered_on_at",
    ".membership.answers.at",
    ".membership.answers.until",
    ".membership.says.told.first",
    ".membership.says.told.last",
    ".membership.hosts.formed_at",
    ".spans.kind",
    ".spans.from",
    ".spans.to",
    ".migrations.started",
    ".migrations.ended",
    ".migrations.outcome",
    ".migrations.reason_side",
    ".migrations.phases.name",
    ".migrations.phases.at",
    ".evacuations.started",
    ".evacuations.ended",
    ".evacuations.outcome",
    ".coverage.from",
    ".coverage.to",
    ".coverage.gaps.from",
    ".coverage.gaps.to",
    ".problems.kind",
];

/// Versions, products and keys.
const TECHNICAL: &[&str] = &[
    ".hosts.version",
    ".hosts.build",
    ".hosts.update",
    ".hosts.vendor",
    ".hosts.model",
    ".hosts.bios",
    ".hosts.cpu*",
    ".hosts.captures.version",
    ".hosts.captures.build",
    ".hosts.captures.update",
    ".hosts.captures.microcode",
    ".hosts.setup.vibs*",
    ".hosts.setup.profile*",
    ".hosts.setup.microcode*",
    ".hosts.setup.bios_date",
    ".hosts.setup.acceptance",
    ".hosts.setup.network.nics.name",
    ".hosts.setup.network.nics.pci",
    ".hosts.setup.network.nics.driver",
    ".hosts.setup.network.nics.driver_version",
    ".hosts.setup.network.nics.firmware",
    ".hosts.setup.network.nics.description",
    ".hosts.setup.vms.guest",
    ".hosts.setup.options.path",
    ".hosts.setup.kernel_settings.name",
    ".findings.details.builds*",
    ".findings.details.vcenter_version",
    ".findings.details.host_version",
    ".membership.says.told.what",
    ".membership.answers.kind",
    ".hosts.changes.what",
    ".hosts.absent_logs",
    ".features.rows.key",
    ".features.rows.label",
    ".features.rows.cves",
    ".features.rows.advisory",
    ".features.sources.evc_mode",
    ".features.sources.max_evc_mode",
    ".features.clusters.baseline*",
    ".features.vms.requires",
    ".features.vms.blocked.missing",
    ".features.vms.settings",
    ".spans.log",
    ".coverage.log",
    ".coverage.gaps.why",
    ".coverage.problems.kind",
    ".findings.details.features",
    ".findings.details.absent_logs.logs",
    ".findings.details.vms.requires",
];

/// Ids that tell which records belong together.
const CODES: &[&str] =
    &[".migrations.id", ".migrations.operation", ".migrations.status", ".evacuations.operation"];

/// Fields for our sentences, wherever they stand but in a record.
const PROSE: &[&str] = &["text", "title", "summary", "why", "basis", "command", "verdict"];

/// Fields that hold a name and nothing else, in any object.
const NAMES: &[&str] = &[
    "id",
    "name",
    "host",
    "hosts",
    "vms",
    "vm",
    "by",
    "of",
    "label",
    "rows",
    "groups",
    "have",
    "lack",
    "from",
    "to",
    "stay",
    "unknown",
    "seen_by",
    "reason_by",
    "master",
    "unicast_lacks",
    "powered_on_host",
    "name_or_uuid",
    "cluster",
    "lost",
    "went_on",
    "vms_invalid",
    "members",
    "missing",
    "vcenter",
    "reference",
];

/// Maps whose keys are data.
const MAPS: &[&str] = &[
    ".features.rows.capability",
    ".features.rows.mask",
    ".features.rows.effective",
    ".findings.details.builds",
    ".findings.details.unicast_peers",
];

/// The policy for the field at `path`: keys with a full stop before each.
pub(super) fn of(path: &str) -> Policy {
    let is_in = |list: &[&str]| {
        list.iter()
            .any(|known| known.strip_suffix('*').map_or(path == *known, |above| path.starts_with(above)))
    };
    let last = path.rsplit('.').next().unwrap_or_default();
    let is_record = path.ends_with(".evidence.text") || path.ends_with(".samples.text");
    if is_in(KEEP) {
        Policy::Keep
    } else if is_in(TECHNICAL) {
        Policy::Technical
    } else if is_in(CODES) {
        Policy::Code
    } else if PROSE.contains(&last) && !is_record {
        Policy::Prose
    } else if NAMES.contains(&last) || MAPS.iter().any(|map| path.starts_with(map)) {
        Policy::Name
    } else {
        Policy::Text
    }
}

/// The policy for what a rule read as `key`.
pub(super) fn of_field(key: &str) -> Policy {
    match key {
        "op" | "opid" | "vc_opid" | "kernel_opid" | "mid" | HOP => Policy::Code,
        "version" | "build" | "features" => Policy::Technical,
        _ if Named::of(key).is_some() => Policy::Name,
        _ => Policy::Text,
    }
}

/// Whether the keys of the object at `path` are data.
pub(super) fn is_map(path: &str) -> bool {
    MAPS.contains(&path)
}

/// The texts below `value` that stand in fields for names, in lower case.
pub(super) fn beside(value: &Value) -> Vec<String> {
    fn gather(key: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if NAMES.contains(&key) => found.push(text.to_lowercase()),
            Value::Array(items) => items.iter().for_each(|item| gather(key, item, found)),
            Value::Object(parts) => parts.iter().for_each(|(key, part)| gather(key, part, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    gather("", value, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether `items` are texts in order, so that their aliases must be.
pub(super) fn is_sorted(items: &[Value]) -> bool {
    items.len() > 1
        && items.iter().all(Value::is_string)
        && items.is_sorted_by(|a, b| a.as_str() <= b.as_str())
}
