//! Membership as one host sees it: its role, and the members of its cluster.

use super::super::read::{AllEntries, Entries, Entry};
use super::super::text::{Anchor, cut, is_uuid, lossy};
use super::super::{FactFile, FactValue, Line, Output, Reader, Sample, VsanCluster, is_output};
use crate::model::ProblemKind;

/// The output of `localcli vsan cluster get`, as text or as JSON.
pub static CLUSTER: FactFile = FactFile {
    name: "vsan-cluster-get",
    about: "vSAN membership and role of the host",
    matches: |path| is_output(path, "localcli_vsan-cluster-get"),
    reader: |_| {
        Box::new(Cluster { fields: AllEntries::new(Entries::blocks("", KEYS), membership), disabled: None })
    },
    samples: CLUSTER_SAMPLES,
};

const KEYS: &[&str] = &[
    "Enabled",
    "Local Node UUID",
    "Local Node State",
    "Local Node Health State",
    "Sub-Cluster UUID",
    "Sub-Cluster Master UUID",
    "Sub-Cluster Leader UUID",
    "Sub-Cluster Backup UUID",
    "Sub-Cluster Membership Entry Revision",
    "Sub-Cluster Member Count",
    "Sub-Cluster Member UUIDs",
    "Sub-Cluster Member HostNames",
    "Sub-Cluster Membership UUID",
    "Unicast Mode Enabled",
    "Maintenance Mode State",
    "Config Generation",
];

/// Fields whose lines show what a host makes of its cluster.
const EVIDENCE: &[&str] = &[
    "Local Node State",
    "Sub-Cluster Member Count",
    "Sub-Cluster Member UUIDs",
    "Sub-Cluster Membership UUID",
    "Config Generation",
];

struct Cluster {
    fields: AllEntries,
    /// Where a host says in a sentence that it is none of a cluster.
    disabled: Option<Anchor>,
}

impl Reader for Cluster {
    /// `   Sub-Cluster Member Count: 4`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if lossy(&line).contains("lustering is not enabled") {
            self.disabled = Some(Anchor::of(&line));
        }
        self.fields.line(line, out);
    }

    fn gap(&mut self) {
        self.fields.gap();
    }

    fn cut(&mut self) {
        self.fields.cut();
    }

    fn end(&mut self, out: &mut Output) {
        let before = out.facts.len();
        self.fields.end(out);
        let disabled = self.disabled.take().filter(|_| out.facts.len() == before);
        out.facts.extend(disabled.map(|line| line.fact(FactValue::VsanDisabled)));
    }
}

/// That vSAN is enabled is said of a host without a cluster too, and what a file tells is one membership.
fn membership(entries: Vec<Entry>, out: &mut Output) {
    let (of_one, other): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| KEYS[1..].iter().any(|key| entry.knows(key)));
    let known = of_one.into_iter().reduce(|mut known, entry| {
        known.join(entry);
        known
    });
    let known = known.map(|entry| (cluster(&entry, out), first_line(entry)));
    // Of one that is cut nothing may be left.
    let known = known.filter(|(cluster, _)| *cluster != VsanCluster::default());
    let disabled = other.into_iter().find(|entry| entry.flag(KEYS[0]) == Some(false));
    let fact = match (known, disabled) {
        (Some((cluster, line)), _) => line.fact(FactValue::VsanCluster(cluster)),
        (None, Some(entry)) => entry.into_anchor().fact(FactValue::VsanDisabled),
        (None, None) => return,
    };
    out.facts.push(fact);
}

/// Where the membership begins: that vSAN is enabled stands before it.
fn first_line(entry: Entry) -> Anchor {
    let lines = KEYS[1..].iter().filter_map(|key| entry.line_of(key));
    lines.min_by_key(|line| line.line()).cloned().unwrap_or_else(|| entry.into_anchor())
}

