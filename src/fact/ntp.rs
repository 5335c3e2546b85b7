//! Time synchronisation: which servers a host is told to ask, and what its NTP daemon makes of them.

use serde::{Deserialize, Serialize};

use super::read::{Entry, Limited, WholeLines, blocks, table};
use super::text::{Anchor, EachLine, lossy, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, command_of, is_file, is_output};

/// The output of `ntpq -p`.
pub static PEERS: FactFile = FactFile {
    name: "ntp-peers",
    about: "What the NTP daemon knows of its servers: chosen or not, reached or not, how far off",
    matches: |path| {
        let command = command_of(path);
        command
            .is_some_and(|name| ["ntpq__p", "ntpq__pn", "ntpq__np", "ntpq__c_peers"].contains(&name.as_str()))
    },
    reader: |_| Box::new(WholeLines::new(Peers::default())),
    samples: PEER_SAMPLES,
};

/// The output of `localcli system ntp get`.
pub static STATE: FactFile = FactFile {
    name: "ntp-state",
    about: "Whether NTP is enabled, and its servers",
    matches: |path| is_output(path, "localcli_system-ntp-get"),
    reader: |path| blocks(path, "states of NTP", "", &["Enabled", "Servers", "Server"], state),
    samples: STATE_SAMPLES,
};

/// The output of `localcli system ntp config get`.
pub static CONFIG_LINES: FactFile = FactFile {
    name: "ntp-config",
    about: "NTP servers of the configuration",
    matches: |path| is_output(path, "localcli_system-ntp-config-get"),
    reader: |path| table(path, "NTP servers", |entry, _| server(&entry.text("Command")?)),
    samples: CONFIG_SAMPLES,
};

/// `etc/ntp.conf`.
pub static CONF: FactFile = FactFile {
    name: "ntp-conf",
    about: "NTP servers of the configuration",
    matches: |path| is_file(path, "etc/ntp.conf"),
    reader: |_| {
        Box::new(WholeLines::new(EachLine(|line, text, out| {
            out.facts.extend(server(text).map(|value| line.fact(value)));
        })))
    },
    samples: CONF_SAMPLES,
};

/// What one file or line says of a host's NTP client; what it does not say is `None`.
///
/// From `localcli system ntp get`, `… ntp config get` and `etc/ntp.conf`; the latter two give a fact for each server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NtpConfig {
    /// Whether the client is enabled.
    pub enabled: Option<bool>,
    /// Its servers, names or addresses; empty where the file says that there is none.
    pub servers: Option<Vec<String>>,
}

/// A row of `ntpq -p`; what was not measured is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NtpPeer {
    /// What the daemon makes of it.
    pub tally: NtpTally,
    /// Name or address as printed: no more than its first 15 characters.
    pub remote: String,
    /// What the peer itself is synchronised to: an address, or `.GPS.`, `.INIT.`, `.LOCL.`.
    pub refid: Option<String>,
    /// Distance from a reference clock; 16 is not synchronised.
    pub stratum: u8,
    /// Seconds since the last answer.
    pub when: Option<u64>,
    /// Seconds between questions.
    pub poll: u64,
    /// One bit for each of the last eight questions that was answered, the last one lowest.
    pub reach: u8,
    /// Milliseconds there and back.
    pub delay_ms: f64,
    /// Milliseconds by which the peer is ahead of the host.
    pub offset_ms: f64,
    /// Milliseconds by which offsets vary.
    pub jitter_ms: Option<f64>,
}

/// What an NTP daemon makes of a peer, by the character before its name.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NtpTally {
    /// Blank: not valid, or not reached.
    Reject,
    /// `x`: its time disagrees with that of the others.
    FalseTicker,
    /// `.`: more than are needed.
    Excess,
    /// `-`: too far from the others.
    Outlier,
    /// `+`: taken into account.
    Candidate,
    /// `#`: good, but kept back.
    Backup,
    /// `*`: the host is synchronised to it.
    SystemPeer,
    /// `o`: the host is synchronised to its pulse.
    PpsPeer,
}

impl NtpTally {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            b' ' => NtpTally::Reject,
            b'x' => NtpTally::FalseTicker,
            b'.' => NtpTally::Excess,
            b'-' => NtpTally::Outlier,
            b'+' => NtpTally::Candidate,
            b'#' => NtpTally::Backup,
            b'*' => NtpTally::SystemPeer,
            b'o' => NtpTally::PpsPeer,
            _ => return None,
        })
    }
}

/// Rows below a header that is underlined with `=`.
#[derive(Default)]
struct Peers {
    /// Whether the last line is the header; what is above it is stderr.
    header: bool,
    below: bool,
    limited: Option<Limited>,
}

impl Reader for Peers {
    /// ```text
    ///      remote           refid      st t when poll reach   delay   offset  jitter
    /// ==============================================================================
    /// *ntp1.lab.local  .GPS.            1 u   64  128  377    0.543    0.125   0.043
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        if self.below {
            if let Some(peer) = peer(&text) {
                let limited = self.limited.get_or_insert_with(|| Limited::of("NTP peers"));
                limited.push(Anchor::of(&line), FactValue::NtpPeer(peer), out);
            }
            return;
        }
        self.below = self.header && is_rule(&text);
        self.header |= text.split_whitespace().eq(HEADER.iter().copied());
    }
}

