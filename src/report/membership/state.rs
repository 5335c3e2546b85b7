//! How the hosts of a cluster see it, side by side, with the values marked that stand apart.

use super::super::features::fold;
use super::super::labels::{Labels as Common, fill};
use super::super::{show, view};
use super::words::{Labels, words};
use super::{HostState, MembershipInfo, VmknicInfo};

/// Names of nodes in a cell.
const NAMES: usize = 6;

/// A table: one row a host, one column a thing that some host tells.
pub struct StateTable {
    /// Heads of the columns; the first is the host.
    pub heads: Vec<String>,
    /// The host, then its values.
    pub rows: Vec<(String, Vec<Value>)>,
    /// What is the same on all hosts, in a sentence; such columns are left out.
    pub same: Option<String>,
    /// Whether any value stands apart.
    pub has_odd: bool,
    /// Whether it tells when views were formed, which is inferred.
    pub has_formed: bool,
}

/// What a host says in one column.
pub struct Value {
    /// The value; a dash where the host does not tell.
    pub text: String,
    /// Whether it stands apart.
    pub is_odd: bool,
    /// Whether it is a list, and may go on in a second line.
    pub is_list: bool,
}

/// What is right for a column.
enum Right {
    /// Whatever most hosts have.
    Usual,
    /// Hosts differ in it by nature.
    Any,
    /// What the function says of a host.
    Where(fn(&HostState) -> bool),
}

type Column<'a> = (&'static str, Right, Box<dyn Fn(&HostState) -> Option<String> + 'a>);

/// The table of `info`; `None` where there is nothing to show.
pub fn states(info: &MembershipInfo, common: &Common) -> Option<StateTable> {
    let l = words(common);
    let (mut heads, mut same) = (vec![l.host.to_owned()], Vec::new());
    let (mut has_odd, mut has_formed) = (false, false);
    let mut rows: Vec<(String, Vec<Value>)> =
        info.hosts.iter().map(|state| (state.host.clone(), Vec::new())).collect();
    for (head, right, value) in columns(info, l, common) {
        let values: Vec<Option<String>> = info.hosts.iter().map(value).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        has_formed |= head == l.formed;
        let usual = view::usual(values.iter().flatten().cloned(), false);
        let is_odd = |value: &Option<String>, state: &HostState| match (&right, value) {
            (_, None) | (Right::Any, _) => false,
            (Right::Usual, Some(value)) => usual.as_ref().is_some_and(|usual| usual != value),
            (Right::Where(is_right), _) => !is_right(state),
        };
        let odd: Vec<bool> =
            values.iter().zip(&info.hosts).map(|(value, state)| is_odd(value, state)).collect();
        let first = values.first().cloned().flatten();
        let all_same = values.len() > 1 && values.iter().all(|value| *value == first);
        if let Some(value) = first.filter(|_| all_same && !odd.contains(&true)) {
            same.push(format!("{} {value}", common.in_zone(head)));
            continue;
        }
        has_odd |= odd.contains(&true);
        heads.push(common.in_zone(head));
        let is_list = [l.peers, l.adapters, l.formats].contains(&head);
        for ((row, value), is_odd) in rows.iter_mut().zip(values).zip(odd) {
            row.1.push(Value { text: value.unwrap_or_else(|| "–".to_owned()), is_odd, is_list });
        }
    }
    let same = (!same.is_empty()).then(|| fill(l.same, &[&same.join(common.comma)]));
    let is_told = heads.len() > 1 || same.is_some();
    is_told.then_some(StateTable { heads, rows, same, has_odd, has_formed })
}

