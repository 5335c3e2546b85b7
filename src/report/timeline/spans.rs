//! What lasts, in words: the spans of a case that touch the time that was asked for.

use super::SpanInfo;
use crate::case::{Case, Span, SpanKind};
use crate::model::{Lang, Text};
use crate::report::build::Options;
use crate::report::zone::Zone;

/// The spans of `case` that lie in part in the time of `options`, ordered by beginning, then host, then kind.
pub fn spans(case: &Case, options: &Options) -> Vec<SpanInfo> {
    let touches = |span: &Span| {
        options.since.is_none_or(|since| span.to.is_none_or(|to| to >= since))
            && options.until.is_none_or(|until| span.from.is_none_or(|from| from <= until))
    };
    let info = |span: Span| SpanInfo {
        host: case.hosts[span.host].id.clone(),
        kind: span.kind,
        from: span.from,
        to: span.to,
        text: text(&span, &options.zone).get(options.lang).to_owned(),
        log: span.log,
    };
    case.spans().into_iter().filter(touches).map(info).collect()
}

/// `down until 21:21:31 (32 min 39 s)`: a clause without a full stop, for a line that begins with the time and the host.
fn text(span: &Span, zone: &Zone) -> Text {
    let log = span.log.as_deref().unwrap_or_default();
    let (en, ja) = match span.kind {
        SpanKind::Down => ("down".to_owned(), "停止".to_owned()),
        SpanKind::Maintenance => (
            "in maintenance mode, or entering it,".to_owned(),
            "メンテナンス モードまたは移行処理中".to_owned(),
        ),
        SpanKind::Upgrade => ("being upgraded, up to its boot,".to_owned(), "アップグレード中".to_owned()),
        SpanKind::Disconnected => {
            ("without connection to vCenter".to_owned(), "vCenter Server との接続が切断".to_owned())
        }
        SpanKind::LogGap => {
            (format!("without records of the {log} log"), format!("{log} ログのレコードが欠落"))
        }
    };
    // Japanese sets a blank before a word in Latin letters.
    let gap = if ja.starts_with(|c: char| c.is_ascii()) { " " } else { "" };
    let end = span.to.map(|to| zone.until(span.from, to)).unwrap_or_default();
    match (span.from, span.to) {
        (Some(from), Some(to)) => {
            let [for_en, for_ja] = [Lang::En, Lang::Ja].map(|lang| lasting(to.since(from), lang));
            Text::new(format!("{en} until {end} ({for_en})"), format!("{end} まで{gap}{ja}（{for_ja}）"))
        }
        (Some(_), None) => Text::new(
            format!("{} from here on (not over when the bundle was taken)", en.trim_end_matches(',')),
            format!("以降{gap}{ja}（バンドルの収集時点で継続中）"),
        ),
        (None, Some(_)) => Text::new(
            format!("{en} until {end} (since before anything that was read)"),
            format!("{end} まで{gap}{ja}（開始時刻は読み取った範囲より前）"),
        ),
        (None, None) => Text::new(
            format!("{} all the time that was read", en.trim_end_matches(',')),
            format!("読み取った全範囲で{gap}{ja}"),
        ),
    }
}

/// `4.250 s`, `6 min 12 s`, `11 h 31 min`, `3 d 4 h`: how long something lasted.
fn lasting(micros: i64, lang: Lang) -> String {
    let micros = micros.max(0);
    let seconds = micros / 1_000_000;
    let (upper, lower, [en, ja]) = match seconds {
        0..60 => {
            let millis = micros / 1_000 % 1_000;
            return match lang {
                Lang::En => format!("{seconds}.{millis:03} s"),
                Lang::Ja => format!("{seconds}.{millis:03} 秒"),
            };
        }
        60..3_600 => (seconds / 60, seconds % 60, [("min", "s"), ("分", "秒")]),
        3_600..86_400 => (seconds / 3_600, seconds / 60 % 60, [("h", "min"), ("時間", "分")]),
        _ => (seconds / 86_400, seconds / 3_600 % 24, [("d", "h"), ("日", "時間")]),
    };
    let (first, second) = if lang == Lang::En { en } else { ja };
    match lower {
        0 => format!("{upper} {first}"),
        _ => format!("{upper} {first} {lower} {second}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn lengths_are_written_in_two_units() {
        for (seconds, en, ja) in [
            (0, "0.000 s", "0.000 秒"),
            (372, "6 min 12 s", "6 分 12 秒"),
            (3_600, "1 h", "1 時間"),
            (41_460, "11 h 31 min", "11 時間 31 分"),
            (273_600, "3 d 4 h", "3 日 4 時間"),
        ] {
            assert_eq!(lasting(seconds * 1_000_000, Lang::En), en);
            assert_eq!(lasting(seconds * 1_000_000, Lang::Ja), ja);
        }
        assert_eq!(lasting(4_250_000, Lang::En), "4.250 s");
        assert_eq!(lasting(-1, Lang::En), "0.000 s");
    }

    #[test]
    fn the_text_tells_which_end_is_open() {
        let at = |second| Some(Timestamp::from_seconds(second));
        let span = |from, to| Span { host: 0, kind: SpanKind::LogGap, from, to, log: Some("hostd".into()) };
        let said = |from, to, lang| text(&span(from, to), &Zone::UTC).get(lang).to_owned();
        let gap = said(at(0), at(90), Lang::En);
        assert_eq!(gap, "without records of the hostd log until 00:01:30 (1 min 30 s)");
        let gap = said(at(0), at(90), Lang::Ja);
        assert_eq!(gap, "00:01:30 まで hostd ログのレコードが欠落（1 分 30 秒）");
        assert!(said(at(0), None, Lang::En).ends_with("(not over when the bundle was taken)"));
        assert!(said(None, at(9), Lang::En).contains("until 1970-01-01 00:00:09 (since before"));
        assert!(said(None, at(9), Lang::Ja).ends_with("範囲より前）"));
        assert_eq!(said(None, None, Lang::Ja), "読み取った全範囲で hostd ログのレコードが欠落");
        let down = Span { kind: SpanKind::Down, ..span(at(0), at(1_959)) };
        assert_eq!(text(&down, &Zone::UTC).get(Lang::En), "down until 00:32:39 (32 min 39 s)");
        assert_eq!(text(&down, &Zone::UTC).get(Lang::Ja), "00:32:39 まで停止（32 分 39 秒）");
    }
}
