//! What the programs of this crate share: words, literals and rules as the built-in ones have them, made by a small
//! generator of numbers, so that the same come out everywhere.

/// The matcher itself, read from its source: it needs nothing of the rest.
#[path = "../../../src/rule/literals/mod.rs"]
pub mod literals;

/// A generator of numbers that need not be good ones (Knuth's, 64 bits).
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// One of `all`.
    pub fn one<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// Names of modules and classes, as they begin messages.
const NAMES: &[&str] = &[
    "ScsiDeviceIO",
    "NMP",
    "VMFS3",
    "Fil6",
    "HBX",
    "NetPort",
    "Tcpip",
    "Vmxnet3",
    "LSOM",
    "PLOG",
    "DOM",
    "RDT",
    "CMMDS",
    "Migrate",
    "VMotionRecv",
    "Swap",
    "MemSched",
    "CpuSched",
    "Heartbeat",
    "PCI",
    "nvme",
    "igbn",
    "ixgben",
    "qlnativefc",
    "lpfc",
    "iscsi_vmk",
    "Vigor",
    "VmSnapshot",
    "HostProfile",
    "DvsPortset",
    "FirewallSys",
    "LicenseMgr",
    "TaskManager",
    "Resolver",
    "DatastoreBrowser",
    "GuestInfo",
    "ClusterElection",
    "InventoryMgr",
    "Placement",
    "TraceBuffer",
];
/// Words of which messages are made.
const WORDS: &[&str] = &[
    "failed",
    "timeout",
    "lost",
    "device",
    "path",
    "state",
    "unable",
    "connect",
    "reset",
    "queue",
    "depth",
    "command",
    "aborted",
    "invalid",
    "checksum",
    "mismatch",
    "reservation",
    "conflict",
    "latency",
    "degraded",
    "offline",
    "retry",
    "exhausted",
    "limit",
    "reached",
    "reconnect",
    "session",
    "closed",
    "unexpectedly",
    "rebalance",
    "component",
    "witness",
    "quorum",
    "stale",
    "lease",
    "expired",
    "heartbeat",
    "missed",
    "partition",
    "uplink",
    "duplex",
    "flapping",
    "vlan",
    "firmware",
    "watchdog",
    "temperature",
    "threshold",
    "certificate",
    "thumbprint",
    "quarantined",
    "snapshot",
    "delta",
    "consolidate",
    "swapfile",
    "balloon",
    "admission",
    "refused",
    "unsupported",
    "feature",
    "mask",
];

/// A literal of `least` bytes or more that no other number gives: a name, some words, and at times a number in hexadecimal.
pub fn literal(numbers: &mut Numbers, least: usize) -> String {
    let mut text = match numbers.below(3) {
        0 => format!("{}: ", numbers.one(NAMES)),
        1 => format!("{} {}", numbers.one(NAMES), numbers.one(WORDS)),
        _ => format!("{} {}", numbers.one(WORDS), numbers.one(WORDS)),
    };
    // A module's name alone would stand in a share of all records, as no literal of a rule does.
    while text.len() < least || text.ends_with(' ') {
        if !text.ends_with(' ') {
            text.push(' ');
        }
        text.push_str(numbers.one(WORDS));
    }
    text
}

/// `count` literals of the lengths that the matcher's figures are told for: 15 bytes and more, most of them 25 to 40.
pub fn literals(count: usize) -> Vec<String> {
    let mut numbers = Numbers(count as u64);
    let mut all = std::collections::BTreeSet::new();
    while all.len() < count {
        let least = 15 + numbers.below(20);
        all.insert(literal(&mut numbers, least));
    }
    all.into_iter().collect()
}
