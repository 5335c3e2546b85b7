//! Every shape of record: random values in, the same values out; stamps against a date library; and each real line,
//! where those are at hand.

use esxray::format::{self, Header, Shape, time};
use esxray::model::{Stamp, TimeQuality, Timestamp};
use proptest::prelude::*;

/// What a line was made of.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    shape: Shape,
    stamp: Option<Stamp>,
    host: Option<String>,
    level: Option<String>,
    program: Option<String>,
    thread: Option<String>,
    sub: Option<String>,
    op_id: Option<String>,
    user: Option<String>,
    message: String,
}

impl Row {
    fn of(header: &Header<'_>) -> Row {
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Row {
            shape: header.shape,
            stamp: header.stamp,
            host: text(header.host),
            level: text(header.level),
            program: text(header.program),
            thread: text(header.thread),
            sub: text(header.sub),
            op_id: text(header.op_id),
            user: text(header.user),
            message: text(Some(header.message)).unwrap_or_default(),
        }
    }
}

#[track_caller]
fn check(line: &str, row: &Row) {
    let header = format::parse(line.as_bytes()).unwrap_or_else(|| panic!("no header: {line}"));
    assert_eq!(Row::of(&header), *row, "{line}");
    assert!(format::starts_record(line.as_bytes()), "no record begins: {line}");
}

/// A stamp as it is written, and what it says.
#[derive(Clone, Debug)]
struct Written {
    text: String,
    stamp: Stamp,
}

/// Digits of the fraction, and where the offset stands.
fn written(seconds: i64, micros: i64, digits: usize, offset: Option<i64>, between: char) -> Written {
    let local = Timestamp::from_seconds(seconds + offset.unwrap_or(0) * 60);
    let text = local.to_string();
    let mut text = text.trim_end_matches('Z').replace('T', &between.to_string());
    let fraction = format!("{micros:06}000");
    let mut kept = 0;
    if digits > 0 {
        text.push('.');
        text.push_str(&fraction[..digits]);
        let shown = &fraction[..digits.min(6)];
        kept = format!("{shown:0<6}").parse().expect("digits");
    }
    match offset {
        None if between == 'T' => text.push('Z'),
        None => {}
        Some(minutes) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            text.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
        }
    }
    let quality = if digits > 0 { TimeQuality::Exact } else { TimeQuality::Second };
    Written { text, stamp: Stamp { time: Timestamp::from_seconds(seconds).plus_micros(kept), quality } }
}

fn stamps() -> impl Strategy<Value = Written> {
    let offset = prop_oneof![3 => Just(None), 1 => (-14 * 60..=14 * 60i64).prop_map(Some)];
    (86_400i64..7_000_000_000, 0i64..1_000_000, 0usize..=9, offset)
        .prop_map(|(seconds, micros, digits, offset)| written(seconds, micros, digits, offset, 'T'))
}

/// With a fraction of three digits and no offset, as 4.x and Java write it.
fn dated_stamps() -> impl Strategy<Value = Written> {
    (86_400i64..7_000_000_000, 0i64..1_000)
        .prop_map(|(seconds, millis)| written(seconds, millis * 1_000, 3, None, ' '))
}

fn number() -> impl Strategy<Value = String> {
    (1u64..2_000_000_000).prop_map(|number| number.to_string())
}

fn op_ids() -> impl Strategy<Value = String> {
    "[A-Za-z0-9@:._]{1,12}(-[0-9a-f]{1,8}){0,4}"
}

/// Text behind a header: it may hold anything but what would be a header of its own.
fn messages() -> impl Strategy<Value = String> {
    r"[A-Z][a-z]{2,8}X [ -~あ-ん表能]{0,60}[a-z]"
}

fn levels() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["info", "warning", "error", "verbose", "trivia", "panic"])
        .prop_map(str::to_owned)
}

fn severities() -> impl Strategy<Value = (String, String)> {
    let letters = prop::sample::select(vec!["Em", "Al", "Cr", "Er", "Wa", "No", "In", "Db"]);
    (letters, 0u32..192).prop_map(|(letters, number)| (letters.to_owned(), format!("{letters}({number})")))
}

