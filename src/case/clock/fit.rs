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
    /// Who witnesses it: points of one key are one witness, however many they are.
    pub key: usize,
    /// What a delay does to a call, which is never before it was made: 1 where it makes the clock look further ahead, -1
    /// where it makes it look further behind; 0 where either record may be the later one.
    pub delay: i8,
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

    /// Seconds that a point lies above it; of a call, by which it is late.
    fn off(&self, point: &Point) -> f64 {
        let off = point.ahead - self.at(point.at);
        if point.delay < 0 { -off } else { off }
    }

    fn misses(&self, point: &Point) -> f64 {
        self.off(point).abs() / point.apart
    }

    fn agrees(&self, point: &Point) -> bool {
        self.misses(point) < MOST
    }

    /// A call that waited does not contradict.
    fn allows(&self, point: &Point) -> bool {
        self.agrees(point) || (point.delay != 0 && (0.0..MOST_WAIT).contains(&self.off(point)))
    }

    fn cost(&self, point: &Point) -> f64 {
        let is_late = point.delay != 0 && self.off(point) > 0.0;
        self.misses(point).min(if is_late { MOST_OF_LATE } else { MOST })
    }
}

/// What the points say together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// In order of time; never empty.
    pub lines: Vec<Line>,
    /// Whether each point agrees, in the order of the points.
    pub agrees: Vec<bool>,
    /// How far the points that a line rests on usually lie from it, in seconds.
    pub spread: f64,
}

/// What a pair costs at most that does not agree, in units of its own size: a false pair draws no further.
const MOST: f64 = 3.0;
/// What a call costs at most that was late: the lower third of the calls decides.
const MOST_OF_LATE: f64 = 1.5;
/// A call that waits longer, in seconds, contradicts.
const MOST_WAIT: f64 = 120.0;
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
const LEAST_SPAN: f64 = 12.0 * 3_600.0;
/// What a drift or a step makes is so many times what the points differ anyway.
const ABOVE_NOISE: f64 = 5.0;
/// A drift that makes less in all, in seconds, is none.
const LEAST_GAIN: f64 = 1.0;
/// Points may differ so much more than their sort says, in seconds, where all do.
const MOST_NOISE: f64 = 2.0;
/// Which of the calls, from the promptest on, is the offset.
const PROMPT: f64 = 0.15;
/// What has two records that lie further apart by themselves, in seconds, is less exact than a call.
const EXACT: f64 = 1.0;
/// Points that are looked at for steps; of more, every so manieth.
const LOOKED_AT: usize = 40;
/// Witnesses that a stretch of time between two steps has, and the first and the last one.
const WITNESSES: (usize, usize) = (2, 3);

/// The lines that most of `points` agree on, which are ordered by time; `None` where they contradict each other. At the
/// times in `told`, ascending, the clock itself says that it was set.
pub(super) fn fit(points: &[Point], told: &[f64]) -> Option<Fit> {
    let points = &allowing_for_noise(points)[..];
    let few = thinned(points);
    let whole = best(&few)?;
    let astray = few.iter().filter(|point| !whole.0.agrees(point)).count();
    let lines = if astray <= 1 && told.is_empty() { vec![whole.0] } else { stepped(&few, told, whole) };
    let lines = without_noise(points, lines);
    let lines: Vec<Line> = (0..lines.len()).map(|number| refined(points, &lines, number)).collect();
    let agrees: Vec<bool> = points.iter().map(|point| lines[of(&lines, point.at)].agrees(point)).collect();
    let spread = spread(points, &lines)?;
    let allowed = points.iter().filter(|point| lines[of(&lines, point.at)].allows(point)).count();
    let (all, agreeing) = (points.len(), agrees.iter().filter(|agrees| **agrees).count());
    let most_agree = if all < 10 { allowed * 2 >= all } else { allowed * 3 >= all };
    (most_agree && agreeing >= all.min(2)).then_some(Fit { lines, agrees, spread })
}

/// Points that all differ more than their sort says are taken as less exact.
fn allowing_for_noise(points: &[Point]) -> Vec<Point> {
    let both: Vec<Point> = points.iter().filter(|point| point.delay == 0).copied().collect();
    let noise = noise(&both).min(MOST_NOISE);
    let least = |point: &Point| if point.delay == 0 { point.apart.max(noise) } else { point.apart };
    points.iter().map(|point| Point { apart: least(point), ..*point }).collect()
}

/// How much one point usually differs from the next, which no step or drift changes, in seconds.
fn noise(points: &[Point]) -> f64 {
    let next = points.windows(2).map(|pair| (pair[1].ahead - pair[0].ahead).abs());
    let mut next: Vec<f64> = next.collect();
    if next.len() < 4 { 0.0 } else { median(&mut next).unwrap_or(0.0) }
}

