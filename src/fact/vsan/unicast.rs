//! The unicast list: the other nodes that vCenter told the host of.

use super::super::read::{Entry, Json, OrJson, Table, is_rule};
use super::super::text::{Anchor, MAX_ENTRIES, cut, flag, is_uuid, lossy};
use super::super::{FactFile, FactValue, Line, Output, Reader, Sample, UnicastAgent, is_output};
use crate::model::ProblemKind;

/// The output of `localcli vsan cluster unicastagent list`.
pub static UNICAST_AGENTS: FactFile = FactFile {
    name: "vsan-unicast-agents",
    about: "The other vSAN nodes that vCenter told the host of",
    matches: |path| is_output(path, "localcli_vsan-cluster-unicastagent-list"),
    reader: |path| {
        let text = Agents { path: path.to_owned(), ..Agents::default() };
        Box::new(OrJson::new(path, "unicast agents", text, agents_json))
    },
    samples: AGENT_SAMPLES,
};

/// An empty list is a fact; an error in the list's place, or a list that is cut, is not.
#[derive(Default)]
struct Agents {
    path: String,
    table: Table,
    first: Option<Anchor>,
    header: Option<Anchor>,
    noise: Option<Anchor>,
    /// Whether the dashes below the header are there, and reach as far as it.
    ruled: bool,
    cut: bool,
    /// Whether the last row names its cluster, where the list has a column for it.
    is_closed: bool,
    full: bool,
    agents: Vec<UnicastAgent>,
    /// The first cell with something else in it than belongs there.
    odd: Option<(Anchor, String)>,
    /// Whether it is the node's UUID: the list lacks that node then.
    is_broken: bool,
}