/// Values of `sub`: with blanks, pairs of brackets, paths.
fn subs() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][A-Za-z0-9.]{2,16}",
        r"[A-Z][a-z]{2,8} #[0-9]{1,3}",
        r"[A-Z][a-z]{2,8}\[[0-9]{1,2}\]\.[A-Z][a-z]{2,8}",
        r"Vmsvc\.vm:/vmfs/volumes/[a-z0-9:-]{4,20}/[a-z]{1,6} [a-z]{1,6} \([0-9]\)/[a-z]{1,8}\.vmx",
    ]
}

fn users() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{2,8}",
        r"vpxuser:<no user>",
        r"[A-Z]{2,6}\\[a-z]{2,8}",
        r"vpxuser:LAB\.LOCAL\\[a-z]{2,8}-[0-9a-f]{4}"
    ]
}

/// A vmacore header and its columns; keys that are not read stand between.
fn originators() -> impl Strategy<Value = (String, Option<String>, Option<String>, Option<String>)> {
    let maybe = |strategy| prop::option::of(strategy);
    (subs(), maybe(op_ids().boxed()), maybe(users().boxed()), maybe("[0-9a-f]{8}".boxed()), 1_000u32..9_999)
        .prop_map(|(sub, op_id, user, sid, number)| {
            let mut text = format!("[Originator@{number} sub={sub}");
            for (key, value) in [("opID", &op_id), ("sid", &sid), ("user", &user)] {
                if let Some(value) = value {
                    text.push_str(&format!(" {key}={value}"));
                }
            }
            text.push(']');
            (text, Some(sub), op_id, user)
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn vmkernel(at in stamps(), cpu in 0u32..512, world in number(), op in prop::option::of("[0-9a-f]{7,8}"), text in messages()) {
        let op_text = op.as_ref().map(|op| format!(" opID={op}")).unwrap_or_default();
        let own = |shape, level: Option<&str>| Row {
            shape, stamp: Some(at.stamp), level: level.map(str::to_owned), program: Some("vmkernel".into()),
            thread: Some(world.clone()), op_id: op.clone(), message: text.clone(), ..Row::default()
        };
        check(&format!("{} cpu{cpu}:{world}{op_text}){text}", at.text), &own(Shape::Vmkernel, None));
        check(&format!("{} In(182) vmkernel: cpu{cpu}:{world}{op_text}){text}", at.text), &own(Shape::Severity, Some("In")));
        let warning = format!("WARNING: {text}");
        let row = Row { message: warning.clone(), ..own(Shape::Vmkernel, Some("WARNING")) };
        check(&format!("{} cpu{cpu}:{world}{op_text}){warning}", at.text), &row);
    }

    #[test]
    fn vmacore(at in stamps(), level in levels(), program in "[a-z][a-z-]{1,10}", thread in number(), (bracket, sub, op_id, user) in originators(), text in messages(), sev in severities()) {
        let row = Row {
            shape: Shape::Vmacore, stamp: Some(at.stamp), level: Some(level.clone()), program: Some(program.clone()),
            thread: Some(thread.clone()), sub, op_id, user, message: text.clone(), host: None,
        };
        check(&format!("{} {level} {program}[{thread}] {bracket} {text}", at.text), &row);
        check(&format!("{} {level} {program} {thread} {bracket} {text}", at.text), &row);
        let (letters, severity) = sev;
        let since_8 = Row { shape: Shape::Severity, level: Some(letters), ..row.clone() };
        check(&format!("{} {severity} {program}[{thread}]: {bracket} {text}", at.text), &since_8);
        check(&format!("{} {severity} {program}[{thread}]: {level} -[{thread}] {bracket} {text}", at.text), &since_8);
        let forwarded = Row { shape: Shape::Relayed, host: Some("esx-1.example.org".into()), ..row };
        check(&format!("<166>{} esx-1.example.org {program}: {level} {program}[{thread}] {bracket} {text}", at.text), &forwarded);
        check(&format!("<166>1 {} esx-1.example.org {program}: {level} {program}[{thread}] {bracket} {text}", at.text), &forwarded);
        check(&format!("<14>1 {} esx-1.example.org {program} {thread} - - {level} {program}[{thread}] {bracket} {text}", at.text),
            &Row { level: Some("In".into()), ..forwarded.clone() });
        check(&format!("{} esx-1.example.org {program}[{thread}]: {bracket} {text}", at.text), &Row { level: None, ..forwarded });
    }

    #[test]
    fn vmacore_before_6(at in stamps(), dated in dated_stamps(), level in levels(), thread in "[0-9A-F]{8}", sub in "[A-Za-z][A-Za-z0-9 :/.()-]{1,30}", op_id in prop::option::of(op_ids()), text in messages()) {
        let op_text = op_id.as_ref().map(|op| format!(" opID={op}")).unwrap_or_default();
        let row = |shape, stamp| Row {
            shape, stamp: Some(stamp), level: Some(level.clone()), thread: Some(thread.clone()), sub: Some(sub.clone()),
            op_id: op_id.clone(), message: text.clone(), ..Row::default()
        };
        check(&format!("{} [{thread} {level} '{sub}'{op_text}] {text}", at.text), &row(Shape::Vmacore5, at.stamp));
        check(&format!("[{} {thread} {level} '{sub}'{op_text}] {text}", dated.text), &row(Shape::Vmacore4, dated.stamp));
        let row = Row { op_id: None, ..row(Shape::Vmacore4, dated.stamp) };
        check(&format!("[{} '{sub}' {thread} {level}] {text}", dated.text), &row);
    }

    #[test]
    fn vobd(at in stamps(), corr in "[a-z]{3,8}Correlator", us in 0u64..9_000_000_000_000, text in messages(), pid in number()) {
        let message = format!("[{corr}] {us}us: [esx.audit.{corr}] {text}");
        let row = Row { shape: Shape::Vobd, stamp: Some(at.stamp), program: Some("vobd".into()), message: message.clone(), ..Row::default() };
        check(&format!("{}: {message}", at.text), &row);
        let row = Row { shape: Shape::Severity, level: Some("In".into()), thread: Some(pid.clone()), ..row };
        check(&format!("{} In(14) vobd[{pid}]:  {message}", at.text), &row);
        let micros = i64::try_from(us).expect("fits");
        prop_assert_eq!(format::vob_uptime(message.as_bytes()), Some(micros));
    }

    #[test]
    fn vmx(at in stamps(), thread in "(vmx|vcpu-[0-9]{1,2}|svga|worker-[0-9]{5,7})", class in "[A-Z][0-9]{3}", op_id in "[a-z]{2,6}[0-9]{2,6}(-[0-9a-f]{2}){0,3}", text in messages(), sev in severities()) {
        let row = Row { shape: Shape::Vmx, stamp: Some(at.stamp), level: Some(class.clone()), program: Some("vmx".into()), thread: Some(thread.clone()), message: text.clone(), ..Row::default() };
        check(&format!("{}| {thread}| {class}: {text}", at.text), &row);
        check(&format!("{}| {thread}| {text}", at.text), &Row { level: None, ..row.clone() });
        let (letters, severity) = sev;
        let row = Row { shape: Shape::VmxSeverity, level: Some(letters), program: None, ..row };
        check(&format!("{} {severity} {thread} - {text}", at.text), &row);
        check(&format!("{} {severity} {thread} {op_id} {text}", at.text), &Row { op_id: Some(op_id), ..row.clone() });
        for mark in ["+", "[+]"] {
            let line = format!("{} {severity}{mark} {thread} - {text}", at.text);
            prop_assert!(!format::starts_record(line.as_bytes()), "{}", line);
        }
    }

    #[test]
    fn programs(at in stamps(), program in "[a-zA-Z_][A-Za-z_./-]{2,14}", pid in number(), text in messages(), sev in severities()) {
        prop_assume!(!program.ends_with(['/', '-', '.']));
        let row = Row { shape: Shape::Program, stamp: Some(at.stamp), program: Some(program.clone()), thread: Some(pid.clone()), message: text.clone(), ..Row::default() };
        check(&format!("{} {program}[{pid}]: {text}", at.text), &row);
        check(&format!("{} {program}: {text}", at.text), &Row { thread: None, ..row.clone() });
        let (letters, severity) = sev;
        let row = Row { shape: Shape::Severity, level: Some(letters), ..row };
        check(&format!("{} {severity} {program}[{pid}]: {text}", at.text), &row);
        let line = format!("{} {severity} {program}[{pid}]: -->    {text}", at.text);
        prop_assert!(!format::starts_record(line.as_bytes()), "{}", line);
    }

    #[test]
    fn services(at in stamps(), dated in dated_stamps(), level in levels(), program in "[a-z]{2,8}", thread in number(), op_id in op_ids(), text in messages(), file in "[a-z]{2,8}/[a-z]{2,8}\\.go") {
        let row = Row { shape: Shape::Service, stamp: Some(at.stamp), level: Some(level.clone()), program: Some(program.clone()), thread: Some(thread.clone()), op_id: Some(op_id.clone()), message: text.clone(), ..Row::default() };
        check(&format!("{} {level} {program}[{thread}] [Cls::_method opID={op_id}] {text}", at.text), &row);
        check(&format!("{} {level} {program}[{thread}] [opID={op_id} Cls::_method] {text}", at.text), &row);
        let go = Row { thread: None, sub: Some(file.clone()), ..row.clone() };
        check(&format!("{} {level} {program} [{file}:77] [opID={op_id}] {text}", at.text), &go);
        check(&format!("{} {level} {program} [{file}:77] {text}", at.text), &Row { op_id: None, ..go });
        let java = Row { program: None, thread: Some("pool-1-thread-2".into()), sub: Some("com.example.Cls".into()), op_id: None, ..row };
        check(&format!("{} [pool-1-thread-2] {level}  opId={op_id} com.example.Cls - {text}", at.text), &Row { op_id: Some(op_id), ..java.clone() });
        check(&format!("[{} pool-1-thread-2  {level}  com.example.Cls] {text}", dated.text), &Row { stamp: Some(dated.stamp), ..java.clone() });
        check(&format!("{} |  {level} | pool-1-thread-2 | Cls.java | 148 | {text}", at.text), &Row { sub: Some("Cls.java".into()), ..java });
    }

    #[test]
    fn classic(month in 0usize..12, day in 1u32..29, micros in 0i64..86_400, host in "[a-z][a-z0-9.-]{2,20}", program in "[a-z][a-z-]{2,9}", pid in number(), text in messages(), world in number(), up in 0i64..86_400) {
        prop_assume!(program != "vmkernel" && program != "vobd");
        let name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month];
        let of_day = format!("{:02}:{:02}:{:02}", micros / 3600, micros / 60 % 60, micros % 60);
        let row = Row { shape: Shape::Classic, host: Some(host.clone()), program: Some(program.clone()), thread: Some(pid.clone()), message: text.clone(), ..Row::default() };
        for stamp in [format!("{name} {day:>2} {of_day}"), format!("{name} {day} {of_day}")] {
            check(&format!("{stamp} {host} {program}[{pid}]: {text}"), &row);
            check(&format!("{stamp} {program}[{pid}]: {text}"), &Row { host: None, ..row.clone() });
            let uptime = format!("3:{:02}:{:02}:{:02}.123", up / 3600, up / 60 % 60, up % 60);
            let kernel = Row { shape: Shape::Vmkernel4, program: Some("vmkernel".into()), thread: Some(world.clone()), ..row.clone() };
            let line = format!("{stamp} {host} vmkernel: {uptime} cpu1:{world}){text}");
            check(&line, &kernel);
            let header = format::parse(line.as_bytes()).expect("checked");
            prop_assert_eq!(header.uptime, Some((3 * 86_400 + up) * 1_000_000 + 123_000));
            let read = header.yearless.expect("a stamp");
            prop_assert_eq!((read.month as usize, read.day, read.micros), (month + 1, day, micros * 1_000_000));
            let wrapped = format!("{stamp} {host} vmkernel: {text}");
            prop_assert!(!format::starts_record(wrapped.as_bytes()), "{}", wrapped);
        }
    }
}

#[test]
fn the_readers_equal_a_date_library_on_valid_stamps() {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 20) % below as u64) as i64
    };
    for round in 0..60_000 {
        let micros = 86_400_000_000 * 2 + next(4_000_000_000_000_000);
        let minutes = next(28 * 60 + 1) - 14 * 60;
        let instant = jiff::Timestamp::from_microsecond(micros).expect("in range");
        let offset = jiff::tz::Offset::from_seconds((minutes * 60) as i32).expect("in range");
        let local = offset.to_datetime(instant);
        let digits = (round % 7) as usize;
        let fraction = if digits == 0 {
            String::new()
        } else {
            format!(".{}", &format!("{:06}", micros % 1_000_000)[..digits])
        };
        let sign = if minutes < 0 { '-' } else { '+' };
        let colon = if round % 2 == 0 { ":" } else { "" };
        let zone = format!("{sign}{:02}{colon}{:02}", minutes.abs() / 60, minutes.abs() % 60);
        let unit = 10i64.pow(6 - digits as u32);
        let expected = micros / unit * unit;
        let iso = format!("{}{fraction}{zone}", local.strftime("%Y-%m-%dT%H:%M:%S"));
        let (stamp, len) = time::iso(iso.as_bytes()).unwrap_or_else(|| panic!("{iso}"));
        assert_eq!((stamp.time.micros(), len), (expected, iso.len()), "{iso}");
        assert_eq!(
            stamp.quality,
            if digits == 0 { TimeQuality::Second } else { TimeQuality::Exact },
            "{iso}"
        );
        let utc = instant.to_zoned(jiff::tz::TimeZone::UTC);
        let comma = fraction.replace('.', ",");
        let dated = format!("{}{comma} x", utc.strftime("%Y-%m-%d %H:%M:%S"));
        let (stamp, len) = time::dated(dated.as_bytes()).unwrap_or_else(|| panic!("{dated}"));
        assert_eq!((stamp.time.micros(), len), (expected, dated.len() - 2), "{dated}");
        let classic = format!("{}{fraction}", utc.strftime("%b %e %H:%M:%S"));
        let (yearless, len) = time::classic(classic.as_bytes()).unwrap_or_else(|| panic!("{classic}"));
        assert_eq!(
            yearless.in_year(i64::from(utc.year())).map(Timestamp::micros),
            Some(expected),
            "{classic}"
        );
        assert_eq!(len, classic.len());
        let epoch = format!("{}{fraction},", micros / 1_000_000);
        if let Some((stamp, len)) = time::epoch(epoch.as_bytes()) {
            assert_eq!((stamp.time.micros(), len), (expected, epoch.len() - 1), "{epoch}");
        } else {
            assert!(micros < 1_000_000_000_000_000, "{epoch}");
        }
    }
}

