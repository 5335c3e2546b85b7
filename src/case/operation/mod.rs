//! Operations: what one request set in motion on vCenter and on its hosts, joined by the beginnings of opIDs.

pub mod follow;

use std::collections::BTreeMap;

use super::timeline::Moment;

/// The field that names the operation of an event by the beginning that all its opIDs share.
const OPERATION: &str = "op";

/// Gives each event of an operation the field `op`: by its opID, else by the migration that it is of, where all that name
/// both agree. Loops that never end are no operation.
pub(super) fn name(timeline: &mut [Moment]) {
    let mut by_migration: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut unnamed: Vec<usize> = Vec::new();
    for (at, moment) in timeline.iter_mut().enumerate() {
        match (own_root(moment), moment.field("mid")) {
            (Some(root), migration) => {
                if let Some(migration) = migration {
                    let known =
                        by_migration.entry(migration.to_owned()).or_insert_with(|| Some(root.clone()));
                    *known = known.take().filter(|known| *known == root);
                }
                moment.event.fields.insert(OPERATION.to_owned(), root);
            }
            (None, Some(_)) => unnamed.push(at),
            (None, None) => {}
        }
    }
    for at in unnamed {
        let moment = &mut timeline[at];
        let root = moment.field("mid").and_then(|migration| by_migration.get(migration)).cloned().flatten();
        moment.event.fields.extend(root.map(|root| (OPERATION.to_owned(), root)));
    }
}

fn own_root(moment: &Moment) -> Option<String> {
    moment.operation().filter(|id| id.is_of_one_operation()).map(|id| id.root().to_owned())
}

#[cfg(test)]
mod tests;
