//! Hosts that were upgraded before their vCenter Server: when, and what vCenter made of it.

use super::story::{Story, hosts_of, line, names, only, verb};
use super::{Link, Scene};
use crate::case::{Case, Moment};
use crate::model::{EventKind, HostKind, Text, Timestamp};
use crate::verdict::vsan::cause::is_refusal;
use crate::verdict::{Finding, near, readable, version};

/// An upgrade so many seconds before what it led to is a part of the story; an older one is history.
const RECENT: i64 = 7 * 86_400;

/// The last change of the software of each of `hosts` in the week before `at`, in the order of time; all that the logs
/// tell where `at` is not known.
pub(super) fn upgrades<'c>(case: &'c Case, hosts: &[usize], at: Option<Timestamp>) -> Vec<&'c Moment> {
    let told = at.map_or(case.timeline.as_slice(), |at| near(case, at, (RECENT, 0)));
    let mut last: Vec<&Moment> = Vec::new();
    // A package that was installed later makes no other release of an image that was updated.
    let changes: Vec<&Moment> =
        told.iter().filter(|moment| is_upgrade(moment) && hosts.contains(&moment.host)).collect();
    for is_wanted in [is_image, is_upgrade] {
        for moment in changes.iter().rev().copied().filter(|moment| is_wanted(moment)) {
            if last.iter().all(|known| known.host != moment.host) {
                last.push(moment);
            }
        }
    }
    last.sort_by_key(|moment| (moment.time, moment.host));
    last
}

/// Whether the image as a whole was changed, as far as the record tells: single packages are installed too.
fn is_image(moment: &Moment) -> bool {
    is_upgrade(moment) && !moment.field("change").is_some_and(|change| ["install", "vib"].contains(&change))
}

/// Taking a package away makes no host newer.
fn is_upgrade(moment: &Moment) -> bool {
    moment.event.kind == EventKind::HOST_UPGRADE && moment.field("change") != Some("remove")
}

/// `esx01 and esx02 were upgraded; they run ESXi 6.7 U3 (build …)`; the release only where no later change is told.
pub(super) fn upgraded(case: &Case, moments: &[&Moment]) -> Text {
    let mut hosts = hosts_of(moments);
    hosts.sort_unstable();
    let who = names(case, &hosts);
    // One pass for all hosts: what is looked for is rare.
    let first = moments.iter().map(|moment| moment.time).min().unwrap_or_default();
    let after = case.timeline.partition_point(|other| other.time <= first);
    let images: Vec<&Moment> = case.timeline[after..].iter().filter(|other| is_image(other)).collect();
    let is_last =
        |moment: &&Moment| !images.iter().any(|other| other.host == moment.host && other.time > moment.time);
    let mut releases: Vec<String> = hosts.iter().map(|&host| version::release(&case.hosts[host])).collect();
    releases.dedup();
    let verb = verb(hosts.len(), "was", "were");
    let last = moments.iter().map(|moment| moment.time).max().filter(|_| hosts.len() > 1);
    let until = last.map(readable).map_or_else(Text::default, |last| {
        Text::new(format!(", the last at {last}"), format!("（最後は {last}）"))
    });
    match releases.as_slice() {
        [release] if release != "?" && moments.iter().all(is_last) => Text::new(
            format!("{} {verb} upgraded to ESXi {release}{}", who.en, until.en),
            format!(
                "{} が ESXi {}にアップグレードされました{}",
                who.ja,
                version::behind_ja(release),
                until.ja
            ),
        ),
        _ => Text::new(
            format!("The software of {} was updated{}", who.en, until.en),
            format!("{} のソフトウェアが更新されました{}", who.ja, until.ja),
        ),
    }
}

/// The upgrades of `newer` before `at`, then that their vCenter Server is older.
pub(super) fn order(
    story: &mut Story,
    case: &Case,
    (vcenter, newer): (usize, &[usize]),
    at: Option<Timestamp>,
) {
    let moments = upgrades(case, newer, at);
    story.event(only(&hosts_of(&moments)), &moments, upgraded(case, &moments));
    let Some(&shown) = newer.first() else { return };
    let (old, new) = (&case.hosts[vcenter], &case.hosts[shown]);
    let evidence = [line(vcenter, old.product.as_ref()), line(shown, new.product.as_ref())];
    let placed = |host: &crate::case::Host| {
        host.placed.as_ref().map_or_else(|| version::release(host), |placed| placed.name.clone())
    };
    let text = Text::new(
        format!("vCenter Server {} is {}, older than {} of its hosts", old.id, placed(old), placed(new)),
        format!(
            "vCenter Server {} は {}で、管理対象ホストの {}より古いバージョンです",
            old.id,
            version::behind_ja(&placed(old)),
            version::behind_ja(&placed(new))
        ),
    );
    story.state(Some(vcenter), evidence.into_iter().flatten().collect(), text);
}

pub(super) fn chain(scene: &Scene<'_>, finding: &Finding) -> Vec<Link> {
    let case = scene.case;
    let vcenters = (0..case.hosts.len()).filter(|&host| case.hosts[host].kind == HostKind::Vcenter);
    let is_its = |vcenter: &usize| version::newer_hosts(case, *vcenter) == finding.hosts;
    let Some(vcenter) = vcenters.into_iter().find(is_its) else { return Vec::new() };
    let mut story = Story::default();
    order(&mut story, case, (vcenter, &finding.hosts), None);
    let refused =
        |moment: &&Moment| moment.host == vcenter && moment.is_lost_connection() && is_refusal(moment);
    let refusals: Vec<&Moment> = case.timeline.iter().filter(refused).collect();
    refusal(&mut story, case, vcenter, &refusals);
    story.told()
}

/// That vCenter did not take hosts for their version.
pub(super) fn refusal(story: &mut Story, case: &Case, vcenter: usize, moments: &[&Moment]) {
    let mut hosts: Vec<String> =
        moments.iter().filter_map(|moment| moment.field("host_name")).map(str::to_owned).collect();
    hosts.sort();
    hosts.dedup();
    let (en, ja) = (crate::verdict::list_en(&hosts), crate::verdict::list_ja(&hosts));
    let id = &case.hosts[vcenter].id;
    let text = Text::new(
        format!("vCenter Server {id} refused the connection to {en}: it does not know that version"),
        format!("vCenter Server {id} が、未対応のバージョンであるとして {ja} への接続を拒否しました"),
    );
    story.event(Some(vcenter), moments, text);
}
