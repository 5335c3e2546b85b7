//! Which release a version and a build are, and how two products' releases compare.
//!
//! The table `releases.csv` holds what VMware published (KB 316595 for ESXi, KB 326316 for vCenter). Patch letters
//! of the two products do not correspond, and builds of one update can be newer than those of the next: so
//! releases compare by train and update only.

use std::sync::LazyLock;

use crate::model::HostKind;

/// One published release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// ESXi or vCenter.
    pub kind: HostKind,
    /// What the product prints as its version: `6.7.0`, `8.0.3`, of vCenter `8.0.3.00100`.
    pub version: &'static str,
    /// `(6, 7)`
    pub train: (u16, u16),
    /// The update's number, 0 of the first release.
    pub update: u32,
    /// Short name: `6.7 U3b`.
    pub name: &'static str,
    /// When it was published, `2019-08-20`, where that is known.
    pub date: Option<&'static str>,
    /// Its builds: of vCenter the one of the release notes, then those that vpxd prints.
    pub builds: Vec<u64>,
}

/// Where a product stands in its line of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// `(6, 7)`
    pub train: (u16, u16),
    /// The update's number, 0 of the first release.
    pub update: u32,
    /// Short name, `6.7 U3b`; without the patch where only the update is known: `6.7 U3`.
    pub name: String,
    /// When the release was published, `2019-08-20`; `None` where the release is not known exactly.
    pub date: Option<&'static str>,
    /// False where train and update were only guessed from the builds around it.
    pub exact: bool,
}

impl Placed {
    /// What releases of ESXi and of vCenter compare by.
    pub fn rank(&self) -> ((u16, u16), u32) {
        (self.train, self.update)
    }

    fn of(release: &Release, exact: bool) -> Self {
        let date = release.date.filter(|_| exact);
        Placed { train: release.train, update: release.update, name: release.name.to_owned(), date, exact }
    }

    fn of_update(train: (u16, u16), update: u32) -> Self {
        let base = format!("{}.{}", train.0, train.1);
        let name = if update == 0 { base } else { format!("{base} U{update}") };
        Placed { train, update, name, date: None, exact: true }
    }
}

static RELEASES: LazyLock<Vec<Release>> =
    LazyLock::new(|| include_str!("releases.csv").lines().skip(1).filter_map(release).collect());

/// `vcenter,8.0.3.00100,3,8.0 U3a,2024-07-18,24091160`
fn release(row: &'static str) -> Option<Release> {
    let mut cells = row.split(',');
    let mut next = || cells.next();
    let kind = match next()? {
        "esxi" => HostKind::Esxi,
        "vcenter" => HostKind::Vcenter,
        _ => return None,
    };
    let (version, update, name, date) = (next()?, next()?.parse().ok()?, next()?, next()?);
    let builds = next()?.split(';').filter_map(|build| build.parse().ok()).collect();
    let date = Some(date).filter(|date| !date.is_empty());
    Some(Release { kind, version, train: train_of(version)?, update, name, date, builds })
}

/// Every release that is known, newest first inside one product and train.
pub fn all() -> &'static [Release] {
    &RELEASES
}

/// The release that a build is of; `Releasebuild-14320388` and `14320388` are one.
pub fn by_build(kind: HostKind, build: &str) -> Option<&'static Release> {
    let number = build_of(build)?;
    all().iter().find(|release| release.kind == kind && release.builds.contains(&number))
}

/// Places a product by what is known of it: by its build, else by the update it states, else by its dotted version,
/// else by the builds around its own.
///
/// `None` where not even the update can be told: ESXi 6.x prints `6.7.0` whatever its update is.
pub fn place(
    kind: HostKind,
    version: Option<&str>,
    build: Option<&str>,
    update: Option<u32>,
) -> Option<Placed> {
    let (version, inner_build) = match version.and_then(|version| version.split_once('-')) {
        // ESXi's full version holds the build: `8.0.3-0.70.24674464`.
        Some((version, rest)) => (Some(version), rest.rsplit('.').next()),
        None => (version, None),
    };
    let build = build.or(inner_build);
    if let Some(release) = build.and_then(|build| by_build(kind, build)) {
        return Some(Placed::of(release, true));
    }
    let version = version?;
    if let Some(release) = by_version(kind, version) {
        return Some(Placed::of(release, true));
    }
    let train = train_of(version)?;
    let dotted = stated_update(kind, train, version);
    // Since 9.0 the third part is a maintenance release, and hosts print `Update: 0` beside it.
    let update = if train.0 >= 9 { dotted.or(update) } else { update.or(dotted) };
    if let Some(update) = update {
        return Some(Placed::of_update(train, update));
    }
    nearest(kind, train, build_of(build?)?)
}

