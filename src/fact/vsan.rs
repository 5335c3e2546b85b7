//! vSAN membership as one host sees it: the cluster and the unicast list.

use super::text::{Anchor, MAX_ENTRIES, Table, flag, is_uuid, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, UnicastAgent, VsanCluster, is_command};
use crate::model::{Problem, ProblemKind};

/// The output of `localcli vsan cluster get`.
pub static CLUSTER: FactFile = FactFile {
    name: "vsan-cluster-get",
    about: "vSAN membership and role of the host",
    matches: |path| is_command(path, "localcli_vsan-cluster-get"),
    reader: |_| Box::new(Cluster::default()),
    samples: CLUSTER_SAMPLES,
};

/// The output of `localcli vsan cluster unicastagent list`.
pub static UNICAST_AGENTS: FactFile = FactFile {
    name: "vsan-unicast-agents",
    about: "The other vSAN nodes that vCenter told the host of",
    matches: |path| is_command(path, "localcli_vsan-cluster-unicastagent-list"),
    reader: |path| Box::new(Agents { path: path.to_owned(), ..Agents::default() }),
    samples: AGENT_SAMPLES,
};

/// Fields whose lines show what a host makes of its cluster.
const EVIDENCE: &[&str] = &[
    "local node state",
    "sub-cluster member count",
    "sub-cluster member uuids",
    "sub-cluster membership uuid",
    "config generation",
];

#[derive(Default)]
struct Cluster {
    first: Option<Anchor>,
    cluster: VsanCluster,
    disabled: Option<Anchor>,
}

impl Reader for Cluster {
    /// `   Sub-Cluster Member Count: 4`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        if text.contains("lustering is not enabled") {
            self.disabled = Some(Anchor::of(&line));
            return;
        }
        let Some((key, text)) = pair(&text) else { return };
        if key.eq_ignore_ascii_case("enabled") {
            if flag(text) == Some(false) {
                self.disabled = Some(Anchor::of(&line));
            }
        } else if self.field(key, text, &line, out) {
            self.first.get_or_insert_with(|| Anchor::of(&line));
            if EVIDENCE.iter().any(|field| key.eq_ignore_ascii_case(field))
                && self.cluster.lines.len() < EVIDENCE.len()
            {
                self.cluster.lines.push((line.source(), line.excerpt()));
            }
        }
    }

    fn end(&mut self, out: &mut Output) {
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
    /// Takes one field; false where the key is none of ours. What was called master is leader in later texts.
    fn field(&mut self, key: &str, text: &str, line: &Line<'_>, out: &mut Output) -> bool {
        let cluster = &mut self.cluster;
        match key.to_ascii_lowercase().as_str() {
            "local node uuid" => cluster.node_uuid = value(text),
            "local node state" => cluster.state = value(text),
            "local node health state" => cluster.health = value(text),
            "sub-cluster uuid" => cluster.cluster_uuid = value(text),
            "sub-cluster master uuid" | "sub-cluster leader uuid" => cluster.master_uuid = value(text),
            "sub-cluster backup uuid" => cluster.backup_uuid = value(text),
            "sub-cluster membership entry revision" => cluster.revision = text.parse().ok(),
            "sub-cluster member count" => cluster.member_count = text.parse().ok(),
            "sub-cluster member uuids" => cluster.members = members(text, line, out),
            "sub-cluster member hostnames" => cluster.member_names = list(text),
            "sub-cluster membership uuid" => cluster.membership_uuid = value(text),
            "unicast mode enabled" => cluster.unicast_mode = flag(text),
            "maintenance mode state" => cluster.maintenance = value(text),
            "config generation" => cluster.config_generation = value(text),
            _ => return false,
        }
        true
    }
}

/// `a, b,c`
fn list(text: &str) -> Vec<String> {
    text.split(',').filter_map(value).take(MAX_ENTRIES).collect()
}

/// A UUID that is not whole would name a node that does not exist: it is left out, and said so.
fn members(text: &str, line: &Line<'_>, out: &mut Output) -> Vec<String> {
    let (whole, cut): (Vec<String>, Vec<String>) = list(text).into_iter().partition(|uuid| is_uuid(uuid));
    for uuid in cut.iter().take(1) {
        let text = format!("line {}: '{uuid}' is no UUID", line.number);
        out.problems.push(Problem::new(ProblemKind::Unparsed, line.file.as_str(), text));
    }
    whole
}

