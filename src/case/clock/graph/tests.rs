use super::*;
use crate::model::TimeQuality;

/// Events `(sort, witness, hour, a, b)`, where `a` and `b` are a host and how many seconds its clock is ahead.
type Told<'a> = (Sort, &'a str, i64, (usize, i64), (usize, i64));

fn pairs(told: &[Told<'_>]) -> Vec<Pair<'static>> {
    let sight = |hour: i64, (node, ahead): (usize, i64)| Sight {
        node,
        at: Timestamp::from_seconds(1_600_000_000 + hour * 3_600 + ahead),
        line: None,
        is_target: None,
        quality: TimeQuality::Exact,
    };
    told.iter()
        .map(|(sort, key, hour, a, b)| Pair::of(*sort, key, sight(*hour, *a), sight(*hour, *b)))
        .collect()
}

/// A graph of `count` hosts by these pairs.
fn with_graph<T>(count: usize, pairs: &[Pair<'_>], look: impl FnOnce(&Graph<'_>) -> T) -> T {
    let hosts: Vec<Host> = (0..count).map(|_| Host::default()).collect();
    look(&Graph::of(&hosts, &vec![Vec::new(); count], pairs))
}

#[test]
fn a_clock_that_its_first_pairs_do_not_settle_is_looked_at_again() {
    // Whichever number the host has whose pairs with the reference contradict each other.
    for (unclear, clear) in [(1, 2), (2, 1)] {
        let told = pairs(&[
            (Sort::Migration, "1", 0, (unclear, 97), (0, 0)),
            (Sort::Migration, "2", 1, (unclear, -400), (0, 0)),
            (Sort::Migration, "3", 2, (clear, 5), (0, 0)),
            (Sort::Migration, "4", 3, (clear, 5), (0, 0)),
            (Sort::Migration, "5", 4, (unclear, 40), (clear, 5)),
            (Sort::Migration, "6", 5, (unclear, 40), (clear, 5)),
            (Sort::Migration, "7", 6, (unclear, 40), (clear, 5)),
        ]);
        let known = with_graph(3, &told, |graph| graph.settle(0, &BTreeSet::from([0, 1, 2])));
        assert!(known[..3].iter().all(|known| known.settled), "{unclear}");
        let ahead = |node: usize| known[node].clock.ahead_at_end(None) / 1_000_000;
        assert_eq!((ahead(0), ahead(clear), ahead(unclear)), (0, 5, 40));
    }
}

#[test]
fn hosts_of_another_group_are_left_alone() {
    let told = pairs(&[
        (Sort::Membership, "1", 0, (1, 30), (0, 0)),
        (Sort::Membership, "2", 1, (1, 30), (0, 0)),
        (Sort::Membership, "3", 2, (2, 60), (1, 30)),
        (Sort::Membership, "4", 3, (2, 60), (1, 30)),
    ]);
    let grown = |among: &[usize]| {
        with_graph(3, &told, |graph| {
            let mut known = vec![Known::default(); 4];
            known[0].settled = true;
            let order = graph.grow(among.iter().copied().collect(), &mut known, 1);
            (order, known[2].settled)
        })
    };
    assert_eq!(grown(&[1]), (vec![1], false));
    assert_eq!(grown(&[1, 2]), (vec![1, 2], true));
}
