//! What the finding says.

use super::Skewed;
use crate::case::{Case, Reference};
use crate::model::Text;
use crate::verdict::{list_en, list_ja, readable};

/// `97.5`: seconds of so many microseconds, without a sign.
pub(super) fn seconds(micros: i64) -> String {
    format!("{:.1}", micros.unsigned_abs() as f64 / 1e6)
}

/// Whose clock is compared with.
pub(super) fn reference(case: &Case, reference: Reference) -> Text {
    match reference {
        Reference::Host(host) => Text::new(case.hosts[host].id.clone(), case.hosts[host].id.clone()),
        Reference::MigrationIds => {
            Text::new("vCenter Server (by the ids of migrations)", "vCenter Server（移行 ID による）")
        }
    }
}

/// `97.5 s ahead`
fn off(micros: i64) -> Text {
    let seconds = seconds(micros);
    match micros < 0 {
        true => Text::new(format!("{seconds} s behind"), format!("{seconds} 秒遅れ")),
        false => Text::new(format!("{seconds} s ahead"), format!("{seconds} 秒進み")),
    }
}

pub(super) fn title(case: &Case, against: Reference, skewed: &[Skewed<'_>]) -> Text {
    let against = reference(case, against);
    if let [one] = skewed {
        let (id, most) = (&case.hosts[one.host].id, seconds(one.most));
        let (word, word_ja) = if one.most < 0 { ("behind", "遅れて") } else { ("ahead of", "進んで") };
        return Text::new(
            format!("The clock of {id} is up to {most} s {word} that of {}", against.en),
            format!("{id} の時計が {} より最大 {most} 秒{word_ja}います", against.ja),
        );
    }
    let most = skewed.iter().map(|skewed| skewed.most.abs()).max().unwrap_or(0);
    let (count, most) = (skewed.len(), seconds(most));
    Text::new(
        format!("The clocks of {count} hosts differ by up to {most} s from that of {}", against.en),
        format!("ホスト {count} 台の時計が {} と最大 {most} 秒ずれています", against.ja),
    )
}

pub(super) fn summary(case: &Case, against: Reference, skewed: &[Skewed<'_>]) -> Text {
    let each: Vec<Text> = skewed.iter().map(|skewed| one(case, skewed)).collect();
    let en: Vec<&str> = each.iter().map(|text| text.en.as_str()).collect();
    let ja: Vec<&str> = each.iter().map(|text| text.ja.as_str()).collect();
    let against = reference(case, against);
    Text::new(
        format!(
            "Compared with {}: {}. Events that two hosts tell show it. Read side by side, the raw logs give a wrong order; \
             the times in this report are corrected.",
            against.en,
            list_en(&en)
        ),
        format!(
            "{} を基準とすると、{}。2 台のホストの両方に記録されたイベントから判明しました。ログをそのまま並べると順序を誤ります。本レポートの時刻は補正済みです。",
            against.ja,
            list_ja(&ja)
        ),
    )
}

/// `esx02 97.5 s ahead (± 0.4 s), set forward by 40.0 s before 2020-02-18 09:20:31 UTC, gaining 2.0 s a day`
fn one(case: &Case, skewed: &Skewed<'_>) -> Text {
    let id = &case.hosts[skewed.host].id;
    let (now, unsure) = (off(skewed.now), seconds(skewed.clock.uncertainty));
    let mut en = format!("{id} {} (± {unsure} s) at the end", now.en);
    let mut ja = format!("{id} は最終時点で {}（± {unsure} 秒）", now.ja);
    for step in &skewed.clock.steps {
        let (by, at) = (seconds(step.by), readable(step.at));
        let (way, way_ja) =
            if step.by < 0 { ("back", "戻された") } else { ("forward", "進められた") };
        en += &format!(", set {way} by {by} s about {at}");
        ja += &format!("、{at} 頃に {by} 秒{way_ja}");
    }
    if let Some(gains) = skewed.clock.gains_a_day() {
        let (word, word_ja) = if gains < 0.0 { ("losing", "遅れる") } else { ("gaining", "進む") };
        let gains = seconds(gains as i64);
        en += &format!(", {word} {gains} s a day");
        ja += &format!("、1 日に {gains} 秒{word_ja}");
    }
    Text::new(en, ja)
}

pub(super) fn cause(case: &Case, skewed: &[Skewed<'_>]) -> (&'static str, Text) {
    let told = skewed.iter().filter(|skewed| !skewed.signs.said.is_empty());
    let (mut en, mut ja) = (Vec::new(), Vec::new());
    for skewed in told {
        let id = &case.hosts[skewed.host].id;
        let said =
            |pick: fn(&Text) -> &String| skewed.signs.said.iter().map(pick).cloned().collect::<Vec<_>>();
        en.push(format!("{id}: {}", list_en(&said(|text| &text.en))));
        ja.push(format!("{id}: {}", list_ja(&said(|text| &text.ja))));
    }
    if en.is_empty() {
        return (
            "unknown",
            Text::new(
                "What the bundles hold of NTP does not explain it.",
                "バンドル内の NTP 情報からは原因を特定できません。",
            ),
        );
    }
    let en = format!("Time synchronisation does not work: {}.", en.join("; "));
    ("ntp", Text::new(en, format!("時刻同期が機能していません。{}。", ja.join("、"))))
}
