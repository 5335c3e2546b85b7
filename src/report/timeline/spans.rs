//! What lasts, in words: the spans of a case that touch the time that was asked for.

use super::SpanInfo;
use crate::case::{Case, Span, SpanKind};
use crate::model::{Lang, Text, Timestamp};
use crate::report::build::Options;

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
        text: text(&span).get(options.lang).to_owned(),
        log: span.log,
    };
    case.spans().into_iter().filter(touches).map(info).collect()
}

/// `The host was down for 6 min 12 s.`
fn text(span: &Span) -> Text {
    let log = span.log.as_deref().unwrap_or_default();
    let (en, ja) = match span.kind {
        SpanKind::Down => ("The host was down".to_owned(), "ホストが停止していました".to_owned()),
        SpanKind::Maintenance => (
            "The host was in maintenance mode, or entering it".to_owned(),
            "ホストはメンテナンス モードでした (移行中を含む)".to_owned(),
        ),
        SpanKind::Upgrade => (
            "The host was being upgraded, until its boot".to_owned(),
            "ホストはアップグレード中でした (再起動完了まで)".to_owned(),
        ),
        SpanKind::Disconnected => (
            "vCenter had no connection to the host".to_owned(),
            "vCenter Server とホストの接続が切断されていました".to_owned(),
        ),
        SpanKind::LogGap => {
            (format!("Records of the {log} log are missing"), format!("{log} ログのレコードが欠落しています"))
        }
    };
    match (span.from, span.to) {
        (Some(from), Some(to)) => {
            let [for_en, for_ja] = [Lang::En, Lang::Ja].map(|lang| lasting(to.since(from), lang));
            Text::new(format!("{en}: {for_en}."), format!("{ja} ({for_ja})。"))
        }
        (Some(_), None) => Text::new(
            format!("{en}; this had not ended when the bundle was taken."),
            format!("{ja}。バンドルの収集時点でも継続していました。"),
        ),
        (None, _) => Text::new(
            format!("{en}; its beginning is before anything that was read."),
            format!("{ja}。開始時刻は読み取った範囲より前です。"),
        ),
    }
}

/// `4.250 s`, `6 min 12 s`, `11 h 31 min`, `3 d 4 h`: how long something lasted.
pub fn lasting(micros: i64, lang: Lang) -> String {
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

/// The length of a span, where both ends are known.
pub fn length(from: Option<Timestamp>, to: Option<Timestamp>, lang: Lang) -> Option<String> {
    from.zip(to).map(|(from, to)| lasting(to.since(from), lang))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let said = |from, to, lang| text(&span(from, to)).get(lang).to_owned();
        assert_eq!(said(at(0), at(90), Lang::En), "Records of the hostd log are missing: 1 min 30 s.");
        assert_eq!(said(at(0), at(90), Lang::Ja), "hostd ログのレコードが欠落しています (1 分 30 秒)。");
        assert!(said(at(0), None, Lang::En).ends_with("had not ended when the bundle was taken."));
        assert!(said(None, at(9), Lang::En).ends_with("is before anything that was read."));
        assert!(said(None, at(9), Lang::Ja).ends_with("範囲より前です。"));
    }
}
