//! What logs tell of the clock.

use super::*;
use crate::format::by_name;
use crate::model::MemberPath;

/// What a log of a family tells of the clock, given as text.
fn told(family: &str, text: &str) -> Told {
    let format = by_name(family).expect(family);
    let mut clock = Clock::new(format.uptime, format.of_threads);
    let records = text.lines().count() as u64;
    for (index, line) in text.lines().enumerate() {
        let number = index as u64 + 1;
        clock.see(line.trim_start().as_bytes(), || Source {
            file: MemberPath::new("log"),
            line: number,
            offset: 0,
        });
    }
    clock.finish(records)
}

fn steps(told: &Told) -> Vec<(String, String, u64)> {
    let said = |step: &Step| (step.from.to_string(), step.to.to_string(), step.source.line);
    told.steps.iter().map(said).collect()
}

fn kernel(times: &[&str]) -> String {
    times.iter().map(|time| format!("2020-07-01T{time}Z cpu1:2)Net: 1: x\n")).collect()
}

#[test]
fn a_clock_that_is_set_back_is_a_step_and_a_late_record_is_none() {
    let set = told(
        "vmkernel",
        &kernel(&["10:00:00.100", "10:00:40.000", "09:59:20.500", "09:59:21.000", "10:05:00.000"]),
    );
    assert_eq!(steps(&set), [("2020-07-01T10:00:40Z".into(), "2020-07-01T09:59:20.500Z".into(), 3)]);
    assert!(!set.steps[0].by_uptime);
    let late = told(
        "vmkernel",
        &kernel(&["10:00:00.100", "10:00:40.000", "09:59:20.500", "10:00:41.000", "10:00:42.000"]),
    );
    assert_eq!(steps(&late), []);
    let overtaken =
        told("vmkernel", &kernel(&["10:00:00.900", "09:59:59.100", "09:59:59.200", "10:00:01.000"]));
    assert_eq!(steps(&overtaken), [], "less than two seconds");
    let threads: String = ["10:00:40.000", "10:00:20.000", "10:00:21.000", "10:00:22.000", "10:00:41.000"]
        .iter()
        .map(|time| format!("2020-07-01T{time}Z info hostd[1] [Originator@6876 sub=Libs] x\n"))
        .collect();
    assert_eq!(steps(&told("hostd", &threads)), [], "threads overtake each other");
}

fn silences(told: &Told) -> Vec<(i64, u64)> {
    told.silences.iter().map(|silence| (silence.to.since(silence.from) / 1_000_000, silence.line)).collect()
}

#[test]
fn long_times_without_a_record_are_silences_whatever_hour_they_begin_in() {
    let quiet = told("vmkernel", &kernel(&["10:00:00.100", "10:01:59.900", "10:03:59.900", "10:59:59.000"]));
    assert_eq!(silences(&quiet), [(120, 3), (3_359, 4)]);
    let over_the_hour = told("vmkernel", &kernel(&["10:59:00.100", "11:00:30.000", "11:02:40.000"]));
    assert_eq!(silences(&over_the_hour), [(130, 3)]);
    let busy = told("vmkernel", &kernel(&["10:00:00.100", "10:01:30.000", "10:03:00.000"]));
    assert_eq!(silences(&busy), []);
}

#[test]
fn of_many_silences_the_longest_are_kept_in_their_order() {
    // Every silence is a second longer than the one before.
    let mut at = 0;
    let times: Vec<String> = (0..40)
        .map(|step| {
            at += 120 + step;
            format!("{:02}:{:02}:{:02}.000", at / 3_600, at / 60 % 60, at % 60)
        })
        .collect();
    let times: Vec<&str> = times.iter().map(String::as_str).collect();
    let kept = silences(&told("vmkernel", &kernel(&times)));
    let expected: Vec<(i64, u64)> = (16..40).map(|step| (120 + step, step as u64 + 1)).collect();
    assert_eq!(kept, expected);
}

#[test]
fn a_stamp_that_is_damaged_makes_no_silence() {
    let hit = told("vmkernel", &kernel(&["10:00:00.100", "10:45:00.000", "10:00:01.000", "10:00:02.000"]));
    assert_eq!(silences(&hit), []);
}

#[test]
fn a_changed_offset_is_no_step() {
    let text = "2019-10-27T02:59:58.100+02:00 info vpxd[1] [Originator@6876 sub=x] a\n\
                2019-10-27T02:00:01.100+01:00 info vpxd[1] [Originator@6876 sub=x] b\n"
        .to_owned()
        + &"2019-10-27T02:00:02.100+01:00 info vpxd[1] [Originator@6876 sub=x] c\n".repeat(6);
    assert_eq!(steps(&told("vpxd", &text)), []);
}