/// The lines without steps that are no larger than what the points differ anyway.
fn without_noise(points: &[Point], mut lines: Vec<Line>) -> Vec<Line> {
    let least = ABOVE_NOISE * noise(points);
    let count = |lines: &[Line], number: usize| {
        let own = points.iter().filter(|point| of(lines, point.at) == number);
        own.filter(|point| lines[number].agrees(point)).count()
    };
    let small = |lines: &[Line]| {
        (1..lines.len()).find(|&number| {
            let (before, after) = (lines[number - 1], lines[number]);
            (after.at(after.first) - before.at(before.last)).abs() < least
        })
    };
    while let Some(number) = small(&lines) {
        let fewer = if count(&lines, number) < count(&lines, number - 1) { number } else { number - 1 };
        lines.remove(fewer);
    }
    lines
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

/// The share that each point has in its witness.
fn shares(points: &[Point]) -> Vec<f64> {
    let mut of_key = std::collections::BTreeMap::<usize, f64>::new();
    points.iter().for_each(|point| *of_key.entry(point.key).or_default() += 1.0);
    points.iter().map(|point| 1.0 / of_key[&point.key]).collect()
}

/// The line through points that the others agree with most, and what it costs.
fn best(points: &[Point]) -> Option<(Line, f64)> {
    let (first, last) = (points.first()?.at, points.last()?.at);
    let shares = shares(points);
    let level = points.iter().map(|point| (Line { first, last, ahead: point.ahead, drift: 0.0 }, 0.0));
    let third = points.len() / 3;
    let (early, late) = (&points[..third.max(1)], &points[points.len() - third.max(1)..]);
    let slopes = early.iter().flat_map(|a| late.iter().map(move |b| (a, b)));
    let sloped = slopes.filter_map(|(a, b)| {
        let drift = (b.ahead - a.ahead) / (b.at - a.at);
        let can_be =
            b.at - a.at >= LEAST_SPAN / 2.0 && last - first >= LEAST_SPAN && drift.abs() <= MOST_DRIFT;
        (can_be && points.len() > 2)
            .then_some((Line { first, last, ahead: a.ahead - drift * (a.at - first), drift }, OF_DRIFT))
    });
    let cost =
        |line: &Line| points.iter().zip(&shares).map(|(point, share)| share * line.cost(point)).sum::<f64>();
    let lines = level.chain(sloped).map(|(line, price)| (line, price + cost(&line)));
    lines.fold(None, |best: Option<(Line, f64)>, next| match best {
        Some(known) if known.1 <= next.1 => Some(known),
        _ => Some(next),
    })
}

/// The lines that cost least together, each new one at the price of a step; the best line of all points, `whole`, where no
/// others have enough witnesses.
fn stepped(points: &[Point], told: &[f64], whole: (Line, f64)) -> Vec<Line> {
    let price = if points.len() < MANY { OF_STEP } else { OF_STEP_AMONG_MANY };
    // Whether the clock itself says that it was set between a point and the one before it.
    let is_told = |number: usize| {
        let between = number.checked_sub(1).and_then(|before| points.get(before)).zip(points.get(number));
        between.is_some_and(|(before, after)| {
            // A clock that is put back shows the time between twice.
            let (low, high) = (before.at.min(after.at), before.at.max(after.at));
            told.iter().any(|at| (low..=high).contains(at))
        })
    };
    let holds = |begin: usize, end: usize, line: &Line| {
        let own = points[begin..end].iter().filter(|point| line.agrees(point));
        let witnesses = own.map(|point| point.key).collect::<std::collections::BTreeSet<_>>().len();
        let (is_first, is_last) = (begin == 0, end == points.len());
        let least = match (is_first, is_last) {
            (true, true) => WITNESSES.0.min(points.len()),
            (true, false) if is_told(end) => 1,
            (false, true) if is_told(begin) => 1,
            (false, false) => WITNESSES.0,
            _ => WITNESSES.1,
        };
        witnesses >= least
    };
    // By number of points from the beginning: the least cost, and the lines before it.
    let mut least: Vec<(f64, Vec<Line>)> = vec![(0.0, Vec::new())];
    for end in 1..=points.len() {
        let mut found = (f64::INFINITY, Vec::new());
        for begin in 0..end {
            let (before, lines) = &least[begin];
            let step = match lines.is_empty() {
                true => 0.0,
                false if is_told(begin) => OF_DRIFT,
                false => price,
            };
            // No line costs less than nothing.
            if before + step >= found.0 {
                continue;
            }
            let is_whole = (begin, end) == (0, points.len());
            let line = if is_whole { Some(whole) } else { best(&points[begin..end]) };
            let Some((line, cost)) = line else { continue };
            if before + cost + step < found.0 && holds(begin, end, &line) {
                found = (before + cost + step, [&lines[..], &[line]].concat());
            }
        }
        least.push(found);
    }
    let found = least.pop().map(|(_, lines)| lines).unwrap_or_default();
    if found.is_empty() { vec![whole.0] } else { found }
}

/// The points that a line rests on: what both tell at once, else calls, else what is seen sooner by one than by the other.
fn grounds<'a>(points: &'a [Point], lines: &[Line], number: usize) -> Vec<&'a Point> {
    let line = lines[number];
    let own = || points.iter().filter(|point| of(lines, point.at) == number && line.allows(point));
    let exact: Vec<&Point> = own().filter(|point| point.delay == 0 && point.apart <= EXACT).collect();
    let calls: Vec<&Point> = own().filter(|point| point.delay != 0).collect();
    let all = || own().filter(|point| line.agrees(point)).collect();
    [exact, calls].into_iter().find(|chosen| chosen.len() >= 2).unwrap_or_else(all)
}

