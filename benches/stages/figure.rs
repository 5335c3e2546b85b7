//! What a stage takes, and how that is printed.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::Instant;

/// Runs of a stage that takes a moment.
const RUNS: usize = 5;
/// Seconds after which a stage is run no more: its median is one of fewer runs then.
const LONG: f64 = 4.0;

/// Prints what the figures that follow are of.
pub fn title(what: &str) {
    println!("\n{what}");
}

/// What a stage takes, in seconds.
#[derive(Clone, Copy, Default)]
pub struct Cost {
    /// By the clock on the wall: the median.
    pub wall: f64,
    /// Of all cores, child processes too: the mean, to a hundredth of a second over the number of runs. 0 where the system
    /// does not tell.
    pub cpu: f64,
}

impl Cost {
    /// Both, one after the other.
    pub fn and(self, other: Cost) -> Cost {
        Cost { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }

    /// This without `part`, which was done beside it.
    pub fn without(self, part: Cost) -> Cost {
        Cost { wall: self.wall - part.wall, cpu: (self.cpu - part.cpu).max(0.0) }
    }
}

/// Prints the throughput of `work` over `bytes`, and what it takes. What `work` gives is only there to be used.
pub fn rate(name: &str, bytes: usize, work: &dyn Fn() -> u64) -> Cost {
    let cost = cost(work);
    print(name, &format!("{:.0} MB/s", bytes as f64 / 1e6 / cost.wall), cost);
    cost
}

/// Prints what `work` takes.
pub fn milliseconds(name: &str, work: &dyn Fn() -> u64) -> Cost {
    let cost = cost(work);
    print(name, "", cost);
    cost
}

fn print(name: &str, rate: &str, cost: Cost) {
    println!("{name:<36} {rate:>13} {:>9.1} ms {:>9.1} ms of CPU", cost.wall * 1e3, cost.cpu * 1e3);
}

/// Prints how many of something `work` goes through in a second.
pub fn count(name: &str, number: u64, seconds: f64) {
    println!("{name:<36} {:>9.1} M/s", number as f64 / 1e6 / seconds);
}

/// Prints how much of `whole` a `part` is.
pub fn share(name: &str, part: Cost, whole: Cost) {
    let (wall, cpu) = (100.0 * part.wall / whole.wall, 100.0 * part.cpu / whole.cpu);
    println!("{name:<36} {wall:>11.1} % {cpu:>10.1} % of CPU");
}

/// What `work` takes, over several runs.
fn cost(work: &dyn Fn() -> u64) -> Cost {
    let (mut walls, begun, before) = (Vec::new(), Instant::now(), cpu());
    while walls.len() < RUNS && (walls.is_empty() || begun.elapsed().as_secs_f64() < LONG) {
        let start = Instant::now();
        black_box(work());
        walls.push(start.elapsed().as_secs_f64());
    }
    let cpu = (cpu() - before) / walls.len() as f64;
    walls.sort_by(f64::total_cmp);
    Cost { wall: walls[walls.len() / 2], cpu }
}

/// Seconds of CPU that this process has taken, and the children that it has waited for: `utime`, `stime`, `cutime` and
/// `cstime` of proc(5), in hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program comes before, in brackets, and may hold blanks.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