/// An empty list is a fact; an error in the list's place, or a list that is cut, is not.
#[derive(Default)]
struct Agents {
    path: String,
    table: Table,
    first: Option<Anchor>,
    header: Option<Anchor>,
    noise: Option<Anchor>,
    cut: bool,
    full: bool,
    agents: Vec<UnicastAgent>,
}

impl Reader for Agents {
    /// `5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321  vmk2`
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let blank = line.bytes.trim_ascii().is_empty();
        if blank {
            return;
        }
        if !self.table.is_row(line.bytes) {
            if self.header.is_none() && is_agent_header(self.table.header()) {
                self.header = Some(Anchor::of(&line));
            } else if self.header.is_none() {
                self.noise = Some(Anchor::of(&line));
            }
            return;
        }
        match self.agent(line.bytes) {
            Some(agent) if self.agents.len() < MAX_ENTRIES => {
                self.first.get_or_insert_with(|| Anchor::of(&line));
                self.agents.push(agent);
                self.cut = false;
            }
            Some(_) => self.full = true,
            // The beginning of a UUID is a row that was cut; words are stderr.
            None => {
                let first = lossy(&line);
                let first = first.split_whitespace().next().unwrap_or("");
                self.cut = first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            }
        }
    }

    fn end(&mut self, out: &mut Output) {
        let Some(header) = self.header.take() else {
            match self.noise.take() {
                Some(noise) => {
                    let text = "holds no unicast list, but an error or a part of one";
                    out.problems.push(noise.problem(ProblemKind::Unparsed, text));
                }
                None => out.facts.push(Anchor::of_empty(&self.path).fact(agents(Vec::new()))),
            }
            return;
        };
        if self.cut {
            out.problems.push(header.problem(ProblemKind::Truncated, "the unicast list ends inside a row"));
            return;
        }
        if self.full {
            let text = format!("more than {MAX_ENTRIES} unicast agents; the rest was left out");
            out.problems.push(header.problem(ProblemKind::Limit, text));
        }
        let anchor = self.first.take().unwrap_or(header);
        out.facts.push(anchor.fact(agents(std::mem::take(&mut self.agents))));
    }
}

fn agents(agents: Vec<UnicastAgent>) -> FactValue {
    FactValue::UnicastAgents { agents }
}

/// `NodeUuid  IsWitness  Supports Unicast  IP Address  Port  Iface Name  Cert Thumbprint  SubClusterUuid`
fn is_agent_header(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("nodeuuid") && text.contains("ip address")
}

impl Agents {
    /// One row, or `None` where it does not begin with a UUID and a witness flag.
    fn agent(&self, row: &[u8]) -> Option<UnicastAgent> {
        let cell = |name: &str| self.table.cell(row, name);
        let node_uuid = cell("NodeUuid").filter(|uuid| is_uuid(uuid))?;
        let witness = flag(&cell("IsWitness")?)?;
        let ip = cell("IP Address").filter(|ip| ip.parse::<std::net::IpAddr>().is_ok() || ip.contains('%'));
        Some(UnicastAgent { node_uuid, witness, ip })
    }
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
];

const AGENT_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address   Port  Iface Name\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0003          1              true  10.0.0.3    12321  vmk1\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"10.0.0.2"},{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0003","witness":true,"ip":"10.0.0.3"}]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "warning: x\n\
               NodeUuid                              IsWitness  Supports Unicast  IP Address  Port   Iface Name  Traffic Type  Cert Thumbprint  SubClusterUuid\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------  ------------  ---------------  --------------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  fd00::2     12321              vsan          AA:BB            52aabbcc-ddee-ff00-1122-334455667788\n\
               Error getting data for one more\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"fd00::2"}]}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_vsan_cluster_unicastagent_list.txt",
        text: "NodeUuid  IsWitness  Supports Unicast  IP Address  Port  Iface Name\n\
               --------  ---------  ----------------  ----------  ----  ----------\n",
        facts: &[r#"{"fact":"unicast-agents","agents":[]}"#],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "",
        facts: &[r#"{"fact":"unicast-agents","agents":[]}"#],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "Unable to get unicast agents: Clustering is not enabled\n",
        facts: &[],
    },
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address   Port  Iface Name\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321\n5f0a1b2c-3d4e",
        facts: &[],
    },
];
