//! What somebody meant who wrote a name that is not known.

/// Those of `known` that are most like `name`, the nearest first, at most `most`; none where nothing is like it.
pub(in crate::rule) fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    most: usize,
) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let far = (lower.chars().count() / 2).clamp(2, 6);
    let distances = known.into_iter().map(|one| (distance(&lower, &one.to_lowercase(), far), one));
    let mut near: Vec<(usize, &str)> = distances.filter(|(distance, _)| *distance <= far).collect();
    near.sort();
    // Beside a good guess a poor one only confuses.
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= 2 * best);
    near.into_iter().take(most).map(|(_, one)| one).collect()
}

/// `did you mean 'a', 'b' or 'c'? `; empty where there is none.
pub(super) fn meant(near: &[&str]) -> String {
    let quoted: Vec<String> = near.iter().map(|one| format!("'{one}'")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => format!("did you mean {one}? "),
        [first @ .., last] => format!("did you mean {} or {last}? ", first.join(", ")),
    }
}

/// How many letters must be changed, added or left out to make `b` of `a`; where one begins with the other, one. More than
/// `far` is not counted.
fn distance(a: &str, b: &str, far: usize) -> usize {
    if a.len() >= 3 && b.len() >= 3 && (a.starts_with(b) || b.starts_with(a)) {
        return usize::from(a != b);
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > far {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_far_ones_not_at_all() {
        let known = ["vmkernel", "vmkwarning", "hostd", "hostd-probe", "vobd"];
        assert_eq!(nearest("hosted", known, 2), ["hostd"]);
        assert_eq!(nearest("hobd", known, 2), ["vobd", "hostd"]);
        assert_eq!(nearest("VMKERNAL", known, 1), ["vmkernel"]);
        assert_eq!(nearest("hostd-pr", known, 1), ["hostd"]);
        assert!(nearest("kubernetes", known, 3).is_empty());
        assert_eq!(meant(&["a", "b", "c"]), "did you mean 'a', 'b' or 'c'? ");
        assert_eq!(meant(&[]), "");
    }
}