/// Lines of real products, where they are at hand: the file, the line's number, and its bytes.
fn corpus() -> Option<Vec<(String, usize, Vec<u8>)>> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")).ok()?;
    let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    paths.sort();
    let mut lines = Vec::new();
    for path in paths {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).expect("readable");
        let all = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.extend(all.enumerate().map(|(index, line)| (name.clone(), index + 1, line.to_vec())));
    }
    Some(lines)
}

/// The shapes as expressions, written apart from the reader: which line gives which columns.
fn expressions() -> Vec<regex::bytes::Regex> {
    let stamp = r"(?P<ts>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)";
    let severity = r"(?P<level>Em|Al|Cr|Er|Wa|No|In|Db)\(\d{1,3}\)(?:\[\+\]|\+)?";
    let rest = r"\[(?:Originator|vSAN)@\d+ (?P<rest>(?:[^\[\]]|\[[^\]]*\])*)\]";
    [
        r"^{TS} (?:- .*, )?Section for (?P<product>[^,]+), pid=\d+",
        r"^{TS} {SEV} (?P<program>[^\s\[:]+)\[(?P<thread>\d+)\]: (?:\w+ -\[\d+\] )?{REST} (?P<message>.*)$",
        r"^{TS} {SEV} (?P<program>[^\s\[:]+)\[(?P<thread>\d+)\]: \w+ \[ConfigStore:\w+ opId=(?P<op>\S+)\] (?P<message>.*)$",
        r"^{TS} {SEV} (?P<program>vmk\w+): cpu\d+:(?P<thread>\d+)(?: opID=(?P<op>\w+))?\)(?P<message>.*)$",
        r"^{TS} {SEV} (?P<program>[^\s\[:]+)(?:\[(?P<thread>\d+)\])?: ?(?P<message>.*)$",
        r"^{TS} {SEV} (?P<thread>\S+) (?P<message><.*)$",
        r"^{TS} cpu\d+:(?P<thread>\d+)(?: opID=(?P<op>\w+))?\)(?P<message>.*)$",
        r"^{TS} (?P<level>[A-Za-z]+) (?P<program>[\w.-]+)\[(?P<thread>\w+)\] {REST} (?P<message>.*)$",
        r"^{TS} (?P<level>[A-Z]+) (?P<program>[\w.-]+) (?P<thread>\d+) {REST} (?P<message>.*)$",
        r"^{TS} \[(?P<thread>\w+) (?P<level>\w+) '(?P<sub>.*?)'(?: opID=(?P<op>\S+))?\] (?P<message>.*)$",
        r"^\[{TS} (?P<thread>\w+) (?P<level>\w+) '(?P<sub>.*?)'(?: opID=(?P<op>\S+))?\] (?P<message>.*)$",
        r"^\[{TS} '(?P<sub>.*?)' (?P<thread>\w+) (?P<level>\w+)\] *(?P<message>.*)$",
        r"^\[{TS} (?P<thread>\S+) +(?P<level>[A-Z]+) +(?P<sub>\S+)\] (?P<message>.*)$",
        r"^{TS} (?P<level>[A-Za-z]+) (?P<program>[\w.-]+)\[(?P<thread>\w+)\] \[(?:[\w:]+ )?opID=(?P<op>[^\s\]]+)[^\]]*\] (?P<message>.*)$",
        r"^{TS} (?P<level>[A-Za-z]+) (?P<program>[\w.-]+)\[(?P<thread>\w+)\] (?P<message>.*)$",
        r"^{TS} (?P<level>[a-z]+) (?P<program>\w+) \[(?P<sub>[\w/]+\.go):\d+\] (?:\[opID=(?P<op>\w+)\] )?(?P<message>.*)$",
        r"^{TS} \[(?P<thread>[\w-]+)\] (?P<level>[A-Z]+) +opId= (?P<sub>[\w.]+) - (?P<message>.*)$",
        r"^{TS} \[(?P<program>[\w./-]+)\[(?P<thread>\d+)\]: (?P<message>.*)\]$",
        r"^{TS} (?P<program>\w+): (?P<message>(?P<thread>\d+): (?P<sub>\w+)(?::\d+)?:? (?P<level>[A-Z]+):? .*)$",
        r"^(?P<ts>\d{4}-\d\d-\d\d) {SEV} (?P<program>\w+)\[(?P<thread>\d+)\]: (?P<time>\d\d:\d\d:\d\d\.\d+) (?P<message>.*)$",
        r"^(?P<program>\w+): (?P<thread>\d+): {TS} (?P<sub>\w+):\d+ (?P<level>[A-Z]+) (?P<message>.*)$",
        r"^(?P<program>\w+):{TS}\[(?P<thread>\w+)\](?P<sub>\w+):\d+ \[(?P<level>[A-Z]+)\] (?P<message>.*)$",
    ]
    .iter()
    .map(|text| text.replace("{TS}", stamp).replace("{SEV}", severity).replace("{REST}", rest))
    .map(|text| regex::bytes::Regex::new(&text).unwrap_or_else(|error| panic!("{text}: {error}")))
    .collect()
}

