//! Lists of names that stay short: runs of numbered names are told by their ends.

use super::super::labels::{Labels, fill};
use super::super::show;

/// Numbered names in a row that are worth telling by their ends.
const RUN: usize = 4;

/// A name that has a number in it: `esx07.lab` is `esx`, 7 in two digits, `.lab`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbered<'a> {
    before: &'a str,
    digits: usize,
    number: u64,
    after: &'a str,
}

impl<'a> Numbered<'a> {
    /// By the last number of the host's own name, or of the whole name where that has none.
    fn of(name: &'a str) -> Option<Self> {
        let own = name.find('.').filter(|&at| name[..at].contains(|c: char| c.is_alphabetic()));
        let within = own.unwrap_or(name.len());
        last_number(name, within).or_else(|| last_number(name, name.len()))
    }

    fn is_followed_by(&self, next: &Numbered<'_>) -> bool {
        let grown = next.number.to_string().len() > self.number.to_string().len();
        // `esx9` and `esx10` are neighbours, `esx09` and `esx010` are not.
        let is_padded = |numbered: &Numbered<'_>| numbered.number.to_string().len() < numbered.digits;
        let same_form = self.digits == next.digits || (grown && !is_padded(self) && !is_padded(next));
        (self.before, self.after) == (next.before, next.after)
            && same_form
            && self.number.checked_add(1) == Some(next.number)
    }
}

fn last_number(name: &str, within: usize) -> Option<Numbered<'_>> {
    let end = name[..within].rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end].trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = name[start..end].parse().ok()?;
    Some(Numbered { before: &name[..start], digits: end - start, number, after: &name[end..] })
}

/// `esx01, esx03 to esx32`: at most `max` names or runs, then how many names are left.
/// A run is told by its ends only where every number between them is in the list.
pub fn fold(names: &[&str], max: usize, l: &Labels) -> String {
    let mut order: Vec<(&str, Option<Numbered<'_>>)> =
        names.iter().map(|name| (*name, Numbered::of(name))).collect();
    // `esx2` comes before `esx10`; what has no number keeps to the alphabet.
    order.sort_by_key(|(name, numbered)| match numbered {
        Some(Numbered { before, number, after, .. }) => (*before, *after, *number, *name),
        None => (*name, "", 0, *name),
    });
    let mut pieces: Vec<(String, usize)> = Vec::new();
    let mut start = 0;
    while start < order.len() {
        let length = 1 + order[start..].windows(2).take_while(|pair| are_neighbours(pair)).count();
        let run = &order[start..start + length];
        match run {
            [(first, _), .., (last, _)] if length >= RUN => {
                pieces.push((fill(l.name_run, &[first, last]), length));
            }
            run => pieces.extend(run.iter().map(|(name, _)| ((*name).to_owned(), 1))),
        }
        start += length;
    }
    let max = room(pieces.len(), max);
    let left: usize = pieces.iter().skip(max).map(|(_, count)| count).sum();
    let shown: Vec<String> = pieces.into_iter().take(max).map(|(piece, _)| piece).collect();
    joined(shown, left, l)
}

/// One piece more than `max` where it is the last, as “1 more” takes as much room as a name.
const fn room(pieces: usize, max: usize) -> usize {
    if pieces == max.saturating_add(1) { pieces } else { max }
}

fn are_neighbours(pair: &[(&str, Option<Numbered<'_>>)]) -> bool {
    match pair {
        [(_, Some(one)), (_, Some(next))] => one.is_followed_by(next),
        _ => false,
    }
}

/// `a, b and c`: at most `max` names, then how many are left.
pub(super) fn list(names: &[String], max: usize, l: &Labels) -> String {
    let max = room(names.len(), max);
    match names {
        [rest @ .., last] if !rest.is_empty() && names.len() <= max => {
            fill(l.and_last, &[&rest.join(l.comma), last])
        }
        names => joined(names.iter().take(max).cloned().collect(), names.len().saturating_sub(max), l),
    }
}

/// `a, b, c`, the same without an “and”.
pub(in crate::report) fn plain<S: AsRef<str>>(names: &[S], max: usize, l: &Labels) -> String {
    let max = room(names.len(), max);
    let shown = names.iter().take(max).map(|name| name.as_ref().to_owned()).collect();
    joined(shown, names.len().saturating_sub(max), l)
}

fn joined(mut shown: Vec<String>, left: usize, l: &Labels) -> String {
    if left > 0 {
        shown.push(fill(l.more, &[&show::count(left as u64)]));
    }
    shown.join(l.comma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lang;
    use crate::report::labels::labels;

    #[track_caller]
    fn check(names: &[&str], expected: &str) {
        assert_eq!(fold(names, 6, labels(Lang::En)), expected);
    }

    #[test]
    fn whole_runs_are_told_by_their_ends() {
        check(&["esx02", "esx03", "esx04", "esx05"], "esx02 to esx05");
        check(&["esx02", "esx03", "esx04"], "esx02, esx03, esx04");
        check(&["esx01", "esx02", "esx03", "esx04", "esx06", "esx07"], "esx01 to esx04, esx06, esx07");
        // One that is missing breaks the run, and no order is needed.
        check(&["esx05", "esx04", "esx02", "esx01"], "esx01, esx02, esx04, esx05");
        check(&["esx10", "esx9", "esx11", "esx8"], "esx8 to esx11");
        check(&["esx08", "esx09", "esx010", "esx011"], "esx08, esx09, esx010, esx011");
    }

    #[test]
    fn names_of_other_forms_are_not_mixed() {
        check(&["a1.dc2", "a2.dc2", "a3.dc2", "a4.dc2"], "a1.dc2 to a4.dc2");
        check(&["10.0.0.9", "10.0.0.10", "10.0.0.11", "10.0.0.12"], "10.0.0.9 to 10.0.0.12");
        check(&["a1.x", "a2.y", "a3.x", "a4.y"], "a1.x, a3.x, a2.y, a4.y");
        check(&["alpha", "beta", "gamma", "delta"], "alpha, beta, delta, gamma");
        check(
            &["n99999999999999999999999", "ホスト1", "ホスト2", "ホスト3", "ホスト4"],
            "n99999999999999999999999, ホスト1 to ホスト4",
        );
        check(&[], "");
    }

    #[test]
    fn long_lists_say_how_many_names_are_left() {
        let names: Vec<String> = (0..40).map(|n| format!("h{:02}", n * 2)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        check(&names, "h00, h02, h04, h06, h08, h10, and 34 more");
        let ja = labels(Lang::Ja);
        assert_eq!(fold(&["esx1", "esx2", "esx3", "esx4"], 6, ja), "esx1～esx4");
        assert_eq!(list(&["A".into(), "B".into(), "C".into()], 6, labels(Lang::En)), "A, B and C");
        assert_eq!(list(&["A".into(), "B".into(), "C".into()], 2, labels(Lang::En)), "A, B and C");
        assert_eq!(list(&["A".into(), "B".into(), "C".into()], 1, labels(Lang::En)), "A, and 2 more");
    }
}
