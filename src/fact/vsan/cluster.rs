//! Membership as one host sees it: its role, and the members of its cluster.

use super::super::command::is_json;
use super::super::text::{Anchor, MAX_ENTRIES, flag, is_uuid, lossy, pair, value};
use super::super::{FactFile, FactValue, Line, Output, Reader, Sample, VsanCluster, is_output};
use super::blocks::{Json, collect, plain_key, scalar};
use crate::model::{ProblemKind, Source};

/// The output of `localcli vsan cluster get`, as text or as JSON.
pub static CLUSTER: FactFile = FactFile {
    name: "vsan-cluster-get",
    about: "vSAN membership and role of the host",
    matches: |path| is_output(path, "localcli_vsan-cluster-get"),
    reader: |path| Box::new(Cluster { json: is_json(path).then(Json::default), ..Cluster::default() }),
    samples: CLUSTER_SAMPLES,
};

/// Fields whose lines show what a host makes of its cluster.
const EVIDENCE: &[&str] = &[
    "localnodestate",
    "subclustermembercount",
    "subclustermemberuuids",
    "subclustermembershipuuid",
    "configgeneration",
];

#[derive(Default)]
struct Cluster {
    json: Option<Json>,
    /// The field of the line above: it is whole once another line follows.
    held: Option<(String, String, Held)>,
    first: Option<Anchor>,
    cluster: VsanCluster,
    disabled: Option<Anchor>,
}

/// Where a field stands.
struct Held {
    anchor: Anchor,
    source: Source,
    text: String,
}

impl Reader for Cluster {
    /// `   Sub-Cluster Member Count: 4`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if let Some(json) = &mut self.json {
            json.line(&line);
        }
        self.settle(out);
        let text = lossy(&line);
        if text.contains("lustering is not enabled") {
            self.disabled = Some(Anchor::of(&line));
            return;
        }
        if self.json.is_some() {
            return;
        }
        let Some((key, text)) = pair(&text) else { return };
        let held = Held { anchor: Anchor::of(&line), source: line.source(), text: line.excerpt() };
        self.held = Some((plain_key(key), text.to_owned(), held));
    }

    fn gap(&mut self) {
        if let Some(json) = &mut self.json {
            json.gap();
        }
    }

    fn end(&mut self, out: &mut Output) {
        self.held = self.held.take().filter(|(key, text, _)| is_closed(key, text));
        self.settle(out);
        self.end_json(out);
        let cluster = std::mem::take(&mut self.cluster);
        if let Some(first) = self.first.take() {
            let (count, listed) = (cluster.member_count, cluster.members.len() as u64);
            if count.is_some_and(|count| count != listed) {
                let text = format!("{listed} members are listed where {} are counted", count.unwrap_or(0));
                out.problems.push(first.problem(ProblemKind::Truncated, text));
            }
            out.facts.push(first.fact(FactValue::VsanCluster(cluster)));
        } else if let Some(line) = self.disabled.take() {
            out.facts.push(line.fact(FactValue::VsanDisabled));
        }
    }
}

impl Cluster {
    /// Takes the field of the line above.
    fn settle(&mut self, out: &mut Output) {
        let Some((key, text, held)) = self.held.take() else { return };
        let evidence = EVIDENCE.contains(&key.as_str()) && self.cluster.lines.len() < EVIDENCE.len();
        if self.field(&key, &text, held.anchor, out) && evidence {
            self.cluster.lines.push((held.source, held.text));
        }
    }

    fn end_json(&mut self, out: &mut Output) {
        let Some((value, anchor)) = self.json.as_mut().and_then(|json| json.end(out)) else { return };
        collect(&value, &mut |map| {
            // The first object that is a membership is the host's.
            if self.first.is_none() {
                for (key, value) in map {
                    self.field(&plain_key(key), &scalar(value), anchor.clone(), out);
                }
            }
            self.first.is_some()
        });
    }