/// What was called master is leader in later texts.
fn cluster(entry: &Entry, out: &mut Output) -> VsanCluster {
    let is_told = |key: &&str| entry.has(key) || entry.closed(key, holds_uuid).is_some();
    let line = |key: &&str| entry.line_of(key).filter(|_| is_told(key)).map(|line| line.clone().into_parts());
    let cluster = VsanCluster {
        node_uuid: uuid(entry, "Local Node UUID", out),
        state: entry.text("Local Node State"),
        health: entry.text("Local Node Health State"),
        cluster_uuid: uuid(entry, "Sub-Cluster UUID", out),
        master_uuid: uuid(entry, "Sub-Cluster Master UUID", out)
            .or_else(|| uuid(entry, "Sub-Cluster Leader UUID", out)),
        backup_uuid: uuid(entry, "Sub-Cluster Backup UUID", out),
        revision: entry.number("Sub-Cluster Membership Entry Revision"),
        member_count: entry.number("Sub-Cluster Member Count"),
        members: members(entry, out),
        member_names: entry.list("Sub-Cluster Member HostNames").unwrap_or_default(),
        membership_uuid: uuid(entry, "Sub-Cluster Membership UUID", out),
        unicast_mode: entry.flag("Unicast Mode Enabled"),
        maintenance: entry.closed("Maintenance Mode State", is_switch),
        config_generation: entry.closed("Config Generation", is_generation),
        lines: EVIDENCE.iter().filter_map(line).collect(),
    };
    let (count, listed) = (cluster.member_count, cluster.members.len() as u64);
    if let Some(count) = count.filter(|count| *count != listed) {
        let text = format!("{listed} members are listed where {count} are counted");
        out.problems.push(entry.anchor().problem(ProblemKind::Truncated, text));
    }
    cluster
}

/// Whether a list that may be cut, or a generation, has a UUID in it that is whole.
fn holds_uuid(text: &str) -> bool {
    text.split([',', ' ']).any(is_uuid)
}

/// `ON`, `OFF`
fn is_switch(text: &str) -> bool {
    text.eq_ignore_ascii_case("on") || text.eq_ignore_ascii_case("off")
}

/// `11112222-3333-4444-5555-666677778888 7 2020-06-30T01:02:03.456`: milliseconds end it.
fn is_generation(text: &str) -> bool {
    text.rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() == 3)
}

/// The UUID that is called `key`. What stands in its place and is none would go into commands: it is left out, and said
/// so. One that the text ends in is cut, which is said of the text.
fn uuid(entry: &Entry, key: &str, out: &mut Output) -> Option<String> {
    let found = entry.uuid(key);
    if let (None, Some(text)) = (&found, entry.text(key)) {
        not_a_uuid(entry, key, &text, out);
    }
    found
}

fn not_a_uuid(entry: &Entry, key: &str, found: &str, out: &mut Output) {
    let line = entry.line_of(key).unwrap_or(entry.anchor());
    let text = format!("line {}: '{}' is no UUID", line.line(), cut(found, 64));
    out.problems.push(line.problem(ProblemKind::Unparsed, text));
}

/// A UUID that is not whole would name a node that does not exist: it is left out, and said so.
fn members(entry: &Entry, out: &mut Output) -> Vec<String> {
    let key = "Sub-Cluster Member UUIDs";
    let items = entry.items(key).unwrap_or_default();
    let items = items.iter().flat_map(|item| item.split(',')).map(str::trim).map(str::to_owned);
    let (whole, other): (Vec<String>, Vec<String>) = items.partition(|uuid| is_uuid(uuid));
    if let Some(uuid) = other.first() {
        not_a_uuid(entry, key, uuid, out);
    }
    whole
}

/// What 6.5 and later say first: the node's state, and the last digits of the master's and the backup's UUID.
macro_rules! node {
    ($state:literal, $master:literal, $backup:literal) => {
        concat!(
            "Cluster Information\n   Enabled: true\n   Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   ",
            "Local Node Type: NORMAL\n   Local Node State: ",
            $state,
            "\n   Local Node Health State: HEALTHY\n   Sub-Cluster Master UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a000",
            $master,
            "\n   Sub-Cluster Backup UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a000",
            $backup,
            "\n   Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n"
        )
    };
}

