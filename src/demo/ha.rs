//! vSphere HA's list of the cluster's hosts, as the agent of each host prints it.

use std::fmt::Write;

use super::site::Site;

/// Turns vSphere HA on: every host's bundle gets `commands/prettyPrint.sh_hostlist.txt` with all hosts of the site.
pub fn add_ha(site: &mut Site) {
    let text = host_list(site);
    for host in &mut site.hosts {
        host.extra.insert("commands/prettyPrint.sh_hostlist.txt".to_owned(), text.clone().into_bytes());
    }
}

/// A count of bytes, then XML.
fn host_list(site: &Site) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<hostList xmlns=\"urn:csi\">\n");
    for host in &site.hosts {
        let (net, release) = (&host.net, &host.release);
        let _ = write!(
            text,
            "   <host>\n      <hostId>host-{}</hostId>\n      <hostName>{}</hostName>\n      <ipAddress>{}</ipAddress>\n      \
             <netmask>255.255.255.0</netmask>\n      <hostdPort>443</hostdPort>\n      <mac>{}</mac>\n      \
             <version>{}</version>\n      <build>{}</build>\n   </host>\n",
            host.moref, host.name, net.management, net.mac, release.version, release.build
        );
    }
    text.push_str("</hostList>\n");
    format!("{}\n{text}", text.len())
}
