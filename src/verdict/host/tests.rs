use super::crashed::{module, world};

#[test]
fn a_purple_screen_names_its_world_and_its_module() {
    let reason = "#PF Exception 14 in world 2097705:CMMDS-worker IP 0x41802 addr 0x0";
    assert_eq!((world(reason), module(reason)), (Some("CMMDS-worker"), None));
    let reason = "Failed at bora/modules/vmkernel/cmmds/cmmds_net.c:911 -- NOT REACHED";
    assert_eq!((world(reason), module(reason)), (None, Some("cmmds")));
    let reason = "PCPU 7: no heartbeat (2/2 IPIs received)";
    assert_eq!((world(reason), module(reason)), (None, None));
    assert_eq!(world("the world is not enough: 3"), None);
}
