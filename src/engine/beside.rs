//! Pieces of work that need nothing of each other, done side by side.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// Bytes of a thread's stack: as many as the first thread of a program has.
const STACK: usize = 8 << 20;

/// Hands out `items` one by one, to whichever thread asks next.
pub(super) struct Turns<'i, T> {
    items: &'i [T],
    next: AtomicUsize,
}

impl<'i, T> Turns<'i, T> {
    pub(super) fn new(items: &'i [T]) -> Self {
        Turns { items, next: AtomicUsize::new(0) }
    }

    /// What is left, as far as no other thread takes it, each with its index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &'i T)> {
        std::iter::from_fn(|| {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            Some((at, self.items.get(at)?))
        })
    }
}

/// What `work` makes of each of `items`, in their order, on as many threads as the machine runs at once.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get());
    on_threads(cores, items, |_, item| work(item))
}

/// What `work` makes of each of `items` and its index, in their order, on so many threads. Where no further thread can be
/// had, those that are there do all.
pub fn on_threads<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(usize, &T) -> R + Sync,
) -> Vec<R> {
    let turns = Turns::new(items);
    let turn = || turns.iter().map(|(at, item)| (at, work(at, item))).collect::<Vec<_>>();
    let threads = threads.min(items.len());
    let mut done = thread::scope(|scope| {
        let spawn = |_| Builder::new().stack_size(STACK).spawn_scoped(scope, turn).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        let mut done = turn();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_comes_in_the_order_of_what_it_is_made_of() {
        let items: Vec<u64> = (0..100).collect();
        assert_eq!(side_by_side(&items, |item| item * 2), (0..200).step_by(2).collect::<Vec<u64>>());
        assert!(side_by_side(&[], |item: &u64| *item).is_empty());
    }
}
