//! Events that follow each other closely: a node that flaps for hours is one story, told once and counted.

use std::collections::BTreeMap;

use super::event::{Loss, Span, Split};
use crate::model::Timestamp;

/// Losses that are over and lie this close together, in seconds, are one run.
const RUN: i64 = 3_600;

/// Runs of losses of one node, each told by its first one; what lasts stands by itself.
pub(super) fn of_losses(losses: Vec<Loss<'_>>) -> Vec<Loss<'_>> {
    fold(losses, |loss| loss.node, |loss| &mut loss.span)
}

/// The same of splits into the same groups.
pub(super) fn of_splits(splits: Vec<Split<'_>>) -> Vec<Split<'_>> {
    fold(splits, |split| split.groups.clone(), |split| &mut split.span)
}

fn fold<'c, T, K: Ord>(
    events: Vec<T>,
    key: impl Fn(&T) -> K,
    span: impl Fn(&mut T) -> &mut Span<'c>,
) -> Vec<T> {
    let mut last: BTreeMap<K, usize> = BTreeMap::new();
    let mut kept: Vec<T> = Vec::new();
    for mut event in events {
        let place = last.get(&key(&event)).copied();
        let joins = place.is_some_and(|place| follows(span(&mut kept[place]), span(&mut event)));
        match place.filter(|_| joins) {
            Some(place) => extend(span(&mut kept[place]), span(&mut event)),
            None => {
                last.insert(key(&event), kept.len());
                kept.push(event);
            }
        }
    }
    kept
}

/// Whether `next` began soon after `first` was over.
fn follows(first: &Span<'_>, next: &Span<'_>) -> bool {
    let end = first.returned.or(first.at);
    let gap = |end: Timestamp, at: Timestamp| at.since(end) / 1_000_000;
    let soon = end.zip(next.at).is_some_and(|(end, at)| (0..=RUN).contains(&gap(end, at)));
    first.over && next.over && soon
}

fn extend(first: &mut Span<'_>, next: &mut Span<'_>) {
    first.returned = first.returned.max(next.returned);
    first.times += next.times;
}