const CLUSTER_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   Enabled: true\n   Current Local Time: 2020-07-01T08:15:30Z\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   Local Node Type: NORMAL\n   \
               Local Node State: MASTER\n   Local Node Health State: HEALTHY\n   \
               Sub-Cluster Master UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   Sub-Cluster Backup UUID: \n   \
               Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n   \
               Sub-Cluster Membership Entry Revision: 3\n   Sub-Cluster Member Count: 1\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001\n   \
               Unicast Mode Enabled: true\n   Maintenance Mode State: OFF\n   \
               Config Generation: 11112222-3333-4444-5555-666677778888 7 2020-06-30T01:02:03.456\n",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"MASTER","health":"HEALTHY","cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","backup_uuid":null,"revision":3,"member_count":1,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0001"],"member_names":[],"membership_uuid":"1f2bfc5e-0000-1111-2222-0050568a0001","unicast_mode":true,"maintenance":"OFF","config_generation":"11112222-3333-4444-5555-666677778888 7 2020-06-30T01:02:03.456"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_vsan_cluster_get.txt",
        text: "warning: x\nCluster Information\n   Enabled: true\n   Local Node State: AGENT\n\
               Error: transient\n   Sub-Cluster Leader UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster Member Count: 2\n   Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0002, \
               5f0a1b2c-3d4e-5f60-7182-0050568a0003\n   Sub-Cluster Member HostNames: esx02.lab.local, \
               esx03.lab.local\n   vSAN ESA Enabled: false\n   Mode: REGULAR\n",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":null,"state":"AGENT","health":null,"cluster_uuid":null,"master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","backup_uuid":null,"revision":null,"member_count":2,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0002","5f0a1b2c-3d4e-5f60-7182-0050568a0003"],"member_names":["esx02.lab.local","esx03.lab.local"],"membership_uuid":null,"unicast_mode":null,"maintenance":null,"config_generation":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "   Sub-Cluster Member Count: 3\n   Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0002, 5f0a1b",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":null,"state":null,"health":null,"cluster_uuid":null,"master_uuid":null,"backup_uuid":null,"revision":null,"member_count":3,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0002"],"member_names":[],"membership_uuid":null,"unicast_mode":null,"maintenance":null,"config_generation":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Virtual SAN Clustering is not enabled on this host\n",
        facts: &[r#"{"fact":"vsan-disabled"}"#],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Unable to load module: timeout\n",
        facts: &[],
    },
    // 5.5, 6.0: neither unicast nor maintenance nor configuration.
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   \
               Enabled: true\n   \
               Current Local Time: 2014-07-01T08:15:30Z\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Local Node State: BACKUP\n   \
               Local Node Health State: HEALTHY\n   \
               Sub-Cluster Master UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster Backup UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n   \
               Sub-Cluster Membership Entry Revision: 0\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0002, 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"BACKUP","health":"HEALTHY","cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","backup_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","revision":0,"member_count":null,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0002","5f0a1b2c-3d4e-5f60-7182-0050568a0001"],"member_names":[],"membership_uuid":"1f2bfc5e-0000-1111-2222-0050568a0001","unicast_mode":null,"maintenance":null,"config_generation":null}"#,
        ],
    },
    // 6.5, 6.6
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: concat!(
            node!("AGENT", "2", "3"),
            "   \
               Sub-Cluster Membership Entry Revision: 4\n   \
               Sub-Cluster Member Count: 3\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0002, 5f0a1b2c-3d4e-5f60-7182-0050568a0003, 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001\n   \
               Unicast Mode Enabled: true\n   \
               Maintenance Mode State: ON"
        ),
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"AGENT","health":"HEALTHY","cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","backup_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0003","revision":4,"member_count":3,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0002","5f0a1b2c-3d4e-5f60-7182-0050568a0003","5f0a1b2c-3d4e-5f60-7182-0050568a0001"],"member_names":[],"membership_uuid":"1f2bfc5e-0000-1111-2222-0050568a0001","unicast_mode":true,"maintenance":"ON","config_generation":null}"#,
        ],
    },
    // 7.0, 8.0: names of members, and the mode.
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: concat!(
            node!("MASTER", "1", "2"),
            "   \
               Sub-Cluster Membership Entry Revision: 9\n   \
               Sub-Cluster Member Count: 2\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0001, 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster Member HostNames: localhost, localhost\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001\n   \
               Unicast Mode Enabled: true\n   \
               Maintenance Mode State: OFF\n   \
               Config Generation: 11112222-3333-4444-5555-666677778888 7 2021-06-30T01:02:03.456\n   \
               Mode: REGULAR"
        ),
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"MASTER","health":"HEALTHY","cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","backup_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","revision":9,"member_count":2,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0001","5f0a1b2c-3d4e-5f60-7182-0050568a0002"],"member_names":["localhost","localhost"],"membership_uuid":"1f2bfc5e-0000-1111-2222-0050568a0001","unicast_mode":true,"maintenance":"OFF","config_generation":"11112222-3333-4444-5555-666677778888 7 2021-06-30T01:02:03.456"}"#,
        ],
    },
    // 9.0
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   \
               Enabled: true\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Local Node State: AGENT\n   \
               Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n   \
               Sub-Cluster Member Count: 1\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Maintenance Mode State: OFF\n   \
               Config Generation: 11112222-3333-4444-5555-666677778888 9 2025-05-08T03:05:15.343\n   \
               Mode: REGULAR\n   \
               vSAN ESA Enabled: true\n   \
               vSAN Max Client Network Enabled: false",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"AGENT","health":null,"cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":null,"backup_uuid":null,"revision":null,"member_count":1,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0001"],"member_names":[],"membership_uuid":null,"unicast_mode":null,"maintenance":"OFF","config_generation":"11112222-3333-4444-5555-666677778888 9 2025-05-08T03:05:15.343"}"#,
        ],
    },
    // JSON, with noise before and behind.
    Sample {
        path: "commands/localcli_--formatterjson-vsan-cluster-get.txt",
        text: "warning: x\n\
               {\"Enabled\": true, \"Local Node State\": \"MASTER\", \"Local Node UUID\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0001\", \"Sub-Cluster Backup UUID\": \"\", \"Sub-Cluster Member Count\": 2, \"Sub-Cluster Member UUIDs\": [\"5f0a1b2c-3d4e-5f60-7182-0050568a0001\", \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\"], \"Unicast Mode Enabled\": true}\n\
               Traceback (most recent call last):",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"MASTER","health":null,"cluster_uuid":null,"master_uuid":null,"backup_uuid":null,"revision":null,"member_count":2,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0001","5f0a1b2c-3d4e-5f60-7182-0050568a0002"],"member_names":[],"membership_uuid":null,"unicast_mode":true,"maintenance":null,"config_generation":null}"#,
        ],
    },
    // Cut inside a state.
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Local Node State: MAST",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":null,"health":null,"cluster_uuid":null,"master_uuid":null,"backup_uuid":null,"revision":null,"member_count":null,"members":[],"member_names":[],"membership_uuid":null,"unicast_mode":null,"maintenance":null,"config_generation":null}"#,
        ],
    },
    // Cut inside a UUID.
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   \
               Local Node State: MASTER\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":null,"state":"MASTER","health":null,"cluster_uuid":null,"master_uuid":null,"backup_uuid":null,"revision":null,"member_count":null,"members":[],"member_names":[],"membership_uuid":null,"unicast_mode":null,"maintenance":null,"config_generation":null}"#,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::tests::read;
    use super::*;

    #[test]
    fn what_stands_in_a_uuids_place_and_is_none_is_left_out_and_said_so() {
        let own = "5f0a1b2c-3d4e-5f60-7182-0050568a0001";
        for bad in [
            "5f0a1b2c-3d4e-5f60-7182-0050568a0'1",
            "$(reboot)",
            "5f0a1b2c-3d4e-5f60-7182-0050568a0001;reboot",
        ] {
            for key in
                ["Local Node UUID", "Sub-Cluster UUID", "Sub-Cluster Master UUID", "Sub-Cluster Backup UUID"]
            {
                let text = format!(
                    "Cluster Information\n   Enabled: true\n   Local Node State: AGENT\n   {key}: {bad}\n   \
                     Sub-Cluster Member Count: 2\n   Sub-Cluster Member UUIDs: {own}, {bad}\n   Mode: REGULAR\n"
                );
                let out = read(&CLUSTER, CLUSTER_SAMPLES[0].path, text.as_bytes());
                let FactValue::VsanCluster(found) = &out.facts[0].value else { panic!("{:?}", out.facts) };
                let found_uuids =
                    [&found.node_uuid, &found.cluster_uuid, &found.master_uuid, &found.backup_uuid];
                assert_eq!(
                    (found_uuids, found.members.as_slice()),
                    ([&None; 4], [own.to_owned()].as_slice())
                );
                let unparsed = out.problems.iter().filter(|problem| problem.kind == ProblemKind::Unparsed);
                assert_eq!(unparsed.count(), 2, "{key}: {bad}");
            }
        }
        // A blank is no odd value, and one that is cut is said of the text.
        let out = read(&CLUSTER, CLUSTER_SAMPLES[0].path, CLUSTER_SAMPLES[0].text.as_bytes());
        assert!(out.problems.is_empty(), "{:?}", out.problems);
    }
}