/// The line by all points of its time that it rests on.
fn refined(points: &[Point], lines: &[Line], number: usize) -> Line {
    let line = lines[number];
    let own: Vec<&Point> = points.iter().filter(|point| of(lines, point.at) == number).collect();
    let agreeing = || own.iter().filter(|point| line.agrees(point));
    let (Some(first), Some(last)) = (agreeing().next(), agreeing().next_back()) else { return line };
    let grounds = grounds(points, lines, number);
    let told = if line.drift == 0.0 { None } else { slope(&grounds).or(Some(line.drift)) };
    let offset = |drift: f64| {
        let calls = grounds.iter().all(|point| point.delay != 0);
        let sign = if calls && grounds.iter().all(|point| point.delay < 0) { -1.0 } else { 1.0 };
        let mut ahead: Vec<f64> =
            grounds.iter().map(|point| sign * (point.ahead - drift * (point.at - first.at))).collect();
        let share = if calls { PROMPT } else { 0.5 };
        quantile(&mut ahead, share).map_or(line.ahead, |ahead| sign * ahead)
    };
    let of_drift = |drift: f64| Line { first: first.at, last: last.at, ahead: offset(drift), drift };
    let is_clear = |drift: &f64| {
        let line = of_drift(*drift);
        let mut off: Vec<f64> = grounds.iter().map(|point| line.off(point).abs()).collect();
        let noise = quantile(&mut off, 0.5).unwrap_or(0.0);
        (drift * (last.at - first.at)).abs() >= (ABOVE_NOISE * noise).max(LEAST_GAIN)
    };
    of_drift(told.filter(is_clear).unwrap_or(0.0))
}

/// How far the points that lines rest on usually lie from them, in seconds; the most of all lines.
fn spread(points: &[Point], lines: &[Line]) -> Option<f64> {
    let of_line = |number: usize| {
        let grounds = grounds(points, lines, number);
        let calls = grounds.iter().all(|point| point.delay != 0);
        let mut off: Vec<f64> = grounds.iter().map(|point| lines[number].off(point)).collect();
        let (low, high) = if calls { (PROMPT, 0.5) } else { (0.25, 0.75) };
        let (low, high) = (quantile(&mut off, low)?, quantile(&mut off, high)?);
        // Half the usual distance of two points; of calls, twice what the usual one waits longer than the prompt ones.
        Some(if calls { 2.0 * (high - low) } else { ((high - low) / 2.0).max(low.abs()).max(high.abs()) })
    };
    (0..lines.len()).filter_map(of_line).max_by(f64::total_cmp)
}

/// The median of the slopes between early and late points.
fn slope(points: &[&Point]) -> Option<f64> {
    let (early, late) = points.split_at(points.len() / 2);
    let step = points.len().div_ceil(2 * LOOKED_AT).max(1);
    let (early, late) = (early.iter().step_by(step), late.iter().step_by(step));
    let pairs = early.flat_map(|a| late.clone().map(move |b| (a, b)));
    let far = pairs.filter(|(a, b)| b.at - a.at >= LEAST_SPAN / 4.0);
    let mut slopes: Vec<f64> = far.map(|(a, b)| (b.ahead - a.ahead) / (b.at - a.at)).collect();
    median(&mut slopes)
}

