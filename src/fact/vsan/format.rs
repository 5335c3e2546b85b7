//! On-disk formats of vSAN, and the releases that brought them (KB 327034).
//!
//! A host can use disks of its own release's format and of all before it, none of a later one.

use super::super::releases::Placed;

/// An on-disk format and where it came from.
struct Format {
    /// `On-disk format version`
    number: u64,
    /// The vSAN release that had it first: `6.7 U3`.
    vsan: &'static str,
    /// Train and update of the ESXi release that this vSAN is part of.
    esxi: ((u16, u16), u32),
}

/// In the order of the releases. vSAN counted its releases otherwise than ESXi up to 6.6: 6.2 is part of ESXi 6.0 U2, and
/// 6.6 of 6.5.0d, a patch.
const FORMATS: &[Format] = &[
    format(1, "5.5", (5, 5), 0),
    format(2, "6.0", (6, 0), 0),
    format(3, "6.2", (6, 0), 2),
    format(5, "6.6", (6, 5), 1),
    format(6, "6.7", (6, 7), 0),
    format(7, "6.7 U1", (6, 7), 1),
    format(10, "6.7 U3", (6, 7), 3),
    format(11, "7.0", (7, 0), 0),
    format(13, "7.0 U1", (7, 0), 1),
    format(14, "7.0 U2", (7, 0), 2),
    format(15, "7.0 U3", (7, 0), 3),
    format(17, "8.0", (8, 0), 0),
    format(18, "8.0 U1", (8, 0), 1),
    format(19, "8.0 U2", (8, 0), 2),
    format(20, "8.0 U3", (8, 0), 3),
    format(21, "9.0", (9, 0), 0),
];

/// When 6.5.0d was published, the first of ESXi 6.5 with vSAN 6.6.
const FIRST_WITH_66: &str = "2017-04-18";

const fn format(number: u64, vsan: &'static str, train: (u16, u16), update: u32) -> Format {
    Format { number, vsan, esxi: (train, update) }
}

/// The highest on-disk format that an ESXi host of this release can use.
///
/// `None` where that is not known: of releases newer than the table, and of an ESXi 6.5 that may be before or after the
/// patch that brought a new format. Where a release was only guessed, see [`Placed::exact`], so is this.
pub fn max_vsan_format(placed: &Placed) -> Option<u64> {
    let newest = FORMATS.last()?;
    if placed.rank() > newest.esxi {
        return None;
    }
    if placed.rank() == ((6, 5), 0) {
        return placed.date.map(|date| if date < FIRST_WITH_66 { 3 } else { 5 });
    }
    FORMATS.iter().rev().find(|format| format.esxi <= placed.rank()).map(|format| format.number)
}

/// The vSAN release that had an on-disk format first: `6.7 U3` of 10. The numbers between are of no release.
pub fn release_of_format(number: u64) -> Option<&'static str> {
    FORMATS.iter().find(|format| format.number == number).map(|format| format.vsan)
}

#[cfg(test)]
mod tests {
    use super::super::super::releases::{all, place};
    use super::*;
    use crate::model::HostKind::Esxi;

    #[track_caller]
    fn check(version: &str, build: &str, expected: Option<u64>) {
        let build = Some(build).filter(|build| !build.is_empty());
        let placed = place(Esxi, Some(version), build, None).expect("placed");
        assert_eq!(max_vsan_format(&placed), expected, "{placed:?}");
    }

    #[test]
    fn a_release_has_the_newest_format_that_it_knows() {
        check("6.7.0", "14320388", Some(10));
        check("6.7.0", "13644319", Some(7));
        check("7.0.3", "", Some(15));
        check("8.0.2", "24585300", Some(19));
        check("8.0.3", "", Some(20));
        check("9.0.0", "", Some(21));
        // vSAN 6.2 is part of an update of ESXi 6.0.
        check("6.0.0", "3568940", Some(2));
        check("6.0.0", "3620759", Some(3));
        check("5.5.0", "1623387", Some(1));
    }

    #[test]
    fn what_a_release_knows_that_is_not_in_the_table_is_not_guessed() {
        check("9.0.1.0", "", None);
        check("9.1.0", "25370933", None);
        let before_vsan =
            Placed { train: (5, 1), update: 3, name: "5.1 U3".to_owned(), date: None, exact: true };
        assert_eq!(max_vsan_format(&before_vsan), None);
    }

    #[test]
    fn a_patch_of_6_5_brought_a_format() {
        let of = |date| {
            let name = "6.5".to_owned();
            max_vsan_format(&Placed { train: (6, 5), update: 0, name, date, exact: true })
        };
        assert_eq!((of(Some("2017-03-28")), of(Some("2017-04-18")), of(None)), (Some(3), Some(5), None));
        let d = all().iter().find(|release| release.kind == Esxi && release.name == "6.5d");
        assert_eq!(d.expect("in the table").date, Some(FIRST_WITH_66));
    }

    #[test]
    fn formats_rise_with_the_releases_and_name_them() {
        assert!(FORMATS.windows(2).all(|two| two[0].number < two[1].number && two[0].esxi < two[1].esxi));
        assert_eq!(release_of_format(10), Some("6.7 U3"));
        assert_eq!(release_of_format(3), Some("6.2"));
        assert_eq!((release_of_format(12), release_of_format(0)), (None, None));
    }
}