/// What a date library makes of the text of a stamp.
fn by_library(text: &str) -> Stamp {
    let plain = text.replacen(' ', "T", 1).replace(',', ".");
    // A third colon behind the seconds is a fraction.
    let plain = match plain.match_indices(':').nth(2).filter(|(at, _)| *at == 19) {
        Some((at, _)) => format!("{}.{}", &plain[..at], &plain[at + 1..]),
        None => plain,
    };
    let zoned = plain.ends_with('Z') || plain[19..].contains(['+', '-']);
    let plain = if zoned { plain } else { format!("{plain}Z") };
    let instant: jiff::Timestamp = plain.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let quality = if plain[19..].starts_with('.') { TimeQuality::Exact } else { TimeQuality::Second };
    Stamp { time: Timestamp::from_micros(instant.as_microsecond()), quality }
}

/// The columns that the expressions find in a line.
fn by_expression(expressions: &[regex::bytes::Regex], line: &[u8]) -> Option<Row> {
    let found = expressions.iter().find_map(|expression| expression.captures(line))?;
    let group =
        |name: &str| found.name(name).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
    let rest = group("rest").unwrap_or_default();
    let key = |key: &str| {
        let expression = format!(r#"(?:^| ){key}="?(.*?)"?(?: (?:item|opI[Dd]|sid|user|reason)=|$)"#);
        let found = regex::Regex::new(&expression).expect("valid").captures(&rest)?;
        Some(found[1].to_owned())
    };
    Some(Row {
        stamp: group("ts")
            .map(|text| by_library(&group("time").map_or(text.clone(), |time| format!("{text}T{time}")))),
        level: group("level"),
        program: group("program"),
        thread: group("thread"),
        sub: group("sub").or_else(|| key("sub")),
        op_id: group("op").or_else(|| key("opI[Dd]")),
        user: key("user"),
        message: group("message").unwrap_or_default(),
        ..Row::default()
    })
}

/// Every real line gives what the expressions find in it; one without a header joins the record before it. With
/// `cargo test --test grammar -- --nocapture real` each is listed.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a list, and a skipped test says so")]
#[test]
fn real_lines_give_their_columns() {
    let Some(lines) = corpus() else {
        eprintln!("skipped: no corpus of real lines beside the project");
        return;
    };
    let (expressions, mut stamped, mut joined) = (expressions(), 0, 0);
    for (file, number, line) in &lines {
        let place = format!("{file}:{number}");
        let Some(expected) = by_expression(&expressions, line) else {
            assert!(!format::starts_record(line), "{place}: no expression knows it, and a record begins");
            println!("{place}: joins the record before it");
            joined += 1;
            continue;
        };
        let header = format::parse(line).unwrap_or_else(|| panic!("{place}: no header"));
        assert!(format::starts_record(line), "{place}");
        let mut row = Row::of(&header);
        println!("{place}: {row:?}");
        let is_section = row.shape == Shape::Section;
        let is_kernel = header.program.is_some_and(|program| program.starts_with(b"vmk"));
        row.shape = Shape::default();
        // What the kernel's lines do not name is known of them; its warnings name a level of their own.
        let program = expected.program.clone().or(row.program.clone().filter(|_| is_kernel));
        let level = row.level.clone().filter(|_| is_kernel).or(expected.level.clone());
        let message = if is_section { row.message.clone() } else { expected.message.clone() };
        assert_eq!(row, Row { program, level, message, ..expected }, "{place}");
        stamped += 1;
    }
    assert!(stamped > 90 && joined < 10, "{stamped} with a header, {joined} without");
}
