//! Why a migration failed: each record of its failure is a sign, and the strongest sign counts.
//!
//! A side that was left waiting, or whose peer closed the connection, says only that: what the other side, the VMX or a
//! message of the VM says instead is more specific.

use crate::case::{Case, Migration, Moment, Side, status_of};
use crate::fact::vmk_status::VmkStatus;

/// What the failure of a migration comes down to; the names are cause ids.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::verdict) enum Cause {
    Network,
    Timeout,
    Resources,
    Vmx,
    Unknown,
}

impl Cause {
    pub const fn id(self) -> &'static str {
        match self {
            Cause::Network => "vmotion-network",
            Cause::Timeout => "timeout",
            Cause::Resources => "resources",
            Cause::Vmx => "vmx",
            Cause::Unknown => "unknown",
        }
    }
}

/// How much a record says of the cause, least first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// That it failed.
    Bare,
    /// That the peer was gone.
    Echo,
    /// That the VMX gave up.
    Vmx,
    /// That the peer was not heard in time, or broke off.
    Silence,
    /// What went wrong.
    Telling,
}

/// Why one migration failed.
pub(in crate::verdict) struct Reason<'a> {
    pub cause: Cause,
    /// The record that says so.
    pub told_by: &'a Moment,
    /// The status that it gives.
    pub status: Option<VmkStatus>,
    /// What it says.
    pub text: String,
    /// The side that it is of.
    pub side: Option<Side>,
    /// Whether it says what went wrong, not only that the peer was gone or the VMX gave up.
    pub telling: bool,
    /// Whether another host or vCenter tells of the failure too.
    pub agreed: bool,
}

struct Sign<'a> {
    weight: Weight,
    cause: Cause,
    moment: &'a Moment,
}

/// The reason of a failed migration; `None` where no record of its failure is there.
pub(in crate::verdict) fn of<'a>(case: &'a Case, migration: &'a Migration) -> Option<Reason<'a>> {
    let signs: Vec<Sign<'a>> = migration.failures(&case.timeline).map(sign).collect();
    // Of equals one that gives a status, then the first in time.
    let rank = |sign: &&Sign<'_>| (sign.weight, status_of(sign.moment).is_some());
    let best = signs.iter().rev().max_by_key(rank)?;
    let status = status_of(best.moment);
    Some(Reason {
        cause: best.cause,
        told_by: best.moment,
        status,
        text: text_of(best.moment, status),
        side: migration.side_of(best.moment),
        telling: best.weight >= Weight::Silence,
        agreed: signs.iter().any(|sign| sign.moment.host != best.moment.host),
    })
}

/// The strongest of what a record says: by its status, its messages, its fault, and its words.
fn sign(moment: &Moment) -> Sign<'_> {
    let by_status = status_of(moment).map(|status| by_code(status.code));
    let messages = moment.field("msg").unwrap_or("").split(',').filter(|id| !id.is_empty());
    // What an unknown message says is less than a status that the same record gives.
    let is_coded = by_status.is_some_and(|(_, cause)| cause != Cause::Unknown);
    let is_known = |id: &&str| MESSAGES.iter().any(|(part, ..)| id.to_ascii_lowercase().contains(part));
    let by_message = messages.filter(|id| !is_coded || is_known(id)).map(by_message);
    let by_fault = moment.field("fault").map(by_fault);
    let told = by_status.into_iter().chain(by_message).chain(by_fault).chain([by_words(moment)]);
    let (weight, cause) = told
        .max_by_key(|(weight, cause)| (*weight, *cause != Cause::Unknown))
        .unwrap_or((Weight::Bare, Cause::Unknown));
    Sign { weight, cause, moment }
}

/// What a VMkernel status says of a migration.
fn by_code(code: u32) -> (Weight, Cause) {
    match code.wrapping_sub(0x0bad_0000) {
        // Switchover took too long; no forward progress of the pre-copy.
        0x107 | 0x109 => (Weight::Telling, Cause::Timeout),
        // Out of memory in its forms; admission of CPU and memory; lack of either to start; NUMA memory; no space for swap.
        0x14..=0x17 | 0x76 | 0x81 | 0x82 | 0xa3 | 0xa4 | 0xd7 | 0x112 | 0x163 => {
            (Weight::Telling, Cause::Resources)
        }
        // Not connected, down, unreachable; refused, host down, no route; VLAN; no such address; size of a packet;
        // the hosts could not connect.
        0x40 | 0x47 | 0x48 | 0x4f..=0x51 | 0x5e | 0xfc | 0xfd | 0x10b | 0x129 => {
            (Weight::Telling, Cause::Network)
        }
        // Timeout; connection reset, aborted, shut down; a page that could not be fetched from the source.
        0x21 | 0x49..=0x4e | 0x121 => (Weight::Silence, Cause::Network),
        // The virtual machine could not be resumed.
        0x44 => (Weight::Telling, Cause::Vmx),
        0x92 => (Weight::Vmx, Cause::Vmx),
        // Already disconnected, connection closed, broken pipe.
        0x2e | 0x3f | 0x53 => (Weight::Echo, Cause::Network),
        _ => (Weight::Bare, Cause::Unknown),
    }
}

