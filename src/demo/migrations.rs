//! Many migrations in a few hours, as a cluster in trouble has them: back and forth, failures that are tried again, and
//! logs that were rotated away since.

use super::cluster::{ClusterOptions, healthy};
use super::prng::Prng;
use super::script::{Migration, add_migration};
use super::site::{Generation, Site};
use super::vmotion::{Attempt, CodeForm, VmotionFault, VmotionOptions};
use crate::model::Timestamp;

/// The knobs of [`many_migrations`].
#[derive(Clone, Debug)]
pub struct MigrationsOptions {
    /// The cluster: at least 2 hosts with at least 2 VMs.
    pub cluster: ClusterOptions,
    /// Pairs of migrations: one of a VM away and back, or one that fails and its second try.
    pub pairs: usize,
    /// In each ten pairs, the ones that begin with a failure.
    pub failing: &'static [usize],
    /// In each ten pairs, the one whose beginning no kernel log holds any more.
    pub rotated: Option<usize>,
}

impl MigrationsOptions {
    /// 200 migrations on hosts of `generation`, 30 of which fail.
    pub fn of(generation: Generation) -> Self {
        let cluster = ClusterOptions { vsan: false, ..ClusterOptions::of(generation) };
        MigrationsOptions { cluster, pairs: 100, failing: &[1, 4, 8], rotated: Some(5) }
    }
}

/// A migration of [`many_migrations`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldMigration {
    /// Migration id.
    pub id: u64,
    /// The VM.
    pub vm: String,
    /// Name of the source host.
    pub from: String,
    /// Name of the target host.
    pub to: String,
    /// When vCenter was asked for it.
    pub at: Timestamp,
    /// Why it failed; `None` where it did not.
    pub fault: Option<VmotionFault>,
}

/// Seconds between the beginnings of two pairs.
const PAIR: i64 = 190;

/// The site, and every migration that it has beside those of a healthy cluster, in the order of time.
pub fn many_migrations(options: &MigrationsOptions) -> (Site, Vec<ToldMigration>) {
    let mut site = healthy(&options.cluster);
    let mut told = Vec::new();
    let (hosts, generation) = (site.hosts.len(), options.cluster.generation);
    let attempts =
        VmotionOptions { cluster: options.cluster.clone(), faults: Vec::new(), codes: CodeForm::Hex };
    let begin = options.cluster.captured_at.plus_seconds(-(options.pairs as i64 + 10) * PAIR);
    for pair in 0..options.pairs {
        let from = pair % hosts;
        let to = (from + 1 + pair / hosts % (hosts - 1)) % hosts;
        let slot = pair / hosts % site.hosts[from].vms.len();
        let at = begin.plus_seconds(pair as i64 * PAIR);
        let one = told.len();
        if options.failing.contains(&(pair % 10)) {
            let fault = VmotionFault::ALL[pair % VmotionFault::ALL.len()];
            let attempt = Attempt::new(&site, &attempts, (from, to, slot), (fault, at));
            let failed = attempt.truth(&site);
            attempt.tell(&mut site);
            let again = failed.at.plus_seconds(6);
            told.push(ToldMigration {
                id: failed.id,
                vm: failed.vm,
                from: failed.from,
                to: failed.to,
                at,
                fault: Some(fault),
            });
            told.push(moved(&mut site, generation, (from, slot), (from, to), again));
        } else {
            told.push(moved(&mut site, generation, (from, slot), (from, to), at));
            told.push(moved(&mut site, generation, (from, slot), (to, from), at.plus_seconds(14)));
        }
        if options.rotated == Some(pair % 10) {
            told[one..].iter().for_each(|migration| forget_beginning(&mut site, migration.id));
        }
    }
    (site, told)
}

/// Tells of a migration that is well; the VM is the one in `slot` of `home`.
fn moved(
    site: &mut Site,
    generation: Generation,
    (home, slot): (usize, usize),
    (from, to): (usize, usize),
    at: Timestamp,
) -> ToldMigration {
    let vm = &site.hosts[home].vms[slot];
    let (name, moref) = (vm.name.clone(), vm.moref);
    let mut prng = Prng::labelled(site.seed, &["moved", &name, &at.to_string()]);
    let id = match generation {
        Generation::V67 => at.micros().unsigned_abs() + prng.below(900),
        _ => 1_000_000_000_000_000_000 + prng.below(8_000_000_000_000_000_000),
    };
    let (from, to) = (site.hosts[from].name.clone(), site.hosts[to].name.clone());
    let migration = Migration { vm: name.clone(), moref, id, from: from.clone(), to: to.clone(), at };
    add_migration(site, &migration);
    ToldMigration { id, vm: name, from, to, at, fault: None }
}

/// Takes the kernels' records of how migration `id` began out of their logs.
fn forget_beginning(site: &mut Site, id: u64) {
    let id = id.to_string();
    let begins = |text: &str| text.contains("Setting VMOTION info") || text.contains(" vmotion: ");
    for host in &mut site.hosts {
        host.lines.retain(|line| !(line.text.contains(&id) && begins(&line.text)));
    }
}
