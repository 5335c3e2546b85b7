//! Incident 3: the first incident once more, with the evidence as real life gives it: a bundle that nobody collected,
//! one that was cut in transfer, a rotation and a fragment that are gone, a core dump that is encrypted.

use super::cluster::ClusterOptions;
use super::evc::{EvcOptions, EvcTruth, evc_incident};
use super::prng::Prng;
use super::site::{Host, Site, Volume};

/// A member of a host's bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// The host's name.
    pub host: String,
    /// The path inside its bundle.
    pub member: String,
}

/// What is wrong with the evidence of [`damaged_evidence`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamageTruth {
    /// What happened all the same; hosts and VMs of the absent host included.
    pub incident: EvcTruth,
    /// The host that no bundle is of.
    pub absent: String,
    /// Its vSAN node, by which the others know it.
    pub absent_node: String,
    /// A rotation that lies between two others and is not in the bundle.
    pub rotation: Planted,
    /// A fragment of a command's output that is not in the bundle, with its number.
    pub fragment: (Planted, u32),
    /// A core dump in an envelope that only a key opens.
    pub encrypted: Planted,
    /// The host whose bundle ends early.
    pub cut: String,
}

/// How much is left of the bundle that was cut, in hundredths.
const KEPT: u8 = 80;
/// The fragment that is left out.
const FRAGMENT: u32 = 1;

/// The site and the truth: five hosts, of which each of the last four has something wrong with its evidence.
///
/// The volume is that of `volume`, with more rotations.
pub fn damaged_evidence(volume: Volume, seed: u64) -> (Site, DamageTruth) {
    let cluster = ClusterOptions {
        seed,
        hosts: 5,
        vms_per_host: 2,
        prefix: "node".to_owned(),
        domain: "plant.example.com".to_owned(),
        cluster: "Plant".to_owned(),
        vsan: true,
        // Five files of vmkernel, whatever the volume.
        volume: Volume { rotate_at: (volume.lines / 20).max(1), ..volume },
        ..ClusterOptions::default()
    };
    let (mut site, incident) = evc_incident(&EvcOptions { cluster, ..EvcOptions::default() });
    let rotation = plant(&mut site.hosts[1], "var/run/log/vmkernel.1.gz");
    site.hosts[1].omit.insert(rotation.member.clone());
    let dump = "commands/vmware-vimdump_-o----U-dcui.txt";
    let fragment = plant(&mut site.hosts[2], &format!("{dump}.FRAG-{FRAGMENT:05}"));
    site.hosts[2].omit.insert(fragment.member.clone());
    let encrypted = plant(&mut site.hosts[2], "var/core/vmkernel-zdump.1");
    let envelope = encrypted_dump(seed);
    site.hosts[2].extra.insert(encrypted.member.clone(), envelope);
    site.hosts[3].kept_percent = Some(KEPT);
    let cut = site.hosts[3].name.clone();
    let absent = site.hosts.remove(4);
    let truth = DamageTruth {
        incident,
        absent: absent.name,
        absent_node: absent.uuid,
        rotation,
        fragment: (fragment, FRAGMENT),
        encrypted,
        cut,
    };
    (site, truth)
}

fn plant(host: &mut Host, member: &str) -> Planted {
    Planted { host: host.name.clone(), member: member.to_owned() }
}

/// A kernel dump of a host in crypto-safe mode: the dump's own header, the envelope's, and what only a key opens.
fn encrypted_dump(seed: u64) -> Vec<u8> {
    const PAGE: usize = 4096;
    let mut bytes = b"VMKDUMP1".to_vec();
    bytes.resize(PAGE, 0);
    bytes.extend_from_slice(b"DataTransformEnvelope");
    bytes.resize(2 * PAGE, 0);
    let mut prng = Prng::labelled(seed, &["envelope"]);
    bytes.extend((0..16 * PAGE).map(|_| (prng.next() >> 32) as u8));
    bytes
}