impl Reader for Agents {
    /// `5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321  vmk2`
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let blank = line.bytes.trim_ascii().is_empty();
        if blank {
            return;
        }
        if !self.table.is_row(line.bytes) {
            self.ruled |= is_rule(line.bytes)
                && line.bytes.trim_ascii_end().len() >= self.table.header().trim_end().len();
            if self.header.is_none() && is_agent_header(self.table.header()) {
                self.header = Some(Anchor::of(&line));
            } else if self.header.is_none() {
                self.noise = Some(Anchor::of(&line));
            }
            return;
        }
        match self.agent(line.bytes) {
            Some(agent) if self.agents.len() < MAX_ENTRIES => {
                self.note_address(&line);
                self.first.get_or_insert_with(|| Anchor::of(&line));
                self.agents.push(agent);
                self.cut = !self.reaches(line.bytes);
                self.is_closed = self.names_cluster(line.bytes);
            }
            Some(_) => self.full = true,
            // The beginning of a UUID is a row that was cut; words are stderr.
            None => {
                let text = lossy(&line);
                let first = text.split_whitespace().next().unwrap_or("");
                self.cut = first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
                if !self.cut
                    && self.table.cell(line.bytes, "IsWitness").is_some_and(|cell| flag(&cell).is_some())
                {
                    let said = format!("line {}: '{}' is no UUID", line.number, cut(first, 64));
                    self.odd.get_or_insert_with(|| (Anchor::of(&line), said));
                    self.is_broken = true;
                }
            }
        }
    }

    /// A row without an ending counts where it names all that its list has: of a shorter one more rows may be missing.
    fn cut(&mut self) {
        self.cut |= !self.agents.is_empty() && !self.is_closed;
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
        if self.cut || (!self.ruled && self.agents.is_empty()) {
            let text = if self.cut {
                "the unicast list ends inside a row"
            } else {
                "the unicast list ends above its rows"
            };
            out.problems.push(header.problem(ProblemKind::Truncated, text));
            return;
        }
        if let Some((line, text)) = self.odd.take() {
            out.problems.push(line.problem(ProblemKind::Unparsed, text));
        }
        if self.is_broken {
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
    /// An address that is none goes into no command: it is left out, and said so.
    fn note_address(&mut self, line: &Line<'_>) {
        let cell = self.table.cell(line.bytes, "IP Address").filter(|cell| !is_ip(cell));
        if let Some(cell) = cell.filter(|_| self.odd.is_none()) {
            let said = format!("line {}: '{}' is no address", line.number, cut(&cell, 64));
            self.odd = Some((Anchor::of(line), said));
        }
    }

    /// Whether a row goes on behind its address: if not, the address may be cut. Headers need not stand right above their
    /// columns, so words are counted.
    fn reaches(&self, row: &[u8]) -> bool {
        let words = row.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
        words >= 5 || !self.table.header().to_ascii_lowercase().contains(" port")
    }

    /// Whether a row has the UUID of the cluster behind that of the node, or the list knows none.
    fn names_cluster(&self, row: &[u8]) -> bool {
        let uuids = String::from_utf8_lossy(row).split_whitespace().filter(|word| is_uuid(word)).count();
        uuids > 1 || !self.table.header().to_ascii_lowercase().contains("subclusteruuid")
    }

    /// One row, or `None` where it does not begin with a UUID and a witness flag.
    fn agent(&self, row: &[u8]) -> Option<UnicastAgent> {
        let cell = |name: &str| self.table.cell(row, name);
        let node_uuid = cell("NodeUuid").filter(|uuid| is_uuid(uuid))?;
        let witness = flag(&cell("IsWitness")?)?;
        Some(UnicastAgent { node_uuid, witness, ip: cell("IP Address").filter(|ip| is_ip(ip)) })
    }
}

/// An IPv6 address may name its interface: `fe80::250:56ff:fe8a:1%vmk2`.
fn is_ip(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match text.split_once('%') {
        Some((ip, name)) => ip.parse::<std::net::Ipv6Addr>().is_ok() && is_name(name),
        None => text.parse::<std::net::IpAddr>().is_ok(),
    }
}

/// `[{"NodeUuid": "5f0a1b2c-3d4e-5f60-7182-0050568a0002", "IsWitness": 0, "IPAddress": "10.0.0.2", …}, …]`
///
/// A list that is cut, or that holds something else, may lack a node.
fn agents_json(json: Json, out: &mut Output) -> bool {
    odd_address(&json, out);
    let known = json.whole && (json.empty || !json.entries.is_empty());
    let list: Option<Vec<_>> = json.entries.iter().map(agent_json).collect();
    let fact = list.filter(|_| known).map(|list| json.anchor.fact(agents(list)));
    let said = fact.is_some();
    out.facts.extend(fact);
    said
}

fn agent_json(entry: &Entry) -> Option<UnicastAgent> {
    let (node_uuid, witness) = (entry.uuid("NodeUuid")?, entry.flag("IsWitness")?);
    Some(UnicastAgent { node_uuid, witness, ip: entry.text("IP Address").filter(|ip| is_ip(ip)) })
}

/// The first address in a list of JSON that is none.
fn odd_address(json: &Json, out: &mut Output) {
    let odd = |entry: &Entry| entry.text("IP Address").filter(|ip| !is_ip(ip));
    if let Some(ip) = json.entries.iter().find_map(odd) {
        let text = format!("'{}' is no address", cut(&ip, 64));
        out.problems.push(json.anchor.problem(ProblemKind::Unparsed, text));
    }
}

const AGENT_SAMPLES: &[Sample] = &[
    // 6.5, 6.6
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
    // 7.0, 8.0: thumbprints, and names of interfaces that are blank.
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address  Port   Iface Name  Cert Thumbprint  SubClusterUuid\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------  ---------------  --------------\n\
               00000000-0000-0000-0000-000000000000          1              true  192.0.2.30  12321              AA:BB:CC:DD:EE   52aabbcc-ddee-ff00-1122-334455667788\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321  vmk2        AA:BB:CC:DD:EE   52aabbcc-ddee-ff00-1122-334455667788\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"00000000-0000-0000-0000-000000000000","witness":true,"ip":"192.0.2.30"},{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"10.0.0.2"}]}"#,
        ],
    },
    // 9.0: the kind of traffic behind longer thumbprints.
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address    Port   Iface Name  Cert Thumbprint                                                                                  SubClusterUuid                        Traffic Type\n\
               ------------------------------------  ---------  ----------------  ------------  -----  ----------  -----------------------------------------------------------------------------------------------  ------------------------------------  ------------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.12.13.108  12321              00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF  52aabbcc-ddee-ff00-1122-334455667788  vsan\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"10.12.13.108"}]}"#,
        ],
    },
    // Noise before and behind.
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
    // JSON, on one line with keys as one word, and pretty with blanks in them.
    Sample {
        path: "json/localcli_vsan-cluster-unicastagent-list.json",
        text: "sh: warning: slow\n[{\"CertThumbprint\": \"\", \"IPAddress\": \"10.0.0.2\", \"IfaceName\": \"\", \"IsWitness\": 0, \
               \"NodeUuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\", \"Port\": 12321, \"SupportsUnicast\": true}, \
               {\"IPAddress\": \"fd00::3\", \"IsWitness\": true, \"NodeUuid\": \"00000000-0000-0000-0000-000000000000\"}]\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"10.0.0.2"},{"node_uuid":"00000000-0000-0000-0000-000000000000","witness":true,"ip":"fd00::3"}]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-vsan-cluster-unicastagent-list.txt",
        text: "warning: x\n[\n   {\n      \"IP Address\": \"10.0.0.2\",\n      \"Iface Name\": \"vmk2\",\nError: amid\n      \
               \"Is Witness\": \"0\",\n      \"Node Uuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\",\n      \"Port\": \"12321\"\n   }\n]\nterminated\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":"10.0.0.2"}]}"#,
        ],
    },
    // One object; an empty list; none at all, which a command that prints JSON does not leave.
    Sample {
        path: "json/localcli_vsan-cluster-unicastagent-list.json",
        text: "{\"IPAddress\": null, \"IsWitness\": false, \"NodeUuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\"}\n",
        facts: &[
            r#"{"fact":"unicast-agents","agents":[{"node_uuid":"5f0a1b2c-3d4e-5f60-7182-0050568a0002","witness":false,"ip":null}]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-vsan-cluster-unicastagent-list.txt",
        text: "warning: x\n[\n]\n",
        facts: &[r#"{"fact":"unicast-agents","agents":[]}"#],
    },
    Sample { path: "json/localcli_vsan-cluster-unicastagent-list.json", text: "\n", facts: &[] },
    // Cut behind a whole object.
    Sample {
        path: "json/localcli_vsan-cluster-unicastagent-list.json",
        text: "[{\"IPAddress\": \"10.0.0.2\", \"IsWitness\": 0, \"NodeUuid\": \"5f0a1b2c-3d4e-5f60-7182-0050568a0002\"}, {\"IPAdd",
        facts: &[],
    },
    // Cut inside a thumbprint: another row may have followed.
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address  Port   Iface Name  Cert Thumbprint  SubClusterUuid\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------  ---------------  --------------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2    12321              AA:BB:CC",
        facts: &[],
    },
    // Cut inside an address, which could be 10.0.0.23 as well.
    Sample {
        path: "commands/localcli_vsan-cluster-unicastagent-list.txt",
        text: "NodeUuid                              IsWitness  Supports Unicast  IP Address   Port  Iface Name\n\
               ------------------------------------  ---------  ----------------  ----------  -----  ----------\n\
               5f0a1b2c-3d4e-5f60-7182-0050568a0002          0              true  10.0.0.2",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::tests::read;
    use super::*;

    #[test]
    fn a_list_whose_last_line_has_no_ending_keeps_its_last_agent() {
        for sample in AGENT_SAMPLES.iter().filter(|sample| sample.text.ends_with('\n')) {
            let whole = read(&UNICAST_AGENTS, sample.path, sample.text.as_bytes());
            let out = read(&UNICAST_AGENTS, sample.path, sample.text.trim_end().as_bytes());
            let values = |out: &Output| out.facts.iter().map(|fact| fact.value.clone()).collect::<Vec<_>>();
            assert_eq!(values(&out), values(&whole), "{}", sample.text);
        }
    }

    /// A list with one row, whose UUID and address these are.
    fn list(uuid: &str, ip: &str) -> Output {
        let text = format!(
            "NodeUuid                              IsWitness  Supports Unicast  IP Address             Port  Iface Name\n\
             ------------------------------------  ---------  ----------------  --------------------  -----  ----------\n\
             {uuid:36}          0              true  {ip:20}  12321  vmk2\n"
        );
        read(&UNICAST_AGENTS, AGENT_SAMPLES[0].path, text.as_bytes())
    }

    #[test]
    fn what_is_no_uuid_and_no_address_is_left_out_and_said_so() {
        let uuid = "5f0a1b2c-3d4e-5f60-7182-0050568a0002";
        let ip = |out: &Output| match &out.facts[0].value {
            FactValue::UnicastAgents { agents } => agents[0].ip.clone(),
            other => panic!("{other:?}"),
        };
        for good in ["10.0.0.2", "fe80::2%vmk2"] {
            let out = list(uuid, good);
            assert_eq!((ip(&out).as_deref(), out.problems.len()), (Some(good), 0));
        }
        for bad in ["$(reboot)%vmk2", "fe80::2%$(reboot)", "10.0.0.2;reboot", "10.0.0.256"] {
            let out = list(uuid, bad);
            assert_eq!((ip(&out), out.problems[0].kind), (None, ProblemKind::Unparsed), "{bad}");
        }
        for bad in ["5f0a1b2c-3d4e-5f60-7182-0050568a0'2", "$(reboot)", "5f0a1b2c;reboot"] {
            let out = list(bad, "10.0.0.2");
            assert_eq!((out.facts.len(), out.problems[0].kind), (0, ProblemKind::Unparsed), "{bad}");
        }
        let json = format!("[{{\"IPAddress\": \"$(x)\", \"IsWitness\": 0, \"NodeUuid\": \"{uuid}\"}}]\n");
        let path = "json/localcli_vsan-cluster-unicastagent-list.json";
        let out = read(&UNICAST_AGENTS, path, json.as_bytes());
        assert_eq!((ip(&out), out.problems[0].kind), (None, ProblemKind::Unparsed));
    }
}
