//! The catalogue of log families. To add one, add an entry with a sample of each shape that it is written in.

use super::shape::kernel::vob_uptime;
use super::{Format, Header, time};

const PLAIN: Format = Format {
    name: "",
    stems: &[],
    bare: false,
    command: None,
    rotates: true,
    has_dialects: false,
    of_threads: true,
    uptime: None,
    samples: &[],
};

/// Every log family that is read, in the order of the report's coverage table.
pub static FORMATS: &[&Format] = &[
    &Format {
        name: "vmkernel",
        stems: &["vmkernel"],
        of_threads: false,
        bare: true,
        samples: &[
            ("2020-07-01T08:15:30.123Z cpu4:2097705)Vmxnet3: 1: x", "Vmxnet3: 1: x"),
            ("2023-07-01T08:15:30.123Z In(182) vmkernel: cpu4:2097705)Vmxnet3: 1: x", "Vmxnet3: 1: x"),
            ("Aug  5 06:07:13 esx01 vmkernel: 12:01:02:03.456 cpu4:4097)Vmxnet3: 1: x", "Vmxnet3: 1: x"),
            ("0:00:00:04.100 cpu0:1)VMB: 1: x", "VMB: 1: x"),
            ("TSC: 1234567 cpu0:1)VMB: 1: x", "VMB: 1: x"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vmkwarning",
        stems: &["vmkwarning"],
        of_threads: false,
        bare: true,
        samples: &[
            ("2020-07-01T08:15:30.123Z cpu4:2097705)WARNING: A: 1: x", "WARNING: A: 1: x"),
            (
                "2023-07-01T08:15:30.123Z Wa(180) vmkwarning: cpu4:2097705)WARNING: A: 1: x",
                "WARNING: A: 1: x",
            ),
        ],
        ..PLAIN
    },
    &Format {
        name: "vmkalert",
        stems: &["vmkalert"],
        of_threads: false,
        samples: &[(
            "2023-07-01T08:15:30.123Z Al(177) vmkalert: cpu4:2097705)ALERT: A: 1: x",
            "ALERT: A: 1: x",
        )],
        ..PLAIN
    },
    &Format {
        name: "cmmdsd",
        stems: &["cmmdsd"],
        samples: &[
            ("2020-07-01T08:15:30Z cmmdsd[2099]: m", "m"),
            ("2023-07-01T08:15:30.123Z In(14) cmmdsd[2099]: m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "cmmdsTimeMachine",
        stems: &["cmmdstimemachine"],
        samples: &[
            ("2020-07-01T08:15:30Z cmmdsTimeMachine[2099]: m", "m"),
            ("2023-07-01T08:15:30.123Z In(14) cmmdsTimeMachine[2099]: m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "cmmdsTimeMachineDump",
        stems: &["cmmdstimemachinedump"],
        samples: &[("1593591330.123456,5f01,18,2,5f02,0,{\"a\": 1}", "5f01,18,2,5f02,0,{\"a\": 1}")],
        ..PLAIN
    },
    &Format {
        name: "vmksummary",
        stems: &["vmksummary"],
        bare: true,
        uptime: Some(heartbeat_uptime),
        samples: &[
            ("2020-07-01T08:15:30Z bootstop: Host has booted", "Host has booted"),
            ("2023-07-01T08:15:30.123Z In(14) bootstop[2097]: Host has booted", "Host has booted"),
            ("2020-07-01T08:15:30Z Host has booted", "Host has booted"),
            ("2020-07-01T08:00:01Z heartbeat: up 3d4h5m6s, 2 VMs; [] []", "up 3d4h5m6s, 2 VMs; [] []"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vobd",
        stems: &["vobd"],
        uptime: Some(vobd_uptime),
        samples: &[
            ("2020-07-01T08:15:30.123Z: [netCorrelator] 1us: [vob.x] t", "[netCorrelator] 1us: [vob.x] t"),
            (
                "2023-07-01T08:15:30.123Z In(14) vobd[1]:  [netCorrelator] 1us: [vob.x] t",
                "[netCorrelator] 1us: [vob.x] t",
            ),
        ],
        ..PLAIN
    },
    &Format {
        name: "hostd",
        stems: &["hostd"],
        samples: &[
            ("2020-07-01T08:15:30.123Z info hostd[2099] [Originator@6876 sub=Default] m", "m"),
            ("2023-07-01T08:15:30.123Z In(166) Hostd[2099]: [Originator@6876 sub=Default] m", "m"),
            ("2013-07-01T08:15:30.123Z [FFA1B2C0 info 'Default' opID=ab] m", "m"),
            ("[2010-07-01 08:15:30.123 F5A5AB90 info 'App'] m", "m"),
            ("[2008-07-01 08:15:30.123 'App' 3076440384 info] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "hostd-probe",
        stems: &["hostd-probe"],
        samples: &[
            ("2020-07-01T08:15:30.123Z info hostd-probe[2099] [Originator@6876 sub=Default] m", "m"),
            ("2023-07-01T08:15:30.123Z In(166) Hostd-probe[2099]: [Originator@6876 sub=Default] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vpxa",
        stems: &["vpxa"],
        samples: &[
            ("2020-07-01T08:15:30.123Z verbose vpxa[2099] [Originator@6876 sub=Default] m", "m"),
            ("2023-07-01T08:15:30.123Z Db(167) Vpxa[2099]: [Originator@6876 sub=vpxLro opID=a-1] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "fdm",
        stems: &["fdm"],
        samples: &[
            ("2020-07-01T08:15:30.123Z info fdm[2099] [Originator@6876 sub=Election opID=SWI-1] m", "m"),
            ("2023-07-01T08:15:30.123Z In(166) Fdm[2099]: [Originator@6876 sub=Election opID=SWI-1] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "rhttpproxy",
        stems: &["rhttpproxy"],
        samples: &[
            ("2020-07-01T08:15:30.123Z verbose rhttpproxy[2099] [Originator@6876 sub=Proxy Req 1] m", "m"),
            ("2023-07-01T08:15:30.123Z In(166) Rhttpproxy[2099]: [Originator@6876 sub=Proxy Req 1] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "clomd",
        stems: &["clomd"],
        samples: &[
            ("2020-07-01T08:15:30Z clomd[2099]: CLOMX: m", "CLOMX: m"),
            ("2023-07-01T08:15:30.123Z In(14) clomd[2099]: CLOMX: m", "CLOMX: m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vsanmgmt",
        stems: &["vsanmgmt"],
        samples: &[
            ("2021-05-11T22:32:32.922Z info vsand[1000] [opID=a Cls::_fn] m", "m"),
            ("2023-07-01T08:15:30.123Z In(14) vsanmgmtd[1000]: [opID=a Cls::_fn] m", "[opID=a Cls::_fn] m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vsansystem",
        stems: &["vsansystem"],
        samples: &[
            (
                "2020-07-01T08:15:30.123Z info vsansystem[2099] [Originator@6876 sub=Libs opId=vsan-d81a] m",
                "m",
            ),
            ("2023-07-01T08:15:30.123Z In(166) vsansystem[2099]: [vSAN@6876 sub=Libs opId=vsan-d81a] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "osfsd",
        stems: &["osfsd"],
        samples: &[
            ("2020-07-01T08:15:30Z osfsd: 2099:Provider_Open:12: m", "2099:Provider_Open:12: m"),
            ("2023-07-01T08:15:30.123Z In(14) osfsd[2099]: m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "esxupdate",
        stems: &["esxupdate", "lifecycle"],
        samples: &[
            ("2020-07-01T08:15:30Z esxupdate: 2099: root: INFO: m", "2099: root: INFO: m"),
            ("2012-07-01T08:15:30Z esxupdate: root: INFO: m", "root: INFO: m"),
            ("2021-07-01T08:15:30Z lifecycle: 2099: apply:58 ERROR m", "2099: apply:58 ERROR m"),
            ("2023-07-01T08:15:30.123Z In(14) lifecycle[2099]: apply:58 m", "apply:58 m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "syslog",
        stems: &["syslog"],
        samples: &[
            ("2020-07-01T08:15:30Z watchdog-vobd[2099]: m", "m"),
            ("2023-07-01T08:15:30.123Z In(14) settingsd[2099]: debug [ConfigStore:c5f9 opId=ca-1] m", "m"),
            ("2022-07-01 In(14) hostprofile[2099]: 08:15:30.123 m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "auth",
        stems: &["auth"],
        samples: &[
            (
                "2020-07-01T08:15:30Z sshd[2099]: Connection from 192.0.2.1 port 7",
                "Connection from 192.0.2.1 port 7",
            ),
            ("2023-07-01T08:15:30.123Z In(38) sshd[2099]: m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "shell",
        stems: &["shell"],
        samples: &[
            ("2020-07-01T08:15:30Z shell[2099]: [root]: ls", "[root]: ls"),
            ("2023-07-01T08:15:30.123Z In(14) shell[2099]: [root]: ls", "[root]: ls"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vmware",
        stems: &["vmware"],
        // VMs have logs of their own, and their numbers do not follow each other.
        rotates: false,
        has_dialects: true,
        samples: &[
            ("2020-07-01T08:15:30.123Z| vmx| I125: m", "m"),
            ("2012-07-01T08:15:30.123Z| vmx| m", "m"),
            ("2023-07-01T08:15:30.123Z In(05) vmx - m", "m"),
            ("Aug 15 06:07:13.123: vmx| m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vpxd",
        stems: &["vpxd"],
        samples: &[
            ("2020-07-01T08:15:30.123Z warning vpxd[01234] [Originator@6876 sub=vpxLro opID=a] m", "m"),
            ("2020-07-01T08:15:30.123+09:00 info vpxd[7F03ECE76700] [Originator@6876 sub=vpxLro] m", "m"),
            ("2025-07-01T08:15:30.123Z INFO vpxd 20973 [Originator@4413 sub=\"vpxLro\" opID=\"a\"] m", "m"),
            ("2013-07-01T08:15:30.123-07:00 [05160 info 'Default' opID=ab] m", "m"),
            ("[2010-07-01 08:15:30.123 05160 info 'App'] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vpxd-profiler",
        stems: &["vpxd-profiler"],
        samples: &[("2020-07-01T08:15:30.123Z info vpxd[01234] [Originator@6876 sub=Profiler] m", "m")],
        ..PLAIN
    },
    &Format {
        name: "eam",
        stems: &["eam"],
        samples: &[
            ("2020-07-01T08:15:30.123Z |  INFO | host-poll-1 | VcConnection.java | 148 | m", "m"),
            ("2020-07-01T08:15:30.123Z | ERROR | eam-0 | Utils.java | 9 | a | b", "a | b"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vsan-health",
        stems: &[
            "vmware-vsan-health-service",
            "vmware-vsan-health-summary-result",
            "vsanvcmgmtd",
            "vsan-health",
        ],
        samples: &[
            ("2022-07-01T08:15:30.123Z INFO vsan-mgmt[2099] [Cls::_fn opID=SWI-2a-8c] m", "m"),
            ("2022-07-01T08:15:30.123Z info vsanvcmgmtd[2099] [vSAN@6876 sub=CnsSync] m", "m"),
        ],
        ..PLAIN
    },
    &Format {
        name: "vmon",
        stems: &["vmon"],
        has_dialects: true,
        samples: &[("2022-07-01T08:15:30.123Z In(05) host-2099 <analytics> m", "<analytics> m")],
        ..PLAIN
    },
    &Format {
        name: "journal",
        stems: &["messages"],
        bare: true,
        command: Some("journalctl"),
        samples: &[
            ("Jul 01 08:15:30 vcsa vpxd[2099]: Event [7] [1-1] m", "Event [7] [1-1] m"),
            ("2020-07-01T08:15:30.123456+00:00 vcsa vpxd[2099]: Event [7] [1-1] m", "Event [7] [1-1] m"),
            ("-- Reboot --", "Reboot"),
        ],
        ..PLAIN
    },
];

/// `[vmfsCorrelator] 123us: …`
fn vobd_uptime(header: &Header<'_>) -> Option<i64> {
    vob_uptime(header.message)
}

/// `heartbeat: up 3d4h5m6s, 2 VMs; …`
fn heartbeat_uptime(header: &Header<'_>) -> Option<i64> {
    let text = header.message.strip_prefix(b"up ")?;
    let text = &text[..text.iter().position(|&byte| byte == b',')?];
    let (mut seconds, mut rest) = (0, text);
    for (unit, length) in [(b'd', 86_400), (b'h', 3_600), (b'm', 60), (b's', 1)] {
        let Some(end) = rest.iter().position(|&byte| byte == unit) else { continue };
        seconds += time::number(&rest[..end]).filter(|&count| count < 100_000)? * length;
        rest = &rest[end + 1..];
    }
    (rest.is_empty() && header.program.is_some_and(|name| name.eq_ignore_ascii_case(b"heartbeat")))
        .then_some(seconds * 1_000_000)
}
