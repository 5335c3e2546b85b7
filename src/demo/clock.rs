//! Clocks that are wrong: ahead, set while the host runs, gaining; and migrations that tell of it.

use super::cluster::{ClusterOptions, healthy};
use super::line::{Log, ScriptedLine};
use super::prng::Prng;
use super::script::{Migration, add_migration};
use super::site::{Generation, Site};
use crate::model::Timestamp;

/// What a host's clock shows at a true time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostClock {
    /// How far it is ahead, in microseconds.
    pub ahead: i64,
    /// How much it gains in a day, in microseconds, from `gains_from` on.
    pub gains: i64,
    /// When it was right by `ahead` alone.
    pub gains_from: Timestamp,
    /// When it was set, and by how many microseconds forward.
    pub steps: Vec<(Timestamp, i64)>,
}

impl HostClock {
    /// A clock that is `micros` microseconds ahead all the time.
    pub fn ahead(micros: i64) -> Self {
        HostClock { ahead: micros, ..HostClock::default() }
    }

    /// What it shows at the true time `at`.
    pub fn shows(&self, at: Timestamp) -> Timestamp {
        let since = i128::from(at.since(self.gains_from));
        let gained = i64::try_from(i128::from(self.gains) * since / 86_400_000_000).unwrap_or(0);
        let gained = if self.gains == 0 { 0 } else { gained };
        let set: i64 = self.steps.iter().filter(|(when, _)| *when <= at).map(|(_, by)| by).sum();
        at.plus_micros(self.ahead + gained + set)
    }
}

/// How the ids of migrations are made.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum MigrationIds {
    /// Random, as vCenter makes them since 2018.
    #[default]
    Random,
    /// The time on vCenter's clock in microseconds.
    Made,
}

/// The knobs of [`clock_story`].
#[derive(Clone, Debug)]
pub struct ClockOptions {
    /// The cluster that it happens to.
    pub cluster: ClusterOptions,
    /// The clock of each host, in the order of the hosts; those beyond are right.
    pub clocks: Vec<HostClock>,
    /// Migrations: source and destination by number of the host. They spread over the time of the logs.
    pub moves: Vec<(usize, usize)>,
    /// How their ids are made.
    pub ids: MigrationIds,
    /// A migration by number whose id another one has too that the second host tells of much later.
    pub false_pair: Option<usize>,
}

impl ClockOptions {
    /// Three hosts of `generation` whose clocks are right, six migrations between them, and no noise to speak of.
    pub fn of(generation: Generation) -> Self {
        let cluster = ClusterOptions { hosts: 3, vsan: false, ..ClusterOptions::of(generation) };
        let moves = vec![(0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)];
        ClockOptions { cluster, clocks: Vec::new(), moves, ids: MigrationIds::default(), false_pair: None }
    }
}

/// The site, and its migrations in order of their true times.
pub fn clock_story(options: &ClockOptions) -> (Site, Vec<Migration>) {
    let mut site = healthy(&options.cluster);
    // Only the migrations of this story tell of the clocks.
    let is_of_migration = |line: &ScriptedLine| {
        ["VMotion", "VMOTION", "vmotion", "EMIGRATING", "IMMIGRATING", "[VpxLRO]", "precopyStunTime"]
            .iter()
            .any(|word| line.text.contains(word) || line.sub.contains(word))
    };
    site.hosts.iter_mut().for_each(|host| host.lines.retain(|line| !is_of_migration(line)));
    site.vcenter.iter_mut().for_each(|vcenter| vcenter.lines.retain(|line| !is_of_migration(line)));
    for (host, clock) in site.hosts.iter_mut().zip(&options.clocks) {
        host.clock = clock.clone();
    }
    let mut prng = Prng::labelled(site.seed, &["clocks"]);
    let (from, to) = (site.hosts[0].log_from, site.hosts[0].captured_at);
    let share = to.since(from) / (options.moves.len() as i64 + 1);
    let mut told = Vec::new();
    for (number, &(source, target)) in options.moves.iter().enumerate() {
        let at = from.plus_micros(share * (number as i64 + 1));
        let id = match options.ids {
            MigrationIds::Made => at.micros() as u64,
            MigrationIds::Random => 1_000_000_000_000_000_000 + (prng.next() >> 2),
        };
        let migration = Migration {
            vm: site.hosts[source].vms[0].name.clone(),
            moref: site.hosts[source].vms[0].moref,
            id,
            from: site.hosts[source].name.clone(),
            to: site.hosts[target].name.clone(),
            at,
        };
        tell(&mut site, &migration, (options.false_pair == Some(number)).then_some(target));
        told.push(migration);
    }
    (site, told)
}

/// Tells of a migration; on the target `late` all of it stands 311 s later than it happened.
fn tell(site: &mut Site, migration: &Migration, late: Option<usize>) {
    let before = late.map(|target| site.hosts[target].lines.len());
    add_migration(site, migration);
    if let (Some(target), Some(before)) = (late, before) {
        site.hosts[target].lines[before..].iter_mut().for_each(|line| line.at = line.at.plus_seconds(311));
    }
}

/// A call of vCenter to the agent of each host: the same operation on both sides, 20 to 90 ms apart.
pub fn add_calls(site: &mut Site, every: i64) {
    let mut prng = Prng::labelled(site.seed, &["calls"]);
    for number in 0..site.hosts.len() {
        let (from, to) = (site.hosts[number].log_from, site.hosts[number].captured_at);
        let mut at = from.plus_seconds(40 + number as i64);
        while at < to {
            let root = format!("{:08x}", 0x1000_0000 + prng.below(0xe000_0000));
            let task = prng.below(90_000);
            let begin = format!(
                "[VpxLRO] -- BEGIN task-{task} -- host-{} -- vim.HostSystem.reconfigure -- ",
                number + 9
            );
            let agent =
                format!("[VpxLRO] -- BEGIN task-internal-{task} -- host -- vpxapi.VpxaService.invoke -- ");
            let later = at.plus_micros(20_000 + prng.below(70_000) as i64);
            if let Some(vcenter) = &mut site.vcenter {
                vcenter.lines.push(ScriptedLine::new(at, Log::Vpxd, begin).under("vpxLro").op(root.as_str()));
            }
            let called = ScriptedLine::new(later, Log::Vpxa, agent).under("vpxLro").op(format!("{root}-3c"));
            site.hosts[number].lines.push(called);
            at = at.plus_seconds(every);
        }
    }
}
