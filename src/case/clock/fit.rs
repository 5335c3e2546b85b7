//! A clock's difference from another over time, out of pairs some of which are false: a line, or several with a step
//! between each two.

/// One difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// When, in seconds on the clock that is looked at.
    pub at: f64,
    /// How far that clock is ahead, in seconds.
    pub ahead: f64,
    /// How far the two records of the pair may lie apart by themselves, in seconds.
    pub apart: f64,
}

/// A stretch of time in which the clock was not set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// The first of its points.
    pub first: f64,
    /// The last of its points.
    pub last: f64,
    /// Seconds ahead at `first`.
    pub ahead: f64,
    /// Seconds that it gains in a second.
    pub drift: f64,
}

impl Line {
    /// Seconds ahead at `at`.
    pub fn at(&self, at: f64) -> f64 {
        self.ahead + self.drift * (at - self.first)
    }

    fn misses(&self, point: &Point) -> f64 {
        (point.ahead - self.at(point.at)).abs() / point.apart
    }
}

/// What the points say together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// In order of time; never empty.
    pub lines: Vec<Line>,
    /// Whether each point agrees, in the order of the points.
    pub agrees: Vec<bool>,
    /// The usual distance of an agreeing point, in seconds.
    pub spread: f64,
}

impl Fit {
    /// How many points agree.
    pub fn count(&self) -> usize {
        self.agrees.iter().filter(|agrees| **agrees).count()
    }
}

/// What a pair costs at most that does not agree, in units of its own size: a false pair draws no further.
const MOST: f64 = 3.0;
/// What a drift costs: without need there is none.
const OF_DRIFT: f64 = 2.0;
/// What a step costs where pairs are few: two pairs beyond it must agree.
const OF_STEP: f64 = 4.0;
/// The same where there are many, of which some agree by chance.
const OF_STEP_AMONG_MANY: f64 = 8.0;
/// So many pairs are many.
const MANY: usize = 12;
/// Quartz that is worse than this is broken: 500 ppm are 43 s a day.
const MOST_DRIFT: f64 = 500e-6;
/// A drift is told where pairs reach over so many seconds.
const LEAST_SPAN: f64 = 3.0 * 3_600.0;
/// Points that are looked at for steps; of more, every so manieth.
const LOOKED_AT: usize = 40;

/// The lines that most of `points` agree on, which are ordered by time; `None` where they contradict each other.
pub(super) fn fit(points: &[Point]) -> Option<Fit> {
    let few = thinned(points);
    let (whole, _) = best(&few)?;
    let astray = few.iter().filter(|point| whole.misses(point) >= MOST).count();
    let lines = if astray <= 1 { vec![whole] } else { stepped(&few) };
    if lines.is_empty() {
        return None;
    }
    let lines: Vec<Line> = (0..lines.len()).map(|number| refined(points, &lines, number)).collect();
    let agrees: Vec<bool> =
        points.iter().map(|point| lines[of(&lines, point.at)].misses(point) < MOST).collect();
    let mut off: Vec<f64> = points
        .iter()
        .zip(&agrees)
        .filter(|(_, agrees)| **agrees)
        .map(|(point, _)| (point.ahead - lines[of(&lines, point.at)].at(point.at)).abs())
        .collect();
    let spread = median(&mut off)?;
    let fit = Fit { lines, agrees, spread };
    let (all, agreeing) = (points.len(), fit.count());
    let most_agree = if all < 10 { agreeing * 2 >= all } else { agreeing * 3 >= all };
    (most_agree && agreeing >= all.min(2)).then_some(fit)
}

/// The line that a time belongs to: the last that begins before it.
fn of(lines: &[Line], at: f64) -> usize {
    lines.partition_point(|line| line.first <= at).saturating_sub(1)
}

/// Every so manieth point.
fn thinned(points: &[Point]) -> Vec<Point> {
    let step = points.len().div_ceil(LOOKED_AT).max(1);
    points.iter().step_by(step).copied().collect()
}

/// The line through points that the others agree with most, and what it costs.
fn best(points: &[Point]) -> Option<(Line, f64)> {
    let (first, last) = (points.first()?.at, points.last()?.at);
    let level = points.iter().map(|point| (Line { first, last, ahead: point.ahead, drift: 0.0 }, 0.0));
    let third = points.len() / 3;
    let (early, late) = (&points[..third.max(1)], &points[points.len() - third.max(1)..]);
    let slopes = early.iter().flat_map(|a| late.iter().map(move |b| (a, b)));
    let sloped = slopes.filter_map(|(a, b)| {
        let drift = (b.ahead - a.ahead) / (b.at - a.at);
        let can_be = b.at - a.at >= LEAST_SPAN && drift.abs() <= MOST_DRIFT && points.len() > 2;
        can_be.then_some((Line { first, last, ahead: a.ahead - drift * (a.at - first), drift }, OF_DRIFT))
    });
    let cost = |line: &Line| points.iter().map(|point| line.misses(point).min(MOST)).sum::<f64>();
    let lines = level.chain(sloped).map(|(line, price)| (line, price + cost(&line)));
    lines.fold(None, |best: Option<(Line, f64)>, next| match best {
        Some(known) if known.1 <= next.1 => Some(known),
        _ => Some(next),
    })
}