fn columns<'a>(info: &MembershipInfo, l: &'a Labels, common: &'a Common) -> Vec<Column<'a>> {
    let clusters = || info.hosts.iter().filter_map(|state| state.cluster_uuid.as_ref());
    // One value for all is no news, and it is long.
    let has_clusters = clusters().any(|uuid| Some(uuid) != clusters().next());
    let has_ignoring = info.hosts.iter().any(|state| state.ignore_member_list == Some(true));
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    vec![
        (l.state, Right::Any, Box::new(|state| state.state.clone())),
        (l.health, Right::Where(is_healthy), Box::new(|state| state.health.clone())),
        (
            l.cluster_uuid,
            Right::Usual,
            Box::new(move |state| state.cluster_uuid.clone().filter(|_| has_clusters)),
        ),
        (l.master, Right::Usual, Box::new(|state| state.master.clone())),
        (l.members, Right::Usual, Box::new(move |state| number(state.member_count))),
        (l.formed, Right::Usual, Box::new(move |state| state.formed_at.map(|at| common.zone.second(at)))),
        (l.revision, Right::Usual, Box::new(move |state| number(state.revision))),
        (
            l.generation,
            Right::Where(|state| state.generation_is_odd != Some(true)),
            Box::new(|state| state.config_generation.as_deref().map(generation)),
        ),
        (
            l.peers,
            Right::Where(|state| state.unicast_lacks.as_ref().is_none_or(Vec::is_empty)),
            Box::new(move |state| peers(state, l, common)),
        ),
        (
            l.maintenance,
            Right::Where(|state| {
                !state.maintenance.as_deref().is_some_and(|mode| mode.eq_ignore_ascii_case("on"))
            }),
            Box::new(|state| state.maintenance.clone()),
        ),
        (
            l.decom,
            Right::Where(|state| state.decom_state == Some(0)),
            Box::new(move |state| number(state.decom_state)),
        ),
        (
            l.adapters,
            Right::Where(|state| state.vmknics.as_ref().is_none_or(|all| !all.is_empty())),
            Box::new(move |state| state.vmknics.as_deref().map(|all| adapters(all, l, common))),
        ),
        (l.adapter_mtu, Right::Usual, Box::new(|state| state.vmknics.as_deref().and_then(mtus))),
        (l.formats, Right::Usual, Box::new(|state| formats(state, common))),
        (
            l.ignores,
            Right::Where(|state| state.ignore_member_list != Some(true)),
            Box::new(move |state| {
                let ignores = state.ignore_member_list.filter(|_| has_ignoring)?;
                Some(if ignores { l.yes } else { l.no }.to_owned())
            }),
        ),
    ]
}

fn is_healthy(state: &HostState) -> bool {
    state.health.as_deref().is_none_or(|health| health.eq_ignore_ascii_case("healthy"))
}

/// `7a1f0c3d… 12`: the beginning of vCenter's UUID and the number; the whole is in `report.json`.
pub(super) fn generation(text: &str) -> String {
    let mut words = text.split_whitespace();
    match words.next().zip(words.next()) {
        Some((uuid, number)) if uuid.chars().count() > 9 => format!("{} {number}", show::cut(uuid, 8)),
        Some((uuid, number)) => format!("{uuid} {number}"),
        None => text.to_owned(),
    }
}

fn peers(state: &HostState, l: &Labels, common: &Common) -> Option<String> {
    let count = state.unicast_peers?.to_string();
    let lacks: Vec<&str> = state.unicast_lacks.iter().flatten().map(String::as_str).collect();
    Some(match lacks.is_empty() {
        true => count,
        false => fill(l.lacks, &[&count, &fold(&lacks, NAMES, common)]),
    })
}

fn adapters(all: &[VmknicInfo], l: &Labels, common: &Common) -> String {
    let one = |adapter: &VmknicInfo| match &adapter.ip {
        Some(ip) => format!("{} {ip}", adapter.name),
        None => adapter.name.clone(),
    };
    match all.is_empty() {
        true => l.no_adapter.to_owned(),
        false => all.iter().map(one).collect::<Vec<_>>().join(common.comma),
    }
}

/// The MTUs of the adapters, each once.
fn mtus(all: &[VmknicInfo]) -> Option<String> {
    let mut found: Vec<u32> = all.iter().filter_map(|adapter| adapter.mtu).collect();
    found.dedup();
    (!found.is_empty()).then(|| found.iter().map(u32::to_string).collect::<Vec<_>>().join(" / "))
}

fn formats(state: &HostState, common: &Common) -> Option<String> {
    let all: Vec<String> = state.formats.iter().map(u64::to_string).collect();
    (!all.is_empty()).then(|| all.join(common.comma))
}