/// Parts of message ids, lower case, and what they say; the first that fits counts.
const MESSAGES: &[(&str, Weight, Cause)] = &[
    ("maxswitchovertimeexceeded", Weight::Telling, Cause::Timeout),
    ("noprogress", Weight::Telling, Cause::Timeout),
    ("slow.disk", Weight::Telling, Cause::Timeout),
    ("nomem", Weight::Telling, Cause::Resources),
    ("outofmemory", Weight::Telling, Cause::Resources),
    ("zerocopybuf", Weight::Telling, Cause::Resources),
    ("insufficient", Weight::Telling, Cause::Resources),
    ("checkpoint.migration.nodata", Weight::Silence, Cause::Network),
    ("checkpoint.networkerror", Weight::Silence, Cause::Network),
    ("rpc.send.failed", Weight::Silence, Cause::Network),
    ("handoff.send.failed", Weight::Silence, Cause::Network),
    ("streamid.map.send.failed", Weight::Silence, Cause::Network),
    ("migrate.expired", Weight::Silence, Cause::Network),
    ("waitdata.platform", Weight::Echo, Cause::Network),
    ("waitdata.vmdb", Weight::Echo, Cause::Network),
    ("failedreceive", Weight::Echo, Cause::Network),
    // These say only that the other side, or what follows in the list, failed.
    ("migrate.fail.dst", Weight::Vmx, Cause::Vmx),
    ("dest.resume", Weight::Vmx, Cause::Vmx),
    ("precopy", Weight::Bare, Cause::Unknown),
    ("save.error", Weight::Bare, Cause::Unknown),
    ("stun.error", Weight::Bare, Cause::Unknown),
    ("tostart.", Weight::Bare, Cause::Unknown),
    ("poweroff.", Weight::Bare, Cause::Unknown),
    ("prepare", Weight::Bare, Cause::Unknown),
    ("init", Weight::Bare, Cause::Unknown),
];

/// What the id of a message of the VM says: what is in no list is the VMX's own word on a device or on its state.
fn by_message(id: &str) -> (Weight, Cause) {
    let id = id.trim().to_ascii_lowercase();
    let known = MESSAGES.iter().find(|(part, ..)| id.contains(part));
    known.map_or((Weight::Telling, Cause::Vmx), |(_, weight, cause)| (*weight, *cause))
}

/// What a fault of the API says.
fn by_fault(fault: &str) -> (Weight, Cause) {
    let name = fault.rsplit('.').next().unwrap_or(fault);
    let interface =
        ["VMotionLink", "VMotionInterface", "VMotionNotConfigured", "HostCommunication", "NotReachable"];
    if interface.iter().any(|part| name.contains(part)) {
        (Weight::Telling, Cause::Network)
    } else if name.contains("Insufficient") || name.contains("NotEnough") || name.contains("OutOfMemory") {
        (Weight::Telling, Cause::Resources)
    } else if name.eq_ignore_ascii_case("Timedout") {
        (Weight::Echo, Cause::Timeout)
    } else {
        (Weight::Bare, Cause::Unknown)
    }
}

/// Words of records that give neither code nor message id, lower case, in the languages of VMware's catalogues; the first
/// that fits counts.
const WORDS: &[(&str, Weight, Cause)] = &[
    ("switchover time", Weight::Telling, Cause::Timeout),
    ("スイッチオーバー時間", Weight::Telling, Cause::Timeout),
    ("切换时间", Weight::Telling, Cause::Timeout),
    ("forward progress", Weight::Telling, Cause::Timeout),
    ("データ移行の待機がタイムアウト", Weight::Telling, Cause::Timeout),
    ("等待接收迁移数据已超时", Weight::Telling, Cause::Timeout),
    ("ディスクを開いている時間", Weight::Telling, Cause::Timeout),
    ("low memory state", Weight::Telling, Cause::Resources),
    ("lack of cpu or memory", Weight::Telling, Cause::Resources),
    ("insufficient memory", Weight::Telling, Cause::Resources),
    ("insufficient resources", Weight::Telling, Cause::Resources),
    ("メモリが不足", Weight::Telling, Cause::Resources),
    ("内存不足", Weight::Telling, Cause::Resources),
    ("failed to connect over the vmotion network", Weight::Telling, Cause::Network),
    ("connection refused", Weight::Telling, Cause::Network),
    ("no route to host", Weight::Telling, Cause::Network),
    ("状態の復元でエラー", Weight::Telling, Cause::Vmx),
    ("还原虚拟机状态时出错", Weight::Telling, Cause::Vmx),
    ("on the vmotion network", Weight::Silence, Cause::Network),
    ("vmotion ネットワーク上", Weight::Silence, Cause::Network),
    ("ソース ホストからデータを", Weight::Silence, Cause::Network),
    ("vmotion 网络", Weight::Silence, Cause::Network),
    ("connection reset", Weight::Silence, Cause::Network),
    ("connection timed out", Weight::Silence, Cause::Network),
    ("waiting for migration start request", Weight::Silence, Cause::Network),
    ("移行開始要求の待機中にタイムアウト", Weight::Silence, Cause::Network),
    ("等待迁移启动请求超时", Weight::Silence, Cause::Network),
    ("failure by the vmx", Weight::Vmx, Cause::Vmx),
    ("destination failed to resume", Weight::Vmx, Cause::Vmx),
    ("のレジュームに失敗", Weight::Vmx, Cause::Vmx),
    ("无法在目标上恢复", Weight::Vmx, Cause::Vmx),
    ("connection closed", Weight::Echo, Cause::Network),
    ("failed waiting for data", Weight::Echo, Cause::Network),
    ("データの待機に失敗", Weight::Echo, Cause::Network),
    ("等待数据失败", Weight::Echo, Cause::Network),
];

