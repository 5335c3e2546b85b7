//! Puts a record under the header of another release, with writers that share no code with the readers.

use esxray::format;

/// One header of a family, as a function of the stamp, the sub, the opID and the message's first line.
type Head = fn(&Parts<'_>) -> String;

/// What a header is made of.
pub struct Parts<'a> {
    /// RFC 3339 with milliseconds and `Z`.
    pub stamp: &'a str,
    program: &'a str,
    sub: &'a str,
    op_id: &'a str,
    user: &'a str,
}

impl Parts<'_> {
    /// `item`s of a vmacore header behind its sub.
    fn keys(&self) -> String {
        let key = |name: &str, value: &str| match value {
            "" => String::new(),
            value => format!(" {name}={value}"),
        };
        key("opID", self.op_id) + &key("user", self.user)
    }

    /// `2020-02-03T10:00:00Z`
    fn seconds(&self) -> String {
        format!("{}Z", self.stamp.split(['.', 'Z']).next().unwrap_or_default())
    }
}

const KERNEL: &[Head] = &[
    |of| format!("{} cpu4:20977)", of.stamp),
    |of| format!("{} Wa(180) vmkwarning: cpu4:20977)", of.stamp),
    |_| "Aug  5 06:07:13 esx01 vmkernel: 12:01:02:03.456 cpu4:4097)".to_owned(),
];
const DAEMON: &[Head] = &[
    |of| format!("{} info {}[2099] [Originator@6876 sub={}{}] ", of.stamp, of.program, of.sub, of.keys()),
    |of| {
        format!("{} In(166) {}[2099]: [Originator@6876 sub={}{}] ", of.stamp, capital(of), of.sub, of.keys())
    },
    |of| format!("{} [FFA1B2C0 info '{}'{}] ", of.stamp, of.sub, of.keys()),
];
const VPXD: &[Head] = &[
    |of| format!("{} info vpxd[01234] [Originator@6876 sub={}{}] ", of.stamp, of.sub, of.keys()),
    |of| format!("{} info vpxd[7F03ECE76700] [Originator@6876 sub={}{}] ", of.stamp, of.sub, of.keys()),
    |of| format!("{} [05160 info '{}'{}] ", of.stamp, of.sub, of.keys()),
];
const VOBD: &[Head] = &[|of| format!("{}: ", of.stamp), |of| format!("{} In(14) vobd[1]:  ", of.stamp)];
const VMX: &[Head] = &[
    |of| format!("{}| vmx| I125: ", of.stamp),
    |of| format!("{}| vmx| ", of.stamp),
    |of| format!("{} In(05) vmx - ", of.stamp),
];
const JOURNAL: &[Head] = &[
    |of| format!("{}+00:00 vcsa vpxd[2099]: ", of.stamp.trim_end_matches('Z')),
    |_| "Feb 03 10:00:00 vcsa vpxd[2099]: ".to_owned(),
];
const SYSLOG: &[Head] = &[
    |of| format!("{} {}[2099]: ", of.seconds(), of.program),
    |of| format!("{} In(14) {}[2099]: ", of.stamp, of.program),
];

fn capital(of: &Parts<'_>) -> String {
    of.program[..1].to_uppercase() + &of.program[1..]
}

/// The headers that `family` was written with, over the releases; empty where they are not told apart here.
pub fn of_family(family: &str) -> &'static [Head] {
    match family {
        "vmkernel" | "vmkwarning" => KERNEL,
        "hostd" | "vpxa" | "fdm" | "hostd-probe" | "rhttpproxy" => DAEMON,
        "vpxd" => VPXD,
        "vobd" => VOBD,
        "vmware" => VMX,
        "journal" => JOURNAL,
        "clomd" | "cmmdsd" | "osfsd" => SYSLOG,
        _ => &[],
    }
}

/// `record` under another header, its continuation lines as that header's release writes them; `None` where the record
/// has no header that could be taken off.
pub fn under(record: &str, family: &str, head: Head, stamp: &str) -> Option<String> {
    let record = record.trim_start_matches('\n');
    let mut lines = record.split('\n');
    let header = format::parse(lines.next()?.as_bytes())?;
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let (program, sub) = (text(header.program).to_lowercase(), text(header.sub));
    let (op_id, user) = (text(header.op_id), text(header.user));
    let parts = Parts {
        stamp,
        program: if of_family(family) == SYSLOG && !program.is_empty() { &program } else { family },
        sub: if sub.is_empty() { "Default" } else { &sub },
        op_id: &op_id,
        user: &user,
    };
    let first = head(&parts);
    // From 8.0 on a host repeats the header before each line.
    let again = first.find("[Originator@").filter(|_| first.contains(" In(")).map_or("", |at| &first[..at]);
    let mut out = format!("{first}{}", String::from_utf8_lossy(header.message));
    for line in lines {
        let bare = format::parse(line.as_bytes()).map_or(line.as_bytes(), |header| header.message);
        let bare = String::from_utf8_lossy(bare);
        out.push_str(&format!("\n{again}{}", bare.trim_start_matches(' ')));
    }
    Some(out)
}
