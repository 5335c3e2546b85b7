//! A finding in the one sentence that a customer hears first.

use super::{list_en, list_ja};
use crate::model::Text;

/// VMs that a short sentence names; more are counted.
const NAMES: usize = 3;

/// What a finding says where there is room for a sentence alone. What is not told here is told by its title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brief {
    /// What happened to the customer, without a full stop and without its time, which is put behind it.
    pub what: Option<Text>,
    /// What came of it, to stand behind the time: a clause without a full stop.
    pub then: Option<Text>,
    /// Hosts that the finding is about and that have no bundle here, by name.
    pub absent: Vec<String>,
}

/// `VM web01`, `3 VMs (web01, web02 and web03)`, `12 VMs`; in Japanese with the blank that a particle needs behind it.
pub(super) fn vms(names: &[String]) -> Text {
    match names {
        [one] => Text::new(format!("VM {one}"), format!("仮想マシン {one} ")),
        names if names.len() <= NAMES => Text::new(
            format!("{} VMs ({})", names.len(), list_en(names)),
            format!("仮想マシン {} 台（{}）", names.len(), list_ja(names)),
        ),
        names => Text::new(format!("{} VMs", names.len()), format!("仮想マシン {} 台", names.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_vms_are_named_and_many_counted() {
        let named = |count: usize| vms(&(1..=count).map(|n| format!("vm{n}")).collect::<Vec<_>>());
        assert_eq!(named(1), Text::new("VM vm1", "仮想マシン vm1 "));
        assert_eq!(named(2), Text::new("2 VMs (vm1 and vm2)", "仮想マシン 2 台（vm1、vm2）"));
        assert_eq!(named(4), Text::new("4 VMs", "仮想マシン 4 台"));
    }
}
