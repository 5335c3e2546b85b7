//! `esxray features`: the CPU-feature matrix on stdout.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use super::Done;
use super::load::{self, CaseArgs};
use crate::report::escape;
use crate::report::model::{FeatureRow, Features};

/// Arguments of `esxray features`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
    /// Every row, not only those in which hosts differ
    #[arg(long)]
    all: bool,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let report = load::report(&args.case, stop)?;
    let features = &report.features;
    let rows: Vec<&FeatureRow> = features.rows.iter().filter(|row| args.all || row.differs).collect();
    if features.rows.is_empty() {
        writeln!(
            out,
            "The bundles hold no CPU features: neither masks in etc/vmware/config nor a vim dump."
        )?;
        return Ok(Done::Clean);
    }
    if rows.is_empty() {
        let known = features.rows.len();
        writeln!(
            out,
            "No difference between hosts of one cluster in {known} CPU features; --all shows them."
        )?;
    } else {
        table(features, &rows, out)?;
    }
    vms(features, out)?;
    Ok(Done::Clean)
}

/// `offered (capability/mask)`: `1`, `0 (1/0)`, `?`.
fn cell(row: &FeatureRow, host: &str) -> String {
    let told = |value: Option<Option<u64>>| {
        value.flatten().map_or_else(|| "-".to_owned(), |value| value.to_string())
    };
    let effective =
        row.effective.get(host).copied().flatten().map_or_else(|| "?".to_owned(), |value| value.to_string());
    let (capability, mask) = (told(row.capability.get(host).copied()), told(row.mask.get(host).copied()));
    format!("{effective} ({capability}/{mask})")
}

fn table(features: &Features, rows: &[&FeatureRow], out: &mut dyn Write) -> io::Result<()> {
    let short = |host: &str| escape::line(host.split('.').next().unwrap_or(host)).into_owned();
    let columns: Vec<(String, &String)> = features.hosts.iter().map(|host| (short(host), host)).collect();
    let key_width = rows.iter().map(|row| row.key.len()).max().unwrap_or(0).max("feature".len());
    let width = |name: &str, host: &String| {
        rows.iter().map(|row| cell(row, host).len()).max().unwrap_or(0).max(name.chars().count())
    };
    let widths: Vec<usize> = columns.iter().map(|(name, host)| width(name, host)).collect();
    write!(out, "{:<key_width$}", "feature")?;
    for ((name, _), width) in columns.iter().zip(&widths) {
        write!(out, "  {name:<width$}")?;
    }
    writeln!(out)?;
    for row in rows {
        write!(out, "{:<key_width$}", escape::line(&row.key))?;
        for ((_, host), width) in columns.iter().zip(&widths) {
            write!(out, "  {:<width$}", cell(row, host))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\nWhat VMs can use (capability/EVC mask); ? and - are not in the bundles.")
}

fn vms(features: &Features, out: &mut dyn Write) -> io::Result<()> {
    for vm in &features.vms {
        let mut by_lack: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for block in &vm.blocked {
            by_lack.entry(block.missing.join(", ")).or_default().push(&block.host);
        }
        for (missing, hosts) in by_lack {
            let line = format!("{} (on {}) cannot move to {}: {missing}", vm.name, vm.host, hosts.join(", "));
            writeln!(out, "{}", escape::line(&line))?;
        }
    }
    Ok(())
}
