//! Which of the files of one log is older: the rules of their names.

/// Where a file stands among the rotations of a log.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `vmkernel.log`: what is written to.
    Current,
    /// `vmkernel.3.gz`, `hostd.log.1`: counted from the newest. With the number that the newest one has.
    Age {
        /// Its number.
        number: u64,
        /// The number of the newest one: 0, or 1 behind `.log.`.
        newest: u64,
    },
    /// `vpxd-12.log.gz`: counted from the oldest.
    Serial(u64),
}

impl Place {
    /// A number that grows with time; what is written to is newest.
    pub fn order(self) -> i64 {
        match self {
            Place::Current => i64::MAX,
            Place::Age { number, .. } => -i64::try_from(number).unwrap_or(0),
            Place::Serial(number) => i64::try_from(number).unwrap_or(0),
        }
    }
}

/// The place of the file called `name` among the rotations of the log `stem`; `None` where the name tells none, as
/// `vmkernel-10.0.0.7.log`, which a log server wrote for another machine.
pub(super) fn place(name: &str, stem: &str) -> Option<Place> {
    let whole = name.strip_prefix(stem)?;
    let mut rest = whole;
    while let Some(shorter) = [".gz", ".zst", ".xz", ".bz2"].iter().find_map(|end| rest.strip_suffix(end)) {
        rest = shorter;
    }
    // A longer number is a date.
    let number = |text: &str| {
        let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let without_log = rest.strip_suffix(".log").unwrap_or(rest);
    if without_log.is_empty() {
        return Some(Place::Current);
    }
    if let Some(tail) = rest.strip_prefix(".log.") {
        return number(tail).map(|number| Place::Age { number, newest: 1 });
    }
    if let Some(tail) = without_log.strip_prefix('.') {
        // ESXi counts from 0 and compresses; what is not compressed may come from a service that counts from 1.
        let newest = u64::from(rest.len() == whole.len());
        return number(tail).map(|number| Place::Age { number, newest });
    }
    without_log.strip_prefix('-').and_then(number).map(Place::Serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_position() {
        let check = |name: &str, stem: &str, expected: Option<Place>| {
            assert_eq!(place(name, stem), expected, "{name}")
        };
        check("vmkernel.log", "vmkernel", Some(Place::Current));
        check("vmkernel", "vmkernel", Some(Place::Current));
        check("vpxd-12.log.zst", "vpxd", Some(Place::Serial(12)));
        check("hostd.3", "hostd", Some(Place::Age { number: 3, newest: 1 }));
        check("hostd.3.gz", "hostd", Some(Place::Age { number: 3, newest: 0 }));
        check("hostd.log.3", "hostd", Some(Place::Age { number: 3, newest: 1 }));
        check("vmkernel-10.0.0.7.log", "vmkernel", None);
        check("hostd.log-20200203.gz", "hostd", None);
    }
}
