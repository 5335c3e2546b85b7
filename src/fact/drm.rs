//! Which hosts form a cluster, as the placement logs of vCenter's DRS tell it.

use std::collections::BTreeSet;

use super::text::{Anchor, MAX_ENTRIES};
use super::{FactFile, FactValue, Line, Output, Reader, Sample};

/// `drmdump/domain-c7/Plmt-1.log`: the folder is the cluster's.
pub static DRM: FactFile = FactFile {
    name: "drm-placement",
    about: "Hosts of each cluster that DRS places VMs in",
    matches: |path| cluster_of(path).is_some(),
    reader: |path| {
        Box::new(Placement {
            cluster: cluster_of(path).unwrap_or_default().to_owned(),
            ..Placement::default()
        })
    },
    samples: SAMPLES,
};

/// `domain-c7` of `var/log/vmware/vpxd/drmdump/domain-c7/Plmt-1.log.gz`.
fn cluster_of(path: &str) -> Option<&str> {
    let (folder, _) = path.rsplit_once('/')?;
    let (above, cluster) = folder.rsplit_once('/')?;
    let is_cluster = cluster.strip_prefix("domain-c").is_some_and(is_number);
    (is_cluster && above.rsplit('/').next() == Some("drmdump")).then_some(cluster)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Default)]
struct Placement {
    cluster: String,
    first: Option<Anchor>,
    hosts: BTreeSet<String>,
}

impl Reader for Placement {
    /// `vm-1042(host-31): VMData: Entitlement: 1 0 4 0 0 8192`
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        let text = String::from_utf8_lossy(line.bytes);
        for (at, open) in text.match_indices("(host-").take(MAX_ENTRIES) {
            let rest = &text[at + open.len()..];
            let Some(number) = rest.split_once(')').map(|(number, _)| number).filter(|n| is_number(n)) else {
                continue;
            };
            self.first.get_or_insert_with(|| Anchor::of(&line));
            if self.hosts.len() < MAX_ENTRIES {
                self.hosts.insert(format!("host-{number}"));
            }
        }
    }

    fn end(&mut self, out: &mut Output) {
        if let Some(first) = self.first.take() {
            let hosts = std::mem::take(&mut self.hosts).into_iter().collect();
            out.facts.push(first.fact(FactValue::ClusterHosts { cluster: self.cluster.clone(), hosts }));
        }
    }
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "var/log/vmware/vpxd/drmdump/domain-c7/Plmt-1.log",
        text: "2020-02-03T10:00:00.100Z begin\nvm-1042(host-31): VMData: Entitlement: 1 0 4 0 0 8192\n\
               vm-1043(host-9): VMData: Entitlement: 1 0 2 0 0 4096\nvm-1044(host-x): VMData\nvm-1045(host-31): VMDa",
        facts: &[r#"{"fact":"cluster-hosts","cluster":"domain-c7","hosts":["host-31","host-9"]}"#],
    },
    Sample { path: "var/log/vmware/vpxd/drmdump/domain-c7/Plmt-2.log", text: "nothing here\n", facts: &[] },
];