const HEADER: &[&str] = &["remote", "refid", "st", "t", "when", "poll", "reach", "delay", "offset", "jitter"];

fn is_rule(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("===") && text.bytes().all(|byte| byte == b'=')
}

/// One row; `None` where it is another text.
fn peer(text: &str) -> Option<NtpPeer> {
    let tally = NtpTally::of(*text.as_bytes().first()?)?;
    let words: Vec<&str> = text[1..].split_ascii_whitespace().take(12).collect();
    let (remote, refid, told) = match words.as_slice() {
        [remote, refid, told @ ..] if told.len() == 8 => (*remote, Some(*refid), told),
        [remote, told @ ..] if told.len() == 8 => (*remote, None, told),
        _ => return None,
    };
    let &[stratum, kind, when, poll, reach, delay, offset, jitter] = told else { return None };
    if kind.len() != 1 || !"luabmsABMSp-".contains(kind) {
        return None;
    }
    Some(NtpPeer {
        tally,
        remote: value(remote)?,
        refid: refid.and_then(value),
        stratum: stratum.parse().ok().filter(|stratum| *stratum <= 16)?,
        when: if when == "-" { None } else { Some(seconds(when)?) },
        poll: seconds(poll)?,
        reach: u8::from_str_radix(reach, 8).ok()?,
        delay_ms: millis(delay)?,
        offset_ms: millis(offset)?,
        jitter_ms: if jitter == "-" { None } else { Some(millis(jitter)?) },
    })
}