/// The lines that cost least together, each new one at the price of a step.
fn stepped(points: &[Point]) -> Vec<Line> {
    let price = if points.len() < MANY { OF_STEP } else { OF_STEP_AMONG_MANY };
    // By number of points from the beginning: the least cost, and the lines before it.
    let mut least: Vec<(f64, Vec<Line>)> = vec![(0.0, Vec::new())];
    for end in 1..=points.len() {
        let mut found = (f64::INFINITY, Vec::new());
        for begin in 0..end {
            let Some((line, cost)) = best(&points[begin..end]) else { continue };
            let holds = points[begin..end].iter().filter(|point| line.misses(point) < MOST).count() >= 2;
            let (before, lines) = &least[begin];
            let step = if lines.is_empty() { 0.0 } else { price };
            if holds && before + cost + step < found.0 {
                found = (before + cost + step, [&lines[..], &[line]].concat());
            }
        }
        least.push(found);
    }
    least.pop().map(|(_, lines)| lines).unwrap_or_default()
}

/// The line by all points of its time that agree with it.
fn refined(points: &[Point], lines: &[Line], number: usize) -> Line {
    let line = lines[number];
    let own: Vec<&Point> =
        points.iter().filter(|point| of(lines, point.at) == number && line.misses(point) < MOST).collect();
    let (Some(first), Some(last)) = (own.first(), own.last()) else { return line };
    let drift = if line.drift == 0.0 { 0.0 } else { slope(&own).unwrap_or(line.drift) };
    let mut ahead: Vec<f64> = own.iter().map(|point| point.ahead - drift * (point.at - first.at)).collect();
    let ahead = median(&mut ahead).unwrap_or(line.ahead);
    Line { first: first.at, last: last.at, ahead, drift }
}

/// The median of the slopes between early and late points.
fn slope(points: &[&Point]) -> Option<f64> {
    let (early, late) = points.split_at(points.len() / 2);
    let step = points.len().div_ceil(2 * LOOKED_AT).max(1);
    let (early, late) = (early.iter().step_by(step), late.iter().step_by(step));
    let pairs = early.flat_map(|a| late.clone().map(move |b| (a, b)));
    let far = pairs.filter(|(a, b)| b.at - a.at >= LEAST_SPAN / 2.0);
    let mut slopes: Vec<f64> = far.map(|(a, b)| (b.ahead - a.ahead) / (b.at - a.at)).collect();
    median(&mut slopes)
}

/// The one in the middle, or the mean of the two there.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((values[middle - 1] + upper) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points `(hour, seconds ahead)`.
    fn points(told: &[(f64, f64)]) -> Vec<Point> {
        told.iter().map(|(hour, ahead)| Point { at: hour * 3_600.0, ahead: *ahead, apart: 0.5 }).collect()
    }

    /// Noise of up to 0.2 s, the same for every run.
    fn noise(seed: u64) -> f64 {
        let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed >> 40) as f64 / (1 << 24) as f64 - 0.5) * 0.4
    }

    #[test]
    fn one_false_pair_among_six_does_not_matter() {
        for wrong in 0..6 {
            let mut told: Vec<(f64, f64)> = (0..6).map(|n| (f64::from(n), 97.5 + noise(n as u64))).collect();
            told[wrong].1 = -310.0;
            let fit = fit(&points(&told)).expect("they agree");
            assert!((fit.lines[0].ahead - 97.5).abs() < 0.2 && fit.lines.len() == 1, "{fit:?}");
            assert_eq!((fit.count(), fit.agrees[wrong]), (5, false));
        }
    }

    #[test]
    fn pairs_that_contradict_each_other_tell_nothing() {
        assert_eq!(fit(&points(&[(0.0, 97.0), (1.0, -40.0)])), None);
        assert_eq!(fit(&points(&[(0.0, 97.0), (1.0, -40.0), (2.0, 400.0), (3.0, -900.0)])), None);
        assert_eq!(fit(&points(&[])), None);
        assert_eq!(fit(&points(&[(0.0, 97.0)])).map(|fit| fit.count()), Some(1));
    }

    #[test]
    fn a_step_in_the_middle_makes_two_lines() {
        for (count, wrong) in [(6, None), (7, Some(2)), (20, Some(3)), (200, Some(77))] {
            let mut told: Vec<(f64, f64)> = (0..count)
                .map(|n| (f64::from(n) / 4.0, if n < count / 2 { 0.0 } else { 40.0 } + noise(n as u64)))
                .collect();
            if let Some(wrong) = wrong {
                told[wrong as usize].1 = 555.0;
            }
            let fit = fit(&points(&told)).expect("they agree");
            assert_eq!(fit.lines.len(), 2, "{count}: {fit:?}");
            assert!(fit.lines[0].ahead.abs() < 0.3 && (fit.lines[1].ahead - 40.0).abs() < 0.3, "{fit:?}");
        }
    }

    #[test]
    fn a_drift_is_told_where_there_is_one() {
        let drifting: Vec<(f64, f64)> =
            (0..18).map(|n| (f64::from(n) * 4.0, f64::from(n) / 3.0 + noise(n as u64))).collect();
        let fit_of = |told: &[(f64, f64)]| fit(&points(told)).expect("they agree");
        let line = fit_of(&drifting).lines[0];
        assert!((line.drift * 86_400.0 - 2.0).abs() < 0.15, "{line:?}");
        let steady: Vec<(f64, f64)> =
            drifting.iter().enumerate().map(|(n, (at, _))| (*at, noise(n as u64))).collect();
        assert_eq!(fit_of(&steady).lines[0].drift, 0.0, "noise is no drift");
    }

    #[test]
    fn calls_that_were_late_do_not_draw() {
        // Two of five calls wait up to a minute before they reach the host.
        let late = |n: u64| if n % 5 < 2 { 3.0 + (n * 7 % 57) as f64 } else { noise(n).abs() };
        let told: Vec<(f64, f64)> = (0..60).map(|n| (n as f64 / 10.0, 12.0 + late(n))).collect();
        let fit = fit(&points(&told)).expect("they agree");
        assert!(fit.lines.len() == 1 && (fit.lines[0].ahead - 12.0).abs() < 0.5, "{fit:?}");
    }
}