/// The release that prints exactly `version`, where only one does: true of vCenter's four-part versions.
fn by_version(kind: HostKind, version: &str) -> Option<&'static Release> {
    if version.split('.').count() < 4 {
        return None;
    }
    all().iter().find(|release| release.kind == kind && release.version == version)
}

/// The update that a version states: the third part since 7.0, the fourth of vCenter 6.7.
fn stated_update(kind: HostKind, train: (u16, u16), version: &str) -> Option<u32> {
    let mut parts = version.split('.').skip(2).map(|part| part.parse::<u32>().ok());
    let third = parts.next()?;
    if train.0 >= 7 {
        return third;
    }
    let fourth = parts.next()??;
    (kind == HostKind::Vcenter).then(|| vcenter_67_update(train, fourth))?
}

/// `6.7.0.10000` is the first release, `20000` update 1, and everything from `40000` on belongs to update 3.
pub(super) fn vcenter_67_update(train: (u16, u16), fourth: u32) -> Option<u32> {
    (train == (6, 7) && fourth >= 10_000).then(|| (fourth / 10_000 - 1).min(3))
}

/// The release before an unknown build, inside its train.
///
/// 8.0 U2d has a higher build than 8.0 U3: among the releases below, those of the highest update come first.
fn nearest(kind: HostKind, train: (u16, u16), build: u64) -> Option<Placed> {
    let below = all().iter().filter(|release| release.kind == kind && release.train == train);
    let below = below.filter_map(|release| {
        let highest = release.builds.iter().copied().filter(|&own| own <= build).max()?;
        Some(((release.update, highest), release))
    });
    below.max_by_key(|(rank, _)| *rank).map(|(_, release)| Placed::of(release, false))
}

