//! Who is on which side, by whom each witness holds for gone.
//!
//! An isolated host says that all others left, and all others say that it did; halves of a cluster say so of each
//! other. What a node says itself, or what the other says of it, decides of two nodes; where neither speaks, those who
//! see both or only one of them do.

use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Nodes that are looked at together; a cluster has 64 hosts and a witness at most.
const MAX_NODES: usize = 128;

/// Whom one node holds for gone: indices into the membership's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub by: usize,
    pub gone: BTreeSet<usize>,
}

/// The groups that nodes fell into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sides {
    /// Each group ascending; the one that went on first.
    pub groups: Vec<Vec<usize>>,
    /// Who lost whom though both are still seen by others.
    pub only: Vec<(usize, usize)>,
}

impl Sides {
    /// The group that went on.
    pub(super) fn main(&self) -> &[usize] {
        self.groups.first().map_or(&[], Vec::as_slice)
    }
}

/// What one looks at to tell sides.
pub(super) struct Ground<'a> {
    /// The nodes of the cluster.
    pub nodes: Vec<usize>,
    /// Which of them are witness appliances.
    pub witnesses: &'a BTreeSet<usize>,
    /// Who says what; one a node.
    pub rows: &'a [Row],
    /// Whether the rows are views of the whole cluster, not lines about single nodes.
    pub is_state: bool,
}

impl Ground<'_> {
    /// The same, with all that speak or are spoken of among the nodes.
    pub(super) fn with_spoken_of(mut self) -> Self {
        let spoken = self.rows.iter().flat_map(|row| row.gone.iter().copied().chain([row.by]));
        self.nodes.extend(spoken);
        self
    }

    /// The sides.
    pub(super) fn sides(&self) -> Sides {
        let (nodes, unheard) = self.looked_at();
        let apart = self.apart(&nodes);
        let mut sides = Sides::default();
        for mut group in connected(&nodes, &apart) {
            sides.groups.extend(self.take_out(&mut group, &apart).into_iter().map(|node| vec![node]));
            let said = group.iter().filter_map(|&node| self.row(node)).flat_map(|row| {
                row.gone.iter().filter(|gone| group.contains(gone)).map(|&gone| (row.by, gone))
            });
            sides.only.extend(said);
            sides.groups.push(group);
        }
        let weight = |group: &Vec<usize>| self.weight(group, unheard.len());
        sides.groups.sort_by_cached_key(|group| (Reverse(weight(group)), group.first().copied()));
        // Of whom nobody speaks nothing is wrong.
        if let Some(main) = sides.groups.first_mut() {
            main.extend(unheard);
            main.sort_unstable();
        }
        sides
    }

    /// The nodes that speak or are spoken of, those of which most is said first where there are too many; and the others.
    /// A view speaks of all.
    fn looked_at(&self) -> (Vec<usize>, Vec<usize>) {
        let told =
            |node: usize| self.rows.iter().filter(|row| row.by == node || row.gone.contains(&node)).count();
        let all: BTreeSet<usize> = self.nodes.iter().copied().collect();
        let (mut heard, unheard): (Vec<usize>, Vec<usize>) =
            all.into_iter().partition(|&node| self.is_state || told(node) > 0);
        if heard.len() > MAX_NODES {
            heard.sort_by_cached_key(|&node| (Reverse(told(node)), node));
            heard.truncate(MAX_NODES);
            heard.sort_unstable();
        }
        (heard, unheard)
    }

    fn row(&self, node: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.by == node)
    }

    /// Pairs of nodes that lost each other, both ways round.
    fn apart(&self, nodes: &[usize]) -> BTreeSet<(usize, usize)> {
        let mut apart = BTreeSet::new();
        for (at, &a) in nodes.iter().enumerate() {
            for &b in nodes[at + 1..].iter().filter(|&&b| self.lost_each_other(a, b)) {
                apart.extend([(a, b), (b, a)]);
            }
        }
        apart
    }

    fn lost_each_other(&self, a: usize, b: usize) -> bool {
        let said = |from: usize, to: usize| self.row(from).map(|row| row.gone.contains(&to));
        match (said(a, b), said(b, a)) {
            (None, None) => {
                let parts = |row: &&Row| row.gone.contains(&a) != row.gone.contains(&b);
                self.rows.iter().filter(parts).count() * 2 > self.rows.len()
            }
            (one, other) => one == Some(true) || other == Some(true),
        }
    }

    /// Takes out of a group the nodes that most of it lost. Who only some of it lost stays.
    fn take_out(&self, group: &mut Vec<usize>, apart: &BTreeSet<(usize, usize)>) -> Vec<usize> {
        let mut out = Vec::new();
        loop {
            let lost = |node: usize| group.iter().filter(|&&other| apart.contains(&(node, other))).count();
            let candidates = group.iter().map(|&node| (lost(node), self.row(node).is_none(), Reverse(node)));
            let worst = candidates.filter(|(lost, ..)| *lost > 0).max().map(|(_, _, Reverse(node))| node);
            let Some(node) = worst.filter(|&node| self.is_out(group, node)) else { return out };
            group.retain(|&other| other != node);
            out.push(node);
        }
    }

    /// Whether more of `group` lost `node` than still see it. Of one that says nothing itself, as many will do.
    fn is_out(&self, group: &[usize], node: usize) -> bool {
        let others = || group.iter().filter(|&&other| other != node).filter_map(|&other| self.row(other));
        let accusers = others().filter(|row| row.gone.contains(&node)).count();
        let own = self.row(node).map_or(0, |row| row.gone.iter().filter(|gone| group.contains(gone)).count());
        let keepers = others().filter(|row| !row.gone.contains(&node)).count();
        let against = accusers.max(own);
        against > keepers || (against == keepers && self.row(node).is_none())
    }

    /// How much speaks for it that a group went on: its size, with those that its speakers miss nothing of, the witness on
    /// its side, who of it speaks.
    fn weight(&self, group: &[usize], unheard: usize) -> (usize, bool, bool, usize) {
        let hosts = group.iter().filter(|node| !self.witnesses.contains(node)).count();
        let speakers = group.iter().filter(|&&node| self.row(node).is_some()).count();
        // Of two nodes one has a bundle: if it counts only itself it is out, if it tells that the other left that one is.
        let alone = group.len() == 1 && self.rows.len() == 1 && (self.is_state != (speakers > 0));
        let kept = if speakers > 0 { unheard } else { 0 };
        (hosts + kept, hosts < group.len(), alone, speakers)
    }
}