#[test]
fn a_log_that_lists_the_newest_first_has_no_steps() {
    let times: Vec<String> = (0..40).rev().map(|n| format!("10:{n:02}:00.000")).collect();
    let read = told("vmkernel", &kernel(&times.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(steps(&read), []);
    assert!(read.disorder > 20, "{}", read.disorder);
}

#[test]
fn uptimes_show_how_far_the_clock_was_set_whichever_way() {
    // Up for 100,000 s at ten; then 40 s are gained, and later 97.5 s lost.
    let line = |time: &str, up: f64| {
        format!("2020-07-01T{time}Z: [netCorrelator] {}us: [vob.net.x] y\n", (up * 1e6) as u64)
    };
    let text = line("10:00:00.000", 100_000.0)
        + &line("10:10:00.000", 100_600.0)
        + &line("10:11:40.000", 100_660.0)
        + &line("10:12:40.000", 100_720.0)
        + &line("10:12:02.500", 100_780.0)
        + &line("10:13:02.500", 100_840.0);
    let read = told("vobd", &text);
    assert_eq!(
        steps(&read),
        [
            ("2020-07-01T10:11:00Z".into(), "2020-07-01T10:11:40Z".into(), 3),
            ("2020-07-01T10:13:40Z".into(), "2020-07-01T10:12:02.500Z".into(), 5)
        ]
    );
    assert!(read.steps.iter().all(|step| step.by_uptime));
    assert_eq!(read.boots.len(), 1);
    assert!(!read.boots[0].in_log, "it booted long before the log begins");
    assert_eq!(read.boots[0].at.to_string(), "2020-06-30T06:13:20Z");
    let odd =
        line("10:00:00.000", 100_000.0) + &line("10:00:30.000", 100_010.0) + &line("10:00:30.000", 100_030.0);
    assert_eq!(steps(&told("vobd", &odd)), [], "one record that is written late");
}

#[test]
fn an_uptime_that_begins_again_is_a_boot() {
    let text = "2020-07-01T10:00:00Z heartbeat: up 3d1h0m0s, 2 VMs; [] []\n\
                2020-07-01T11:00:00Z heartbeat: up 3d2h0m0s, 2 VMs; [] []\n\
                2020-07-01T11:59:59Z heartbeat: up 0d0h20m1s, 2 VMs; [] []\n";
    let read = told("vmksummary", text);
    let boots: Vec<(String, bool)> =
        read.boots.iter().map(|boot| (boot.at.to_string(), boot.in_log)).collect();
    assert_eq!(boots, [("2020-06-28T09:00:00Z".into(), false), ("2020-07-01T11:39:58Z".into(), true)]);
    assert_eq!(steps(&read), []);
}

#[test]
fn lines_from_before_the_clock_are_a_boot_at_the_time_of_what_follows() {
    let text = kernel(&["10:00:00.100"])
        + "TSC: 12345 cpu0:1)Boot: 1: x\n0:00:00:04.100 cpu0:1)Boot: 2: x\n"
        + &kernel(&["10:07:00.000", "10:08:00.000"])
        + "2020-07-01T11:00:00Z In(182) vmkernel: VMB: 65: Reserved x\n"
        + "2020-07-01T11:00:00Z In(182) vmkernel: VMB: 66: Reserved x\n"
        + "2020-07-01T11:00:02.000Z In(182) vmkernel: cpu0:1)Boot: 3: x\n";
    let boots: Vec<(String, u64)> =
        told("vmkernel", &text).boots.iter().map(|boot| (boot.at.to_string(), boot.source.line)).collect();
    assert_eq!(boots, [("2020-07-01T10:07:00Z".into(), 2), ("2020-07-01T11:00:02Z".into(), 6)]);
}

#[test]
fn a_boot_with_a_wrong_year_is_dated_by_the_right_one() {
    let text = kernel(&["10:00:00.100"])
        + "0:00:00:04.100 cpu0:1)Boot: 2: x\n\
           2001-01-01T00:00:09.000Z cpu0:1)Boot: 3: x\n\
           2001-01-01T00:00:10.000Z cpu0:1)Boot: 3: x\n"
        + &kernel(&["10:07:00.000", "10:08:00.000"]);
    let read = told("vmkernel", &text);
    assert_eq!(read.boots[0].at.to_string(), "2020-07-01T10:06:59Z");
    assert_eq!(
        steps(&read),
        [
            ("2020-07-01T10:00:00.100Z".into(), "2001-01-01T00:00:09Z".into(), 3),
            ("2001-01-01T00:00:10Z".into(), "2020-07-01T10:07:00Z".into(), 5)
        ]
    );
    let fresh = text.split_once('\n').expect("lines").1;
    assert_eq!(steps(&told("vmkernel", fresh)).len(), 1, "also where nothing is before the boot");
}

#[test]
fn years_are_counted_back_from_a_bound() {
    let text: String = [
        "Nov 30 10:00:00",
        "Dec 31 23:59:59",
        "Jan  1 00:00:01",
        "Dec 31 23:59:58",
        "Feb 29 12:00:00",
        "Mar  4 01:02:03",
    ]
    .iter()
    .map(|stamp| format!("{stamp} esx01 vmkernel: 0:00:10:00.000 cpu1:2)x\n"))
    .collect();
    let span = told("vmkernel", &text).yearless.expect("no years");
    let bound = |text: &str| text.parse::<Timestamp>().expect("a time");
    let check = |before: &str, first: &str, last: &str| {
        let years = years_before(&span, bound(before)).expect("a year");
        assert_eq!(in_years(span.first, years).to_string(), first, "{before}");
        assert_eq!(in_years(span.last, years).to_string(), last, "{before}");
    };
    check("2011-06-01", "2010-11-30T10:00:00Z", "2011-03-04T01:02:03Z");
    check("2011-03-01", "2009-11-30T10:00:00Z", "2010-03-04T01:02:03Z");
    assert!(waits_for_year(span.first) && waits_for_year(span.last));
}

#[test]
fn a_single_record_ahead_of_its_neighbours_is_no_clock() {
    for odd in ["2020-07-01T19:00:03.000Z", "2029-07-01T10:00:03.000Z", "2020-07-31T10:00:03.000Z"] {
        let line = |time: &str| format!("{time} cpu1:2)Net: 1: x\n");
        let text = kernel(&["10:00:01.000", "10:00:02.000"])
            + &line(odd)
            + &kernel(&["10:00:04.000", "10:00:05.000", "10:00:06.000", "10:00:07.000"]);
        let read = told("vmkernel", &text);
        assert_eq!((steps(&read), read.disorder), (vec![], 0), "{odd}");
        // Also as the first of all.
        let first = line(odd)
            + &kernel(&["10:00:04.000", "10:00:05.000", "10:00:06.000", "10:00:07.000", "10:00:08.000"]);
        assert_eq!(steps(&told("vmkernel", &first)), [], "{odd} first");
        let booted = format!("0:00:00:04.100 cpu0:1)Boot: 1: x\n{text}");
        let read = told("vmkernel", &booted);
        assert_eq!(steps(&read), [], "{odd} after a boot");
        assert_eq!(
            (read.wrong.len(), read.wrong[0].from, read.wrong[0].to),
            (1, 4, 5),
            "the damaged record alone"
        );
    }
}

#[test]
fn a_clock_that_is_ahead_at_boot_is_wrong_until_it_is_set() {
    let text = kernel(&["10:00:00.100"])
        + "0:00:00:04.100 cpu0:1)Boot: 2: x\n\
           2037-01-01T00:00:09.000Z cpu0:1)Boot: 3: x\n\
           2037-01-01T00:00:10.000Z cpu0:1)Boot: 3: x\n"
        + &kernel(&["10:07:00.000", "10:07:01.000", "10:08:00.000"]);
    let read = told("vmkernel", &text);
    assert_eq!(read.boots[0].at.to_string(), "2020-07-01T10:06:59Z");
    assert_eq!(read.wrong.len(), 1);
    let vobd = "2001-01-01T00:00:30.100Z: [GenericCorrelator] 30000000us: [esx.audit.host.boot] x\n\
                2023-07-11T01:00:30.000Z: [x] 70000000us: [vob.x] y\n\
                2023-07-11T03:00:30.000Z: [x] 7270000000us: [vob.x] y\n";
    let read = told("vobd", vobd);
    let boots: Vec<String> = read.boots.iter().map(|boot| boot.at.to_string()).collect();
    assert_eq!(boots, ["2023-07-11T00:59:20Z"]);
    assert_eq!((read.wrong[0].from, read.wrong[0].to), (1, 2));
    assert_eq!(steps(&read), []);
}

#[test]
fn a_short_log_that_lists_the_newest_first_has_no_steps_either() {
    let times = ["15:00:00.000", "14:00:00.000", "13:00:00.000", "12:00:00.000", "11:00:00.000"];
    let read = told("vmkernel", &kernel(&times));
    assert_eq!(steps(&read), []);
    assert!(read.disorder > 0);
    let vobd: String = (1..15)
        .rev()
        .map(|n| {
            format!("2020-07-01T10:{n:02}:00.000Z: [x] {}us: [vob.x] y\n", (n + 100_000) * 60_000_000u64)
        })
        .collect();
    let read = told("vobd", &vobd);
    assert!(read.boots.iter().all(|boot| !boot.in_log), "{:?}", read.boots);
}

/// A line of vobd at a time of day, with an uptime in seconds.
fn vob(time: &str, up: f64) -> String {
    format!("2020-07-01T{time}Z: [netCorrelator] {}us: [vob.net.x] y\n", (up * 1e6) as u64)
}

#[test]
fn a_clock_that_is_slewed_is_not_set() {
    // 20 millionths faster than the uptime, over twelve days.
    let text: String = (0..288u64)
        .map(|hour| {
            let (up, drift) = (1_000_000 + hour * 3_600, hour * 72);
            let time = Timestamp::from_seconds(1_593_000_000 + hour as i64 * 3_600)
                .plus_micros(drift as i64 * 1_000);
            format!("{time}: [netCorrelator] {}us: [vob.net.x] y\n", up * 1_000_000)
        })
        .collect();
    assert_eq!(steps(&told("vobd", &text)), []);
}

#[test]
fn an_uptime_that_is_a_little_smaller_is_a_late_record() {
    let text =
        vob("10:00:00.000", 100_000.0) + &vob("10:00:01.000", 100_001.0) + &vob("10:00:01.001", 100_000.999);
    let read = told("vobd", &text);
    assert!(read.boots.iter().all(|boot| !boot.in_log), "{:?}", read.boots);
}

#[test]
fn records_that_come_a_few_seconds_late_are_no_step() {
    let times =
        ["10:00:00.000", "10:00:10.000", "10:00:20.000", "10:00:16.000", "10:00:17.000", "10:00:21.000"];
    assert_eq!(steps(&told("vmkernel", &kernel(&times))), []);
}

#[test]
fn a_damaged_month_moves_no_other_record_by_a_year() {
    let lines = |days: &[&str]| -> String {
        days.iter().map(|day| format!("{day} 10:00:00 esx01 vmkernel: 0:00:10:00.000 cpu1:2)x\n")).collect()
    };
    let last = |days: &[&str]| {
        let span = told("vmkernel", &lines(days)).yearless.expect("no years");
        let years =
            years_before(&span, "2016-03-04".parse::<Timestamp>().expect("a time").plus_seconds(86_400));
        (
            in_years(span.first, years.expect("a year")).to_string(),
            in_years(span.last, years.expect("a year")).to_string(),
        )
    };
    let expected = ("2016-03-01T10:00:00Z".to_owned(), "2016-03-04T10:00:00Z".to_owned());
    assert_eq!(last(&["Mar  1", "Mar  2", "Dec 30", "Mar  3", "Mar  4"]), expected);
    assert_eq!(
        last(&["Jul  1", "Jul  2", "Jan 11", "Jul  3", "Jul  4"]).0,
        "2015-07-01T10:00:00Z",
        "backwards"
    );
    assert_eq!(last(&["Mar  1", "Mar  2", "Mar  4", "Dec 30"]), expected, "also where it is the last");
}

#[test]
fn a_time_that_comes_again_after_a_wrong_clock_is_right() {
    let text = kernel(&["10:00:00.100"])
        + "0:00:00:04.100 cpu0:1)Boot: 2: x\n"
        + "2020-07-04T10:00:00.000Z cpu0:1)a\n2020-07-04T10:05:00.000Z cpu0:1)a\n"
        + &kernel(&["10:10:00.000", "10:11:00.000"])
        + "2020-07-04T10:02:00.000Z cpu0:1)b\n2020-07-04T10:03:00.000Z cpu0:1)b\n";
    let read = told("vmkernel", &text);
    assert_eq!(read.wrong.iter().map(|wrong| (wrong.from, wrong.to)).collect::<Vec<_>>(), [(2, 5)]);
}
