//! Facts of which a file gives no more than a limit.

use std::collections::BTreeMap;

use super::super::text::{Anchor, MAX_ENTRIES};
use super::super::{FactValue, Output};
use crate::model::ProblemKind;

/// Facts of one sort, of which a file gives no more than a limit.
pub(in crate::fact) struct Limited {
    what: &'static str,
    count: usize,
}

impl Limited {
    pub(in crate::fact) fn of(what: &'static str) -> Self {
        Limited { what, count: 0 }
    }

    pub(in crate::fact) fn push(&mut self, anchor: Anchor, value: FactValue, out: &mut Output) {
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(anchor.fact(value));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} {}; the rest was left out", self.what);
            out.problems.push(anchor.problem(ProblemKind::Limit, text));
        }
    }
}

/// Things of which a file tells in several places, joined by their names.
pub(in crate::fact) struct Named<T> {
    list: Vec<(Anchor, T)>,
    places: BTreeMap<String, usize>,
    /// The first line of one thing more than are kept.
    over: Option<Anchor>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { list: Vec::new(), places: BTreeMap::new(), over: None }
    }
}

impl<T> Named<T> {
    /// Adds `item`, with `join` to what is known of the thing `name`.
    pub(in crate::fact) fn add(&mut self, name: &str, anchor: Anchor, item: T, join: fn(&mut T, T)) {
        if let Some(&place) = self.places.get(name) {
            join(&mut self.list[place].1, item);
        } else if self.list.len() < MAX_ENTRIES {
            self.places.insert(name.to_owned(), self.list.len());
            self.list.push((anchor, item));
        } else {
            self.over.get_or_insert(anchor);
        }
    }

    /// Gives all of them, in the order in which they were first told.
    pub(in crate::fact) fn give(&mut self, fact: fn(T) -> FactValue, what: &str, out: &mut Output) {
        let all = std::mem::take(self);
        out.facts.extend(all.list.into_iter().map(|(anchor, item)| anchor.fact(fact(item))));
        if let Some(line) = all.over {
            let text = format!("more than {MAX_ENTRIES} {what}; the rest was left out");
            out.problems.push(line.problem(ProblemKind::Limit, text));
        }
    }
}