    /// Takes one field; false where the plain key is none of ours. What was called master is leader in later texts.
    fn field(&mut self, key: &str, text: &str, anchor: Anchor, out: &mut Output) -> bool {
        let cluster = &mut self.cluster;
        match key {
            "enabled" => {
                if flag(text) == Some(false) {
                    self.disabled = Some(anchor);
                }
                return false;
            }
            "localnodeuuid" => cluster.node_uuid = uuid(text),
            "localnodestate" => cluster.state = value(text),
            "localnodehealthstate" => cluster.health = value(text),
            "subclusteruuid" => cluster.cluster_uuid = uuid(text),
            "subclustermasteruuid" | "subclusterleaderuuid" => cluster.master_uuid = uuid(text),
            "subclusterbackupuuid" => cluster.backup_uuid = uuid(text),
            "subclustermembershipentryrevision" => cluster.revision = text.parse().ok(),
            "subclustermembercount" => cluster.member_count = text.parse().ok(),
            "subclustermemberuuids" => cluster.members = members(text, &anchor, out),
            "subclustermemberhostnames" => cluster.member_names = list(text),
            "subclustermembershipuuid" => cluster.membership_uuid = uuid(text),
            "unicastmodeenabled" => cluster.unicast_mode = flag(text),
            "maintenancemodestate" => cluster.maintenance = value(text),
            "configgeneration" => cluster.config_generation = value(text),
            _ => return false,
        }
        self.first.get_or_insert(anchor);
        true
    }
}

/// Whether what the last line of a text says cannot be the beginning of more.
fn is_closed(key: &str, text: &str) -> bool {
    let generation = || text.rsplit_once('.').is_some_and(|(_, fraction)| fraction.len() == 3);
    match key {
        // A UUID of them that is cut is left out by itself.
        "subclustermemberuuids" => true,
        "configgeneration" => generation(),
        _ => is_uuid(text) || matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "on" | "off"),
    }
}

/// A UUID that is whole.
fn uuid(text: &str) -> Option<String> {
    value(text).filter(|uuid| is_uuid(uuid))
}

/// `a, b,c`
fn list(text: &str) -> Vec<String> {
    text.split(',').filter_map(value).take(MAX_ENTRIES).collect()
}

/// A UUID that is not whole would name a node that does not exist: it is left out, and said so.
fn members(text: &str, anchor: &Anchor, out: &mut Output) -> Vec<String> {
    let (whole, cut): (Vec<String>, Vec<String>) = list(text).into_iter().partition(|uuid| is_uuid(uuid));
    for uuid in cut.iter().take(1) {
        let text = format!("line {}: '{uuid}' is no UUID", anchor.line());
        out.problems.push(anchor.problem(ProblemKind::Unparsed, text));
    }
    whole
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
        text: "Cluster Information\n   \
               Enabled: true\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Local Node Type: NORMAL\n   \
               Local Node State: AGENT\n   \
               Local Node Health State: HEALTHY\n   \
               Sub-Cluster Master UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster Backup UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0003\n   \
               Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n   \
               Sub-Cluster Membership Entry Revision: 4\n   \
               Sub-Cluster Member Count: 3\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0002, 5f0a1b2c-3d4e-5f60-7182-0050568a0003, 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001\n   \
               Unicast Mode Enabled: true\n   \
               Maintenance Mode State: ON",
        facts: &[
            r#"{"fact":"vsan-cluster","node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0001","state":"AGENT","health":"HEALTHY","cluster_uuid":"52aabbcc-ddee-ff00-1122-334455667788","master_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","backup_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0003","revision":4,"member_count":3,"members":["5f0a1b2c-3d4e-5f60-7182-0050568a0002","5f0a1b2c-3d4e-5f60-7182-0050568a0003","5f0a1b2c-3d4e-5f60-7182-0050568a0001"],"member_names":[],"membership_uuid":"1f2bfc5e-0000-1111-2222-0050568a0001","unicast_mode":true,"maintenance":"ON","config_generation":null}"#,
        ],
    },
    // 7.0, 8.0: names of members, and the mode.
    Sample {
        path: "commands/localcli_vsan-cluster-get.txt",
        text: "Cluster Information\n   \
               Enabled: true\n   \
               Local Node UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Local Node Type: NORMAL\n   \
               Local Node State: MASTER\n   \
               Local Node Health State: HEALTHY\n   \
               Sub-Cluster Master UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0001\n   \
               Sub-Cluster Backup UUID: 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster UUID: 52aabbcc-ddee-ff00-1122-334455667788\n   \
               Sub-Cluster Membership Entry Revision: 9\n   \
               Sub-Cluster Member Count: 2\n   \
               Sub-Cluster Member UUIDs: 5f0a1b2c-3d4e-5f60-7182-0050568a0001, 5f0a1b2c-3d4e-5f60-7182-0050568a0002\n   \
               Sub-Cluster Member HostNames: localhost, localhost\n   \
               Sub-Cluster Membership UUID: 1f2bfc5e-0000-1111-2222-0050568a0001\n   \
               Unicast Mode Enabled: true\n   \
               Maintenance Mode State: OFF\n   \
               Config Generation: 11112222-3333-4444-5555-666677778888 7 2021-06-30T01:02:03.456\n   \
               Mode: REGULAR",
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