/// `64`, `12m`, `23h`, `5d`
fn seconds(text: &str) -> Option<u64> {
    let unit = match text.bytes().last()? {
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        b'y' => 365 * 86_400,
        _ => return text.parse().ok(),
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

/// `-0.154`, `+1234.5`; so few digits that they are kept as they are.
fn millis(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = (1..=12).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.as_bytes()[0] != b'.';
    if plain { text.parse().ok() } else { None }
}

/// ```text
///    Enabled: true
///    Servers: 10.0.0.5, ntp.lab.local
/// ```
fn state(entry: &Entry, _: &str) -> Option<FactValue> {
    let enabled = entry.flag("Enabled");
    let servers = entry.list("Servers").or_else(|| entry.list("Server"));
    let says = enabled.is_some() || servers.is_some();
    says.then_some(FactValue::NtpConfig(NtpConfig { enabled, servers }))
}

/// `server 10.0.0.5 iburst`, `pool ntp.lab.local`
fn server(text: &str) -> Option<FactValue> {
    let mut words = text.split('#').next()?.split_whitespace();
    let (Some("server" | "pool" | "peer"), Some(name)) = (words.next(), words.next()) else { return None };
    // `server -4 name` chooses the family.
    let name = if matches!(name, "-4" | "-6") { words.next()? } else { name };
    let plain = name.len() <= 255 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:%".contains(&b));
    plain.then(|| FactValue::NtpConfig(NtpConfig { enabled: None, servers: Some(vec![name.to_owned()]) }))
}

const PEER_SAMPLES: &[Sample] = &[
    // ESXi 5 to 9, and vCenter.
    Sample {
        path: "commands/ntpq_-p.txt",
        text: "ntpq: one name is not known\n\
               \x20    remote           refid      st t when poll reach   delay   offset  jitter\n\
               ==============================================================================\n\
               *ntp1.lab.local  .GPS.            1 u   64  128  377    0.543    0.125   0.043\n\
               +10.0.0.6        192.0.2.1        2 u  12m 1024  376   10.000  -61.250   1.500\n\
               ntpq: timed out 3 u 4 5 6 7 8 9\n\
               x10.0.0.7        10.0.0.9         3 u   3h  17m   17    1.000 2500.125   0.000\n\
               \x20ntp4.lab.local  .INIT.          16 u    -   64    0    0.000    0.000   0.000\n\
               \x20LOCAL(0)        .LOCL.           5 l  23h   64    0    0.000    0.000       -\n\
               #10.0.0.10       10.0.0.9         3 u   3h  1",
        facts: &[
            r#"{"fact":"ntp-peer","tally":"system-peer","remote":"ntp1.lab.local","refid":".GPS.","stratum":1,"when":64,"poll":128,"reach":255,"delay_ms":0.543,"offset_ms":0.125,"jitter_ms":0.043}"#,
            r#"{"fact":"ntp-peer","tally":"candidate","remote":"10.0.0.6","refid":"192.0.2.1","stratum":2,"when":720,"poll":1024,"reach":254,"delay_ms":10.0,"offset_ms":-61.25,"jitter_ms":1.5}"#,
            r#"{"fact":"ntp-peer","tally":"false-ticker","remote":"10.0.0.7","refid":"10.0.0.9","stratum":3,"when":10800,"poll":1020,"reach":15,"delay_ms":1.0,"offset_ms":2500.125,"jitter_ms":0.0}"#,
            r#"{"fact":"ntp-peer","tally":"reject","remote":"ntp4.lab.local","refid":".INIT.","stratum":16,"when":null,"poll":64,"reach":0,"delay_ms":0.0,"offset_ms":0.0,"jitter_ms":0.0}"#,
            r#"{"fact":"ntp-peer","tally":"reject","remote":"LOCAL(0)","refid":".LOCL.","stratum":5,"when":82800,"poll":64,"reach":0,"delay_ms":0.0,"offset_ms":0.0,"jitter_ms":null}"#,
        ],
    },
    Sample { path: "commands/ntpq_-p.txt", text: "ntpq: read: Connection refused\n", facts: &[] },
];

const STATE_SAMPLES: &[Sample] = &[
    // ESXi 6.7 U3 and 7.
    Sample {
        path: "commands/localcli_system-ntp-get.txt",
        text: "Enabled: not known\n   Enabled: true\n   Loglevel: warning\n   PID: 2097999\n   Runtime Seconds: 55\n   \
               Server: 10.0.0.5, ntp.lab.local\n",
        facts: &[r#"{"fact":"ntp-config","enabled":true,"servers":["10.0.0.5","ntp.lab.local"]}"#],
    },
    // ESXi 7.0 U3 to 9.
    Sample {
        path: "commands/esxcli_system_ntp_get.txt",
        text: "   Enabled: false\n   Servers: \n   Service Providing Kernel Time: Network Time Protocol\n   \
               Time Service Enabled: true\n   Time Synchronized: true\n",
        facts: &[r#"{"fact":"ntp-config","enabled":false,"servers":[]}"#],
    },
    Sample {
        path: "commands/localcli_system-ntp-get.txt",
        text: "   Enabled: true\n   Servers: 10.0.0.5, ntp.la",
        facts: &[r#"{"fact":"ntp-config","enabled":true,"servers":null}"#],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-ntp-get.txt",
        text: "warning: x\n{\"Enabled\": true, \"Loglevel\": \"warning\", \"PID\": null, \"Server\": [\"10.0.0.5\", \"10.0.0.6\"]}\n",
        facts: &[r#"{"fact":"ntp-config","enabled":true,"servers":["10.0.0.5","10.0.0.6"]}"#],
    },
];

const CONFIG_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_system-ntp-config-get.txt",
        text: "server 10.0.0.4 did not answer\nCommand\n--------------------------\n\
               tos maxdist 30\nrestrict -6 ::1\ndriftfile /etc/ntp.drift\nserver 10.0.0.5\nserver 10.0.0.6 version 3\nserver 10.0.0",
        facts: &[
            r#"{"fact":"ntp-config","enabled":null,"servers":["10.0.0.5"]}"#,
            r#"{"fact":"ntp-config","enabled":null,"servers":["10.0.0.6"]}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-system-ntp-config-get.txt",
        text: "[\n {\n  \"Command\": \"driftfile /etc/ntp.drift\"\n },\n {\n  \"Command\": \"server 10.0.0.5\"\n }\n]\n",
        facts: &[r#"{"fact":"ntp-config","enabled":null,"servers":["10.0.0.5"]}"#],
    },
];

const CONF_SAMPLES: &[Sample] = &[Sample {
    path: "etc/ntp.conf",
    text: "# server 10.0.0.1\nrestrict 127.0.0.1\nserver 10.0.0.5 iburst # near\npool -4 ntp.lab.local\r\nserver\nserver nt",
    facts: &[
        r#"{"fact":"ntp-config","enabled":null,"servers":["10.0.0.5"]}"#,
        r#"{"fact":"ntp-config","enabled":null,"servers":["ntp.lab.local"]}"#,
    ],
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_row_of_peers_is_left_out() {
        let row = "*ntp1.lab.local  .GPS.  1 u  64  128  377  0.543  0.125  0.043";
        assert!(peer(row).is_some() && peer(&row.replace(".GPS.", "")).is_some());
        for (what, instead) in [
            ("*", "?"),
            (" 1 u", " 17 u"),
            (" u ", " z "),
            ("377", "378"),
            ("377", "400"),
            ("128", "often"),
            ("0.125", "nan"),
            ("0.125", "1e9"),
            ("0.125", "123456789.1234"),
            ("0.043", ""),
            ("0.043", "0.043 more"),
        ] {
            assert!(peer(&row.replacen(what, instead, 1)).is_none(), "{what} {instead}");
        }
        assert!(peer("").is_none() && peer("é").is_none());
    }

    #[test]
    fn a_header_that_is_translated_or_reordered_gives_nothing() {
        let row = "*ntp1.lab.local  .GPS.  1 u  64  128  377  0.543  0.125  0.043\r\n";
        let check = |header: &str, expected: usize| {
            let text = format!("{header}\r\n=====\r\n{row}");
            let out = crate::fact::tests::read(&PEERS, "commands/ntpq_-p.txt", text.as_bytes());
            assert_eq!(out.facts.len(), expected, "{header}");
        };
        check(&HEADER.join("  "), 1);
        check("remote refid st t when poll reach offset delay jitter", 0);
        check("远程 refid st t when poll reach delay offset jitter", 0);
    }
}