fn by_words(moment: &Moment) -> (Weight, Cause) {
    let text = [moment.event.text.as_str(), moment.field("reason").unwrap_or("")].join("\n").to_lowercase();
    let known = WORDS.iter().find(|(words, ..)| text.contains(words));
    known.map_or((Weight::Bare, Cause::Unknown), |(_, weight, cause)| (*weight, *cause))
}

/// What a record says, in its own words where it has some: the meaning of its code, its reason, message or fault.
fn text_of(moment: &Moment, status: Option<VmkStatus>) -> String {
    let field = |name: &str| moment.field(name).map(str::trim).filter(|text| !text.is_empty());
    let of_status = status.map(|status| status.text);
    let found = of_status.or(field("reason")).or(field("msg")).or(field("fault"));
    let first_line = || moment.event.text.lines().next().unwrap_or("").trim();
    found.unwrap_or_else(first_line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::vmk_status;

    #[test]
    fn codes_of_the_reference_have_their_cause() {
        let of = |text: &str| by_code(vmk_status::status(text).expect("known").code);
        for (codes, cause) in [
            (
                &["195887137", "195887150", "0xbad003f", "bad004a", "bad004b", "0xbad004f", "0xbad0050"][..],
                Cause::Network,
            ),
            (&["0xbad0051", "195887371"], Cause::Network),
            (&["195887367", "0xbad0109"], Cause::Timeout),
            (&["0xbad00a4", "0xbad0014"], Cause::Resources),
            (&["0xbad0092", "0xbad0044"], Cause::Vmx),
            (&["0xbad0001", "0xbad00e0", "0xbad010c", "0xbad0003"], Cause::Unknown),
        ] {
            for code in codes {
                assert_eq!(of(code).1, cause, "{code}");
            }
        }
    }

    #[test]
    fn what_only_follows_yields() {
        let of = |text: &str| by_code(vmk_status::status(text).expect("known").code).0;
        for echo in ["0xbad00e0", "0xbad002e", "0xbad003f"] {
            for told in ["0xbad0021", "0xbad0107", "0xbad010b", "0xbad00a4", "0xbad0092"] {
                assert!(of(echo) < of(told), "{echo} {told}");
            }
        }
        assert!(of("0xbad0092") < of("0xbad0021") && of("0xbad0021") < of("0xbad0107"));
    }

    #[test]
    fn messages_and_faults_of_unknown_spelling_are_read_by_their_parts() {
        let message = |id: &str| by_message(id).1;
        assert_eq!(message("msg.checkpoint.migration.maxSwitchoverTimeExceeded"), Cause::Timeout);
        assert_eq!(message("msg.migrate.slow.disk.open.error"), Cause::Timeout);
        assert_eq!(message("msg.migrate.open.nomem"), Cause::Resources);
        assert_eq!(message("msg.checkpoint.migration.nodata"), Cause::Network);
        assert_eq!(message("msg.checkpoint.mrestoregroup.failed"), Cause::Vmx);
        assert_eq!(message("msg.checkpoint.precopyfailure"), Cause::Unknown);
        let fault = |name: &str| by_fault(name).1;
        assert_eq!(fault("vim.fault.InsufficientMemoryResourcesFault"), Cause::Resources);
        assert_eq!(fault("VMotionLinkDown"), Cause::Network);
        assert_eq!(fault("vmodl.fault.SystemError"), Cause::Unknown);
        assert_eq!(fault("vim.fault.GenericVmConfigFault"), Cause::Unknown);
    }
}
