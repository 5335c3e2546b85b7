//! The witness matrix of each vSAN cluster as a picture, with its answers above it and the hosts' state below.

use super::super::labels::{Labels, fill};
use super::super::membership::{self, Grid, Row, StateTable, Statement, Words, words};
use super::super::model::{MembershipInfo, Report};
use super::super::show;

/// Statements that are listed.
const STATEMENTS: usize = 500;

/// The matrix of one cluster, ready for the template.
pub struct Witnesses<'a> {
    /// What the cluster is called, where there are several to tell apart.
    pub title: Option<String>,
    /// Sentences, and when what they say held.
    pub answers: Vec<(&'a str, Option<String>)>,
    pub grid: Grid<'a>,
    pub left_out: Option<String>,
    pub unfolded_label: String,
    pub states: Option<StateTable>,
    pub oddities: Vec<&'a str>,
    pub statements: Vec<Statement>,
    pub statements_label: String,
    pub statements_note: Option<String>,
}

/// Prepares the matrix of each vSAN cluster.
pub fn witnesses<'a>(report: &'a Report, l: &Labels) -> Vec<Witnesses<'a>> {
    let several = report.membership.len() > 1;
    let told = report.membership.iter().filter(|info| !info.nodes.is_empty());
    told.map(|info| prepare(report, info, several, words(l), l)).collect()
}

fn prepare<'a>(
    report: &'a Report,
    info: &'a MembershipInfo,
    several: bool,
    w: &Words,
    l: &Labels,
) -> Witnesses<'a> {
    let grid = membership::grid(info, l);
    let mut statements = membership::statements(info, l);
    let all = statements.len();
    statements.truncate(STATEMENTS);
    Witnesses {
        title: several.then(|| membership::cluster_title(report, info, l)),
        answers: info.answers.iter().map(|one| (one.text.as_str(), membership::when(one, l))).collect(),
        unfolded_label: fill(w.all_rows, &[&show::count(grid.unfolded.len() as u64)]),
        grid,
        left_out: info.note_of_left_out(l),
        states: membership::states(info, l),
        oddities: info.oddities.iter().map(|odd| odd.text.as_str()).collect(),
        statements,
        statements_label: format!("{}{}", w.said_by, l.aside(&show::count(all as u64))),
        statements_note: super::note_of_rest(all, STATEMENTS, l),
    }
}

impl Witnesses<'_> {
    /// The tables that are drawn: whether each is in view without being asked for, and its rows.
    pub fn tables(&self) -> impl Iterator<Item = (bool, &[Row])> {
        let tables = [(true, self.grid.rows.as_slice()), (false, self.grid.unfolded.as_slice())];
        tables.into_iter().filter(|(_, rows)| !rows.is_empty())
    }
}
