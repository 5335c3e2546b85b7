//! `esxray inspect`: the coverage ledger on stdout: what was read, what is missing or damaged.

use std::io::{self, Write};
use std::sync::atomic::AtomicBool;

use super::Done;
use super::load::{self, CaseArgs};
use crate::report::model::{Coverage, HostInfo, Report};
use crate::report::{escape, show};

/// Arguments of `esxray inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    case: CaseArgs,
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    let report = load::report(&args.case, stop)?;
    for host in &report.hosts {
        head(host, out)?;
        for log in report.coverage.iter().filter(|log| log.host == host.id) {
            line(log, out)?;
        }
        writeln!(out)?;
    }
    rest(&report, out)?;
    Ok(Done::Clean)
}

fn head(host: &HostInfo, out: &mut dyn Write) -> io::Result<()> {
    let release = host.update.as_deref().or(host.version.as_deref()).unwrap_or("version unknown");
    let build = host.build.as_deref().map_or_else(String::new, |build| format!(" build {build}"));
    writeln!(out, "{}  {release}{build}", escape::line(&host.id))?;
    writeln!(out, "  bundle    {}", escape::line(&host.bundle))?;
    writeln!(out, "  captured  {} UTC", show::time_or_dash(host.captured_at))?;
    let (read, skipped) = (show::count(host.members.read), show::count(host.members.skipped));
    writeln!(out, "  files     {read} read, {skipped} others hold nothing that is known")
}

fn line(log: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let span = show::span_or_none(log.from, log.to).unwrap_or_else(|| "no time stamps".to_owned());
    let files = if log.members == 1 { "1 file".to_owned() } else { format!("{} files", log.members) };
    writeln!(
        out,
        "  {:<11} {span}  {files}, {}, {} records{}",
        log.log,
        show::bytes(log.bytes),
        show::count(log.records),
        if log.unparsed > 0 {
            format!(", {} without a header", show::count(log.unparsed))
        } else {
            String::new()
        }
    )?;
    for gap in &log.gaps {
        writeln!(out, "    gap: a rotation between {} and {} is missing", gap.from, gap.to)?;
    }
    for problem in &log.problems {
        writeln!(
            out,
            "    {}: {}: {}",
            problem.kind,
            escape::line(&problem.member),
            escape::line(&problem.text)
        )?;
    }
    Ok(())
}

fn rest(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for host in &report.missing_hosts {
        let seen = escape::line(&host.seen_by.join(", ")).into_owned();
        writeln!(out, "no bundle of {} (named by {seen})", escape::line(&host.name_or_uuid))?;
    }
    for problem in &report.problems {
        writeln!(
            out,
            "{}: {}: {}",
            problem.kind.name(),
            escape::line(&problem.path),
            escape::line(&problem.text)
        )?;
    }
    Ok(())
}