/// Nodes that are not apart, or are both together with a third.
fn connected(nodes: &[usize], apart: &BTreeSet<(usize, usize)>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &node in nodes {
        let together = |group: &Vec<usize>| group.iter().any(|&other| !apart.contains(&(node, other)));
        let (joined, mut rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(together);
        let mut own: Vec<usize> = joined.into_iter().flatten().chain([node]).collect();
        own.sort_unstable();
        rest.push(own);
        groups = rest;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(nodes: usize, rows: &[(usize, &[usize])], is_state: bool) -> Sides {
        let rows: Vec<Row> =
            rows.iter().map(|(by, gone)| Row { by: *by, gone: gone.iter().copied().collect() }).collect();
        let ground =
            Ground { nodes: (0..nodes).collect(), witnesses: &BTreeSet::new(), rows: &rows, is_state };
        ground.sides()
    }

    fn groups(nodes: usize, rows: &[(usize, &[usize])]) -> Vec<Vec<usize>> {
        sides(nodes, rows, false).groups
    }

    #[test]
    fn an_isolated_node_is_told_by_all_or_by_itself() {
        let all: &[(usize, &[usize])] = &[(0, &[1]), (2, &[1]), (3, &[1]), (1, &[0, 2, 3])];
        assert_eq!(groups(4, all), [vec![0, 2, 3], vec![1]]);
        assert_eq!(groups(4, &all[..1]), [vec![0, 2, 3], vec![1]], "one host's log is enough");
        assert_eq!(groups(4, &all[3..]), [vec![0, 2, 3], vec![1]], "its own log is enough");
        assert_eq!(groups(4, &all[..3]), [vec![0, 2, 3], vec![1]]);
    }

    #[test]
    fn halves_are_told_by_any_of_them() {
        let all: &[(usize, &[usize])] = &[(0, &[2, 3]), (1, &[2, 3]), (2, &[0, 1]), (3, &[0, 1])];
        let halves = [vec![0, 1], vec![2, 3]];
        assert_eq!(groups(4, all), halves);
        assert_eq!(groups(4, &all[..3]), halves, "one bundle is missing");
        assert_eq!(
            groups(4, &[(0, &[3]), (1, &[2, 3]), (2, &[0, 1]), (3, &[0, 1])]),
            halves,
            "a line is lost"
        );
        assert_eq!(groups(4, &all[1..2]), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn a_line_that_one_host_lacks_makes_no_third_side() {
        let rows: &[(usize, &[usize])] = &[(0, &[1]), (3, &[1]), (1, &[0, 3])];
        assert_eq!(groups(4, rows), [vec![0, 2, 3], vec![1]]);
    }

    #[test]
    fn who_is_lost_by_one_and_seen_by_all_others_is_not_out() {
        let told = sides(4, &[(0, &[1]), (1, &[]), (2, &[]), (3, &[])], true);
        assert_eq!((told.groups, told.only), (vec![vec![0, 1, 2, 3]], vec![(0, 1)]));
        let told = sides(4, &[(0, &[1]), (1, &[0]), (2, &[]), (3, &[])], true);
        assert_eq!((told.groups, told.only), (vec![vec![0, 1, 2, 3]], vec![(0, 1), (1, 0)]));
    }

    #[test]
    fn an_old_view_that_still_counts_a_lost_node_is_outvoted() {
        let told = sides(4, &[(0, &[1]), (2, &[]), (3, &[1])], true);
        assert_eq!(told.groups, [vec![0, 2, 3], vec![1]]);
    }

    #[test]
    fn of_two_nodes_the_one_that_counts_only_itself_is_out_and_the_one_that_was_seen_to_leave() {
        assert_eq!(sides(2, &[(0, &[1])], true).groups, [vec![1], vec![0]]);
        assert_eq!(sides(2, &[(0, &[1])], false).groups, [vec![0], vec![1]]);
    }

    #[test]
    fn the_side_with_the_witness_goes_on() {
        let rows = [Row { by: 0, gone: [1, 2].into() }, Row { by: 1, gone: [0].into() }];
        let ground = Ground { nodes: vec![0, 1, 2], witnesses: &[2].into(), rows: &rows, is_state: true };
        assert_eq!(ground.sides().groups, [vec![1, 2], vec![0]]);
    }

    #[test]
    fn everyone_alone_is_everyone_alone() {
        let rows: &[(usize, &[usize])] = &[(0, &[1, 2]), (1, &[0, 2]), (2, &[0, 1])];
        assert_eq!(groups(3, rows), [vec![0], vec![1], vec![2]]);
    }

    #[test]
    fn of_thousands_of_nodes_as_many_as_a_cluster_has_are_looked_at() {
        let gone: Vec<usize> = (1..5_000).collect();
        let told = sides(5_000, &[(0, &gone)], false);
        let looked_at: usize = told.groups.iter().map(Vec::len).sum();
        assert_eq!((told.groups.len(), looked_at), (2, MAX_NODES));
    }

    #[test]
    fn a_node_of_which_nobody_speaks_joins_no_halves() {
        let all: &[(usize, &[usize])] = &[(0, &[2, 3]), (1, &[2, 3]), (2, &[0, 1]), (3, &[0, 1])];
        assert_eq!(groups(5, all), [vec![0, 1, 4], vec![2, 3]]);
    }
}