/// The one in the middle, or the mean of the two there.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which the share `share` of all lies, between two of them where it does not fall on one.
fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = share * values.len().checked_sub(1)? as f64;
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points `(hour, seconds ahead)`.
    fn points(told: &[(f64, f64)]) -> Vec<Point> {
        let point = |(key, (hour, ahead)): (usize, &(f64, f64))| Point {
            at: hour * 3_600.0,
            ahead: *ahead,
            apart: 0.5,
            key,
            delay: 0,
        };
        told.iter().enumerate().map(point).collect()
    }

    fn count(fit: &Fit) -> usize {
        fit.agrees.iter().filter(|agrees| **agrees).count()
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
            let fit = fit(&points(&told), &[]).expect("they agree");
            assert!((fit.lines[0].ahead - 97.5).abs() < 0.2 && fit.lines.len() == 1, "{fit:?}");
            assert_eq!((count(&fit), fit.agrees[wrong]), (5, false));
        }
    }

    #[test]
    fn pairs_that_contradict_each_other_tell_nothing() {
        assert_eq!(fit(&points(&[(0.0, 97.0), (1.0, -40.0)]), &[]), None);
        assert_eq!(fit(&points(&[(0.0, 97.0), (1.0, -40.0), (2.0, 400.0), (3.0, -900.0)]), &[]), None);
        assert_eq!(fit(&points(&[]), &[]), None);
        assert_eq!(fit(&points(&[(0.0, 97.0)]), &[]).map(|fit| count(&fit)), Some(1));
    }

    #[test]
    fn a_step_in_the_middle_makes_two_lines() {
        for (count, wrong) in [(6, None), (9, Some(2)), (20, Some(3)), (200, Some(77))] {
            let mut told: Vec<(f64, f64)> = (0..count)
                .map(|n| (f64::from(n) / 4.0, if n < count / 2 { 0.0 } else { 40.0 } + noise(n as u64)))
                .collect();
            if let Some(wrong) = wrong {
                told[wrong as usize].1 = 555.0;
            }
            let fit = fit(&points(&told), &[]).expect("they agree");
            assert_eq!(fit.lines.len(), 2, "{count}: {fit:?}");
            assert!(fit.lines[0].ahead.abs() < 0.3 && (fit.lines[1].ahead - 40.0).abs() < 0.3, "{fit:?}");
        }
    }

    #[test]
    fn a_drift_is_told_where_there_is_one() {
        let drifting: Vec<(f64, f64)> =
            (0..18).map(|n| (f64::from(n) * 4.0, f64::from(n) / 3.0 + noise(n as u64))).collect();
        let fit_of = |told: &[(f64, f64)]| fit(&points(told), &[]).expect("they agree");
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
        let fit = fit(&points(&told), &[]).expect("they agree");
        assert!(fit.lines.len() == 1 && (fit.lines[0].ahead - 12.0).abs() < 0.5, "{fit:?}");
    }

    /// Calls that make the clock look further ahead.
    fn calls(told: &[(f64, f64)]) -> Vec<Point> {
        points(told).into_iter().map(|point| Point { delay: 1, ..point }).collect()
    }

    #[test]
    fn calls_that_always_wait_leave_it_open_how_far_the_clock_is_ahead() {
        let waits = |n: u64| 1.5 + 2.5 * (noise(n) / 0.4 + 0.5);
        let told: Vec<(f64, f64)> = (0..40).map(|n| (n as f64 / 2.0, waits(n))).collect();
        let fit = fit(&calls(&told), &[]).expect("they agree");
        assert!(fit.lines.len() == 1 && fit.lines[0].drift == 0.0, "{fit:?}");
        assert!(fit.lines[0].ahead < 2.5 && fit.lines[0].ahead <= fit.spread + 1.0, "{fit:?}");
    }

    #[test]
    fn jitter_is_no_step_and_no_drift() {
        for seed in 0..20 {
            let jitter = |n: u64| 7.5 * (noise(seed * 50 + 2 * n) - noise(seed * 50 + 2 * n + 1));
            let told: Vec<(f64, f64)> = (0..12).map(|n| (n as f64 * 2.0, jitter(n))).collect();
            let fit = fit(&points(&told), &[]).expect("they agree");
            assert!(fit.lines.len() == 1 && fit.lines[0].drift == 0.0, "{fit:?}");
            assert!(fit.lines[0].ahead.abs() <= fit.spread + 0.4, "{fit:?}");
        }
    }

    #[test]
    fn one_witness_makes_no_step_however_often_it_speaks() {
        let told = [(0.0, 0.0), (1.0, 0.1), (2.0, 0.0), (3.0, 0.1), (4.0, 311.0), (4.0, 311.1)];
        let mut one = points(&told);
        one[5].key = one[4].key;
        assert_eq!(fit(&one, &[]).map(|fit| fit.lines.len()), Some(1));
        // At the end of time two are not enough either, unless the clock itself tells that it was set.
        assert_eq!(fit(&points(&told), &[]).map(|fit| fit.lines.len()), Some(1));
        assert_eq!(fit(&one, &[3.5 * 3_600.0]).map(|fit| fit.lines.len()), Some(2));
    }
}
