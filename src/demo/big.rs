//! Bundles of any size for benchmarks: one host of the EVC incident with as much noise as asked for.

use std::io;
use std::path::Path;

use super::evc::{EvcOptions, evc_incident};
use super::pack::write_tgz;
use super::site::Volume;
use super::{Names, System, emit};

/// Writes a `.tgz` bundle at `path` whose logs hold about `uncompressed` bytes, and gives the size of the file.
///
/// It streams: no more than one rotation of one log is held, whatever the size.
///
/// # Errors
///
/// When `path` cannot be written.
pub fn big(path: &Path, uncompressed: u64, seed: u64) -> io::Result<u64> {
    let mut options = EvcOptions::default();
    options.cluster.seed = seed;
    let (mut site, _) = evc_incident(&options);
    site.hosts[0].volume = Volume::of_bytes(uncompressed);
    let system = System::Host(0);
    let names = Names::of(&site, system)?;
    write_tgz(&names.packing(), path, &|sink| emit(&site, system, sink))?;
    Ok(path.metadata()?.len())
}
