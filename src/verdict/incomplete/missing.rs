//! Members of a cluster that the evidence names and no bundle covers.

use serde_json::json;

use super::{Draft, finding};
use crate::case::{Case, Missing};
use crate::model::{Severity, Source, Text};
use crate::verdict::{Evidence, Finding, Step, ids, list_en, list_ja};

pub(super) fn bundles(case: &Case, severity: Severity) -> Option<Finding> {
    if case.missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = case.missing.iter().map(Missing::label).collect();
    let mut hosts: Vec<usize> = case.missing.iter().flat_map(|missing| missing.seen_by.clone()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let (seen, seen_ja) = (list_en(&ids(case, &hosts)), list_ja(&ids(case, &hosts)));
    let Text { en, ja } = called(&case.missing);
    Some(finding(Draft {
        cause: "missing-bundle",
        cause_text: Text::new(
            "The vSAN member lists name hosts that no bundle here covers.",
            "vSAN のメンバー リストに、バンドルが提供されていないホストが含まれています。",
        ),
        title: Text::new(format!("No bundle of {en}"), format!("{ja}のサポート バンドルがありません")),
        summary: Text::new(
            format!(
                "{seen} name {en} as members of their cluster, but no bundle of them was given. What happened there, and what these hosts offer, cannot be told."
            ),
            format!(
                "{seen_ja} は {ja}をクラスタのメンバーとして認識していますが、そのバンドルは提供されていません。これらのホストで発生した事象や構成は確認できません。"
            ),
        ),
        remedy: remedy(case),
        evidence: case.missing.iter().flat_map(|missing| missing.evidence.iter().take(2).map(line)).collect(),
        hosts,
        severity,
        details: json!({ "missing": names }),
    }))
}

fn line((host, source, text): &(usize, Source, String)) -> Evidence {
    Evidence { host: *host, source: source.clone(), time: None, text: text.clone() }
}

/// Their names, and which nodes those without a name are; the Japanese can be gone on behind.
fn called(missing: &[Missing]) -> Text {
    let nameless = |one: &&Missing| one.name.is_none() && one.node_uuid.is_some();
    let mut en: Vec<String> =
        missing.iter().filter(|one| !nameless(one)).map(|one| one.label().to_owned()).collect();
    let mut ja = en.clone();
    let uuids: Vec<&str> =
        missing.iter().filter(nameless).filter_map(|one| one.node_uuid.as_deref()).collect();
    match uuids.as_slice() {
        [] => {
            return Text::new(list_en(&en), format!("{} ", list_ja(&ja)));
        }
        [uuid] => en.push(format!("vSAN node {uuid} (no name in these bundles)")),
        _ => en.push(format!(
            "{} vSAN nodes without a name in these bundles ({})",
            uuids.len(),
            list_en(&uuids)
        )),
    }
    ja.push(format!("名前が不明な vSAN ノード {} 台（UUID {}）", uuids.len(), list_ja(&uuids)));
    Text::new(list_en(&en), list_ja(&ja))
}

/// First find those that nothing names, then collect their bundles.
fn remedy(case: &Case) -> Vec<Step> {
    let named: Vec<&str> = case.missing.iter().filter_map(|missing| missing.name.as_deref()).collect();
    let nameless: Vec<&str> = case
        .missing
        .iter()
        .filter(|missing| missing.name.is_none())
        .filter_map(|missing| missing.node_uuid.as_deref())
        .collect();
    let mut steps = Vec::new();
    if !nameless.is_empty() {
        steps.push(Step::new(
            Text::new(
                format!(
                    "Find the host of vSAN node {}: on each host of the cluster the command shows its Local Node UUID.",
                    list_en(&nameless)
                ),
                format!(
                    "vSAN ノード {} のホストを特定してください。クラスタの各ホストで次のコマンドを実行すると、Local Node UUID が表示されます。",
                    list_ja(&nameless)
                ),
            ),
            "esxcli vsan cluster get".to_owned(),
            None,
        ));
    }
    let (on, on_ja) = match (named.as_slice(), nameless.is_empty()) {
        ([], _) => ("the host found".to_owned(), "特定したホスト".to_owned()),
        (named, true) => (list_en(named), list_ja(named)),
        (named, false) => {
            (format!("{} and the host found", list_en(named)), format!("{} と特定したホスト", list_ja(named)))
        }
    };
    steps.push(Step::new(
        Text::new(
            format!("Collect a support bundle on {on} and run the analysis again with all bundles together."),
            format!("{on_ja} でサポート バンドルを取得し、すべてのバンドルをまとめて再度解析してください。"),
        ),
        "vm-support".to_owned(),
        None,
    ));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_without_a_name_is_to_be_found_first() {
        let missing = |name: Option<&str>| Missing {
            node_uuid: Some("5ba3a9db-c741".to_owned()),
            name: name.map(str::to_owned),
            seen_by: Vec::new(),
            evidence: Vec::new(),
        };
        let found =
            |missing| bundles(&Case { missing, ..Case::default() }, Severity::Info).expect("a finding");
        let bare = found(vec![missing(None)]);
        assert_eq!(bare.title.en, "No bundle of vSAN node 5ba3a9db-c741 (no name in these bundles)");
        assert_eq!(bare.remedy.len(), 2);
        assert_eq!(bare.remedy[0].command.as_deref(), Some("esxcli vsan cluster get"));
        assert!(bare.remedy[0].text.en.contains("Local Node UUID"));
        assert_eq!(
            bare.title.ja,
            "名前が不明な vSAN ノード 1 台（UUID 5ba3a9db-c741）のサポート バンドルがありません"
        );
        let two = found(vec![missing(None), missing(Some("esx5.lab")), missing(None)]);
        assert_eq!(
            two.title.en,
            "No bundle of esx5.lab and 2 vSAN nodes without a name in these bundles (5ba3a9db-c741 and 5ba3a9db-c741)"
        );
        let named = found(vec![missing(Some("esx5.lab"))]);
        assert_eq!(named.title.ja, "esx5.lab のサポート バンドルがありません");
        assert_eq!(named.remedy.len(), 1);
        assert!(named.remedy[0].text.en.starts_with("Collect a support bundle on esx5.lab and"));
    }
}
