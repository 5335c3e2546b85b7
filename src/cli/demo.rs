//! `esxray demo`: makes the bundles of two real incidents, one of them again with damaged evidence, and analyses them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::analyze::{self, Colour};
use super::load::{self, CaseArgs};
use super::{Done, Failure, output};
use crate::demo::{self, Container, EvcOptions, Site, Volume, VsanOptions};
use crate::model::{Lang, Text};
use crate::report;

/// Arguments of `esxray demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder that bundles and reports are written to
    #[arg(long, value_name = "DIR", default_value = "esxray-demo")]
    out: PathBuf,
    /// Make one big bundle of this many decompressed bytes instead (500M, 2G), for benchmarks
    #[arg(long, value_name = "SIZE", value_parser = size, hide_short_help = true)]
    size: Option<u64>,
    /// Make the bundles of so many clusters instead, five each, with six kinds of incident: something to triage
    #[arg(long, value_name = "N", conflicts_with = "size", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    clusters: Option<u16>,
    /// Lines of each bundle of a cluster, about
    #[arg(long, value_name = "N", requires = "clusters", hide_short_help = true, default_value_t = Volume::SMALL.lines)]
    lines: u64,
    /// Seed of the generated noise
    #[arg(long, value_name = "N", hide_short_help = true, default_value_t = 1)]
    seed: u64,
    /// Language of the reports
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: load::LangArg,
    /// Write into a folder that holds other files
    #[arg(long)]
    force: bool,
}

/// The folder of the third incident.
const DAMAGED: &str = "incident-3-damaged-evidence";

/// `2G`, `500M`, `64k`, `1000`
fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let factor: u64 = match unit.to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return Err("expected is a size like 500M or 2G".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "expected is a size like 500M or 2G".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "too large".to_owned())
}

/// Runs the command.
pub fn run(args: &Args, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<Done> {
    output::prepare(&args.out, args.force)?;
    let failed = |error| Failure::new(format!("cannot write to {}", args.out.display())).cause(error);
    if let Some(bytes) = args.size {
        let path = args.out.join("esx-big.example.com-2020-07-11--12.00-12345.tgz");
        let size = demo::big(&path, bytes, args.seed).map_err(failed)?;
        writeln!(out, "{} ({} MiB, about {} MiB decompressed)", path.display(), size >> 20, bytes >> 20)?;
        return Ok(Done::Clean);
    }
    if let Some(clusters) = args.clusters {
        return fleet(args, clusters, out);
    }
    let volume = |mut site: Site| {
        site.set_volume(Volume::DEMO);
        site
    };
    let (evc, _) = demo::evc_incident(&EvcOptions::default());
    let (vsan, _) = demo::vsan_incident(&VsanOptions::default());
    let (damaged, _) = demo::damaged_evidence(Volume::DEMO, 3);
    let lang = Lang::from(args.lang);
    let incidents = [
        (
            "incident-1-cpu-feature",
            Text::new(
                "Incident 1: VMs of one host cannot be migrated to the others",
                "障害 1：1 台のホストの仮想マシンを他のホストに移行できない",
            ),
            volume(evc),
        ),
        (
            "incident-2-vsan-host-lost",
            Text::new(
                "Incident 2: one host is lost from the vSAN cluster",
                "障害 2：1 台のホストが vSAN クラスタから離脱した",
            ),
            volume(vsan),
        ),
        (
            DAMAGED,
            Text::new(
                "Incident 3: the first one again, from damaged evidence",
                "障害 3：障害 1 を破損した証拠から解析",
            ),
            damaged,
        ),
    ];
    for (name, title, site) in incidents {
        let folder = args.out.join(name);
        let bundles = demo::write_site(&site, &folder.join("bundles"), Container::Tgz).map_err(failed)?;
        let (count, place) = (bundles.len(), folder.join("bundles"));
        let made = Text::new(
            format!("{count} bundles in {}", place.display()),
            format!("バンドル {count} 個：{}", place.display()),
        );
        writeln!(out, "{}\n{}\n", title.get(lang), made.get(lang))?;
        analyse(args, &folder, stop, out)?;
        writeln!(out)?;
    }
    let damaged = args.out.join(DAMAGED).join("bundles");
    let inspect = format!("esxray inspect {}", damaged.display());
    let hint = Text::new(
        format!("What of incident 3 is missing or damaged: {inspect}"),
        format!("障害 3 の欠落または破損した証拠の一覧：{inspect}"),
    );
    writeln!(out, "{}", hint.get(lang))?;
    Ok(Done::Clean)
}

/// Makes the bundles of many clusters: of every other one in a folder of its own, of the rest in one inbox.
fn fleet(args: &Args, clusters: u16, out: &mut dyn Write) -> anyhow::Result<Done> {
    let mut count = 0;
    let volume =
        Volume { lines: args.lines, rotate_at: (args.lines / 8).clamp(250, 60_000), ..Volume::SMALL };
    for (at, cluster) in demo::fleet(usize::from(clusters), args.seed, volume).enumerate() {
        let folder = if at % 2 == 0 { args.out.join(&cluster.domain) } else { args.out.join("inbox") };
        let bundles = demo::write_site(&cluster.site, &folder, Container::Tgz)
            .map_err(|error| Failure::new(format!("cannot write to {}", folder.display())).cause(error))?;
        count += bundles.len();
    }
    let folder = args.out.display();
    let (told, hint) = (
        Text::new(
            format!("{count} bundles of {clusters} clusters in {folder}"),
            format!("クラスタ {clusters} 個のバンドル {count} 個：{folder}"),
        ),
        Text::new(
            format!("What befell them: esxray triage {folder}"),
            format!("トリアージ：esxray triage {folder}"),
        ),
    );
    let lang = Lang::from(args.lang);
    writeln!(out, "{}\n{}", told.get(lang), hint.get(lang))?;
    Ok(Done::Clean)
}

fn analyse(args: &Args, folder: &Path, stop: &AtomicBool, out: &mut dyn Write) -> anyhow::Result<()> {
    let reports = folder.join("report");
    output::prepare(&reports, args.force)?;
    let case = CaseArgs::of(vec![folder.join("bundles")], args.lang);
    let report = load::report(&case, stop)?;
    let forms: Vec<_> = ["html", "md", "json"].into_iter().filter_map(report::renderer).collect();
    let files = output::write(&report, &forms, &reports, stop)?;
    analyze::summary(&report, Colour::Auto, &files, out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(
            (size("2G"), size("500MiB"), size("64kb"), size("7")),
            (Ok(2 << 30), Ok(500 << 20), Ok(64 << 10), Ok(7))
        );
        assert!(size("two").is_err() && size("5x").is_err() && size("99999999999G").is_err());
    }
}