/// The first two parts of a version: `(6, 7)`.
pub(super) fn train_of(version: &str) -> Option<(u16, u16)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn build_of(text: &str) -> Option<u64> {
    text.trim().rsplit('-').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use HostKind::{Esxi, Vcenter};

    #[track_caller]
    fn check(
        kind: HostKind,
        version: &str,
        build: &str,
        update: Option<u32>,
        expected: Option<(&str, u32, bool)>,
    ) {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let placed = place(kind, text(version).as_deref(), text(build).as_deref(), update);
        let read = placed.as_ref().map(|placed| (placed.name.as_str(), placed.update, placed.exact));
        assert_eq!(read, expected, "{version} {build}");
    }

    #[test]
    fn the_whole_table_is_read_and_no_build_stands_twice() {
        let rows = include_str!("releases.csv").lines().count() - 1;
        assert_eq!(all().len(), rows);
        let mut seen = std::collections::BTreeSet::new();
        for release in all() {
            assert!(!release.builds.is_empty(), "{release:?}");
            for build in &release.builds {
                assert!(seen.insert((release.kind, *build)), "{release:?}");
            }
            assert!(release.name.starts_with(&format!("{}.{}", release.train.0, release.train.1)));
            let update = release.name.split_once(" U").and_then(|(_, rest)| rest.get(..1)?.parse().ok());
            let stated = release.train.0 >= 9 || update.unwrap_or(0) == release.update;
            assert!(stated, "{release:?}");
        }
    }

    #[test]
    fn a_build_decides() {
        check(Esxi, "6.7.0", "14320388", None, Some(("6.7 U3", 3, true)));
        check(Esxi, "6.7.0", "build-15160138", None, Some(("6.7 U3b", 3, true)));
        check(Esxi, "6.7.0", "Releasebuild-13644319", None, Some(("6.7 U2 EP 09", 2, true)));
        check(Esxi, "8.0.2", "24585300", None, Some(("8.0 U2d", 2, true)));
        check(Esxi, "8.0.3-0.70.24674464", "", None, Some(("8.0 U3e", 3, true)));
        // The build that vpxd prints and the one of the release notes.
        check(Vcenter, "6.7.0", "10244857", None, Some(("6.7 U1", 1, true)));
        check(Vcenter, "6.7.0", "10244745", None, Some(("6.7 U1", 1, true)));
        check(Vcenter, "", "13639324", None, Some(("6.7 U2a", 2, true)));
        // An ESXi build says nothing of a vCenter.
        check(Vcenter, "", "14320388", None, None);
    }

    #[test]
    fn without_a_known_build_the_version_decides() {
        check(Esxi, "6.7.0", "", Some(3), Some(("6.7 U3", 3, true)));
        check(Esxi, "7.0.3", "", None, Some(("7.0 U3", 3, true)));
        check(Esxi, "8.0.3", "99999999", None, Some(("8.0 U3", 3, true)));
        check(Vcenter, "8.0.3.00100", "", None, Some(("8.0 U3a", 3, true)));
        check(Vcenter, "8.0.3.77700", "", None, Some(("8.0 U3", 3, true)));
        check(Vcenter, "6.7.0.20000", "", None, Some(("6.7 U1", 1, true)));
        check(Vcenter, "6.7.0.58900", "", None, Some(("6.7 U3", 3, true)));
        check(Esxi, "9.0.1.0", "", None, Some(("9.0.1.0", 1, true)));
        check(Esxi, "9.0.1", "", Some(0), Some(("9.0 U1", 1, true)));
        check(Esxi, "6.7.0", "", None, None);
        check(Vcenter, "6.7.0", "", None, None);
        check(Esxi, "x", "y", None, None);
    }

    #[test]
    fn an_unknown_build_is_placed_between_its_neighbours() {
        check(Esxi, "6.7.0", "14320389", None, Some(("6.7 U3", 3, false)));
        check(Esxi, "6.7.0", "10302600", None, Some(("6.7 U1 (security only)", 1, false)));
        check(Esxi, "6.7.0", "1", None, None);
        // Just above 8.0 U2d, and yet more likely a patch of U3.
        check(Esxi, "8.0", "24585310", None, Some(("8.0 U3c", 3, false)));
    }

    /// Against the list that the table was made of, where that is at hand.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    #[test]
    fn every_build_of_the_list_is_known() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/reference/data/builds.csv");
        let Ok(list) = std::fs::read_to_string(path) else {
            eprintln!("skipped: no list of builds beside the project");
            return;
        };
        let mut known = 0;
        for row in list.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let kind = if cells[0] == "vCenter" { Vcenter } else { Esxi };
            // A name may hold a comma; the last two columns hold builds only.
            for build in cells[cells.len() - 2..]
                .iter()
                .flat_map(|cell| cell.split([';', ' ']))
                .filter(|b| !b.is_empty())
            {
                let release = by_build(kind, build).unwrap_or_else(|| panic!("{row}: {build}"));
                let update: Option<u32> =
                    row.split_once(" Update ").and_then(|(_, rest)| rest.get(..1)?.parse().ok());
                // vSAN counts its own updates.
                let agrees = cells[0] == "vSAN" || update.is_none_or(|update| release.update == update);
                assert!(agrees, "{row}: {release:?}");
                known += 1;
            }
        }
        assert!(known > 500, "{known}");
    }

    #[test]
    fn products_compare_by_train_and_update() {
        let of = |kind, build| place(kind, None, Some(build), None).expect("known");
        let (vcenter, host) = (of(Vcenter, "24322831"), of(Esxi, "24585383"));
        assert_eq!((vcenter.name.as_str(), host.name.as_str()), ("8.0 U3d", "8.0 U3d"));
        assert_eq!(vcenter.rank(), host.rank());
        assert!(vcenter.date < host.date);
        assert!(of(Esxi, "14320388").rank() > of(Vcenter, "10244857").rank());
        assert!(of(Esxi, "24585300").rank() < of(Esxi, "24022510").rank(), "8.0 U2d is no U3");
    }
}
