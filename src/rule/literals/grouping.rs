//! Which literal is found by which searcher: all ways to share them out are reckoned, and the cheapest is taken.

use super::Literal;
use super::packed::most;
use super::strided::{STEPS, Steps};

/// Cycles that a test of one q-gram takes, measured over log text.
const TEST: f64 = 2.2;
/// Cycles that a q-gram takes which the bitmap lets through: most of it is a branch that was not foreseen.
const MET: f64 = 40.0;
/// Cycles that a packed searcher takes for a byte of text: for itself, for each of its literals, and for each of them that
/// is so short that much looks like it.
const PACKED: (f64, f64, f64) = (0.6, 0.006, 0.02);
/// Bytes below which a literal is so short.
const SHORT: usize = 7;

/// By the ways to step: the share of places in a log at which a q-gram of a literal is expected.
type Shares = [f64; STEPS.len()];

/// Literals that one searcher finds.
pub(super) struct Group {
    /// The packed search has none.
    pub steps: Option<Steps>,
    /// Indices of literals.
    pub ids: Vec<u32>,
}

/// All literals, shared out.
pub(super) struct Groups {
    pub searchers: Vec<Group>,
    /// Those of other scripts than ASCII's that no searcher of the others finds.
    pub other: Vec<Group>,
}

/// Shares out `literals`.
pub(super) fn choose(literals: &[Literal]) -> Groups {
    let ids = 0..literals.len() as u32;
    let (ascii, foreign): (Vec<u32>, Vec<u32>) = ids.partition(|&id| literals[id as usize].is_ascii());
    let mut searchers = cheapest(literals, &ascii);
    let mut left = Vec::new();
    for id in foreign {
        let fits = |group: &&mut Group| {
            group.steps.is_some_and(|steps| steps.least() <= literals[id as usize].len())
        };
        match searchers.iter_mut().find(fits) {
            Some(group) => group.ids.push(id),
            None => left.push(id),
        }
    }
    Groups { other: cheapest(literals, &left), searchers }
}

/// Cycles for a byte of text where these literals are shared out.
pub(super) fn cycles(literals: &[Literal]) -> f64 {
    let mut expected = vec![Shares::default(); literals.len()];
    for (expected, literal) in expected.iter_mut().zip(literals) {
        *expected = STEPS.map(|steps| steps.window(literal).1);
    }
    choose(literals).searchers.iter().map(|group| cost(literals, &expected, group)).sum()
}

/// The cheapest of all sets of steps, each with the literals that are too short for the longer ones of the set.
fn cheapest(literals: &[Literal], ids: &[u32]) -> Vec<Group> {
    let mut expected = vec![Shares::default(); literals.len()];
    for &id in ids {
        expected[id as usize] = STEPS.map(|steps| steps.window(&literals[id as usize]).1);
    }
    let ways = (0..1_u32 << STEPS.len()).map(|set| {
        let steps = STEPS.iter().enumerate().filter(|(bit, _)| set >> bit & 1 != 0).map(|(_, steps)| *steps);
        shared_out(literals, ids, steps)
    });
    let reckoned =
        ways.map(|way| (way.iter().map(|group| cost(literals, &expected, group)).sum::<f64>(), way));
    reckoned.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, way)| way).unwrap_or_default()
}

/// Groups by these steps, those for long literals first; the packed search has what is too short for all.
fn shared_out(literals: &[Literal], ids: &[u32], all: impl Iterator<Item = Steps>) -> Vec<Group> {
    let mut left = ids.to_vec();
    let mut groups = Vec::new();
    for steps in all {
        let (own, short) = left.into_iter().partition(|&id| literals[id as usize].len() >= steps.least());
        groups.push(Group { steps: Some(steps), ids: own });
        left = short;
    }
    // Equal parts: a searcher of a few literals more than fit would cost a whole pass for them.
    let shortest = left.iter().map(|&id| literals[id as usize].len()).min().unwrap_or(0);
    let parts = left.len().div_ceil(most(shortest)).max(1);
    let packed = left.chunks(left.len().div_ceil(parts).max(1));
    groups.extend(packed.map(|ids| Group { steps: None, ids: ids.to_vec() }));
    groups.retain(|group| !group.ids.is_empty());
    groups
}

/// Cycles for a byte of text.
fn cost(literals: &[Literal], expected: &[Shares], group: &Group) -> f64 {
    let Some(steps) = group.steps else {
        let short = group.ids.iter().filter(|&&id| literals[id as usize].len() < SHORT).count();
        return PACKED.0 + PACKED.1 * group.ids.len() as f64 + PACKED.2 * short as f64;
    };
    let way = STEPS.iter().position(|one| *one == steps).unwrap_or(0);
    let met: f64 = group.ids.iter().map(|&id| expected[id as usize][way]).sum();
    (TEST + MET * (met + steps.filled(group.ids.len()))) / steps.stride as f64
}
