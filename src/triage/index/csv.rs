//! `index.csv`: one case a line, safe to open in a spreadsheet. Lines end in CR LF, as RFC 4180 has it.

use std::io::{self, Write};

use super::Index;
use crate::model::{HostKind, Timestamp};
use crate::report::escape;
use crate::triage::row::Row;

const COLUMNS: &str = "case,severity,confidence,incident,title,first_seen,last_seen,esxi,vcenter,hosts,missing_hosts,\
                       incomplete,problems,from,to,cluster,also,bundles,report";

pub(super) fn write(index: &Index, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{COLUMNS}\r\n")?;
    for row in &index.cases {
        let cells: Vec<String> = cells(row).iter().map(|cell| escape::csv(cell)).collect();
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}

fn cells(row: &Row) -> [String; 19] {
    let time = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<String>>().join("; ");
    let releases = |kind: HostKind| row.releases(kind).into_iter().collect::<Vec<String>>().join("; ");
    [
        row.id.clone(),
        row.severity.map_or("none", |severity| severity.name()).to_owned(),
        row.confidence.map_or("", |confidence| confidence.name()).to_owned(),
        row.shape.as_ref().map_or_else(String::new, |shape| shape.id()),
        row.title.clone(),
        time(row.first_seen),
        time(row.last_seen),
        releases(HostKind::Esxi),
        releases(HostKind::Vcenter),
        list(&mut row.hosts.iter().map(|host| host.name.clone())),
        list(&mut row.missing_hosts.iter().cloned()),
        if row.incomplete { "yes" } else { "no" }.to_owned(),
        row.problems.to_string(),
        time(row.from),
        time(row.to),
        row.cluster.clone().unwrap_or_default(),
        list(&mut row.also.iter().map(|shape| shape.id())),
        row.hosts.iter().flat_map(|host| host.bundles.clone()).collect::<Vec<String>>().join("; "),
        row.report(".html"),
    ]
}
