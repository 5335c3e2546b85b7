//! The bundle that speed is measured on: one host that has run for weeks, with the sizes of such a bundle and not only its logs.

use std::io::{self, Write as _};
use std::path::Path;

use super::evc::{EvcOptions, evc_incident};
use super::pack::{Sink, gzip, write_tgz};
use super::prng::Prng;
use super::site::{Host, Volume};
use super::{Names, System, emit, host};

/// Noise of all logs: 1.5 GB, most of it in rotated logs of 38 MB each; the current ones hold a quarter of a GB.
const LOGS: Volume = Volume { lines: 7_800_000, rotate_at: 200_000, gzip: 6 };
/// Files of one command each, of 120 bytes to 150 kB.
const COMMANDS: u64 = 3_000;
/// Dumps of much state: name and bytes.
const DUMPS: [(&str, usize); 3] = [
    ("commands/vsi_traverse_-s.txt", 48_000_000),
    ("commands/esxtop_-b_-a.csv", 40_000_000),
    ("commands/esxcfg-info_-a--F-xml.txt", 12_000_000),
];
/// Binary traces, gzipped: how many, and bytes of each before.
const TRACES: (u64, usize) = (12, 10_000_000);
/// Fragments of a core dump, which no codec makes smaller: how many, and bytes of each.
const FRAGMENTS: (u64, usize) = (5, 15_000_000);
/// Commands whose output stands in a file for each device, world or module.
const COMMAND_NAMES: [&str; 8] = [
    "esxcli_storage_core_path_stats_get_-p",
    "esxcli_network_nic_stats_get_-n",
    "vsish_-e_get_net_portsets",
    "esxcli_network_vm_port_list_-w",
    "vmkvsitools_lsof_-p",
    "nicinfo.sh_-q",
    "esxcli_storage_core_device_stats_get_-d",
    "cat_proc_driver",
];

/// Writes a `.tgz` bundle at `path` of about 400 MB, two thirds of which are rotated logs that are gzipped already, and gives
/// the size of the file.
///
/// # Errors
///
/// When `path` cannot be written.
pub fn loaded(path: &Path, seed: u64) -> io::Result<u64> {
    let mut options = EvcOptions::default();
    options.cluster.seed = seed;
    let (mut site, _) = evc_incident(&options);
    site.hosts[0].volume = LOGS;
    let system = System::Host(0);
    let names = Names::of(&site, system)?;
    write_tgz(&names.packing(), path, &|sink| {
        emit(&site, system, sink)?;
        bulk(&site.hosts[0], seed, sink)
    })?;
    Ok(path.metadata()?.len())
}

/// Members that make a bundle heavy and hold nothing that an analyzer asks for.
fn bulk(host: &Host, seed: u64, sink: &mut dyn Sink) -> io::Result<()> {
    let (root, at) = (host::bundle_name(host), host.captured_at);
    let mut prng = Prng::labelled(seed, &["bulk"]);
    let mut put = |path: String, bytes: &[u8]| sink.put(&format!("{root}/{path}"), bytes, at);
    for number in 0..COMMANDS {
        let folder = if number % 11 == 0 { "json" } else { "commands" };
        let command = prng.pick::<&str>(&COMMAND_NAMES);
        let path = format!("{folder}/{command}_{number}.txt");
        put(path, &table(&mut prng, command_size(number))?)?;
    }
    for (path, size) in DUMPS {
        put(path.to_owned(), &table(&mut prng, size)?)?;
    }
    for number in 0..TRACES.0 {
        let path = format!("var/log/vsantraces/vsantraces--2020-02-{:02}T{number:02}h00m.gz", number + 1);
        put(path, &gzip(&trace(&mut prng, TRACES.1), LOGS.gzip)?)?;
    }
    for number in 0..FRAGMENTS.0 {
        put(format!("var/core/vmkernel-zdump.1.FRAG-{number:05}"), &dice(&mut prng, FRAGMENTS.1))?;
    }
    Ok(())
}

/// Most commands print little, a few print a lot: from 120 bytes by powers to a thousand times as much.
fn command_size(number: u64) -> usize {
    let part = (number * 619 % COMMANDS) as f64 / COMMANDS as f64;
    (120.0 * 10_f64.powf(3.1 * part * part)) as usize
}

/// Lines of names and numbers, as commands print them.
fn table(prng: &mut Prng, size: usize) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(size + 128);
    while out.len() < size {
        let dice = prng.next();
        match dice & 3 {
            0 => writeln!(out, "   Packets received: {}", dice >> 24)?,
            1 => writeln!(out, "   Device: naa.6{:015x}, queue depth {}", dice >> 4, (dice >> 2) & 63)?,
            2 => writeln!(out, "      usedTime:{}\n      waitTime:{}", dice >> 30, dice >> 40)?,
            _ => writeln!(
                out,
                "   /vmfs/volumes/{:08x}-{:08x}: {} blocks",
                dice >> 32,
                dice >> 12,
                dice >> 50
            )?,
        }
    }
    Ok(out)
}

/// Binary records of a rising counter and small numbers, which gzip halves.
fn trace(prng: &mut Prng, size: usize) -> Vec<u8> {
    let (mut out, mut counter) = (Vec::with_capacity(size + 32), prng.next() >> 8);
    while out.len() < size {
        let dice = prng.next();
        counter += dice >> 48;
        out.extend_from_slice(&counter.to_le_bytes());
        out.extend_from_slice(&[(dice & 63) as u8, 0, ((dice >> 8) & 15) as u8, 0]);
        out.extend_from_slice(&(dice >> 20).to_le_bytes());
        out.extend_from_slice(&(dice & 0xfff).to_le_bytes());
    }
    out
}

/// Bytes without any order.
fn dice(prng: &mut Prng, size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(size + 8);
    while out.len() < size {
        out.extend_from_slice(&prng.next().to_le_bytes());
    }
    out
}
