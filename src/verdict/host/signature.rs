//! What the first line of a purple screen says of its sort.

use crate::model::Text;
use crate::verdict::{Step, step};

/// A sort of purple screen that is known by its words.
pub(in crate::verdict) struct Signature {
    /// Its name in `details`: stable.
    pub name: &'static str,
    /// Words, one of which stands in the screen's first line, in lower case.
    words: &'static [&'static str],
    /// What it means.
    means: (&'static str, &'static str),
    /// What to do about it first.
    first: (&'static str, &'static str, Option<&'static str>),
    /// The vendor's document.
    pub reference: Option<(&'static str, Option<&'static str>)>,
}

impl Signature {
    /// The sort of the screen that said `reason`.
    pub(in crate::verdict) fn of(reason: &str) -> Option<&'static Signature> {
        let reason = reason.to_ascii_lowercase();
        SIGNATURES.iter().find(|one| one.words.iter().any(|word| reason.contains(word)))
    }

    /// What it means.
    pub(in crate::verdict) fn meaning(&self) -> Text {
        Text::new(self.means.0, self.means.1)
    }

    /// What to do about it first.
    pub(in crate::verdict) fn first_step(&self, host: Option<usize>) -> Step {
        step(self.first.0, self.first.1, self.first.2, host)
    }
}

const LINT_KB: (&str, Option<&str>) = (
    "KB 333947: LINT1 motherboard interrupt",
    Some("https://knowledge.broadcom.com/external/article/333947"),
);
const SCREEN_KB: (&str, Option<&str>) = (
    "KB 343033: Interpreting an ESX host purple diagnostic screen",
    Some("https://knowledge.broadcom.com/external/article/343033"),
);

/// The sorts, those that say most first: the head of a screen may name two.
static SIGNATURES: &[Signature] = &[
    Signature {
        name: "machine-check",
        words: &[
            "machine check",
            "hardware (machine) error",
            "mce:",
            "uncorrectable/recoverable memory error",
        ],
        means: (
            "It was a machine check: the processor reported an error of the hardware that it could not correct. Nothing but hardware causes it.",
            "マシン チェックです。プロセッサが訂正不能なハードウェア エラーを報告しました。原因はハードウェアに限られます。",
        ),
        first: (
            "Have the hardware's vendor find the part: the screen and the server's event log name bank, processor or memory module.",
            "ハードウェア ベンダーに部品の特定を依頼します。画面とサーバのイベント ログに、バンク、プロセッサ、メモリ モジュールが記録されています。",
            Some("esxcli hardware ipmi sel list"),
        ),
        reference: Some((
            "KB 367928: Decoding machine check error output",
            Some("https://knowledge.broadcom.com/external/article/367928"),
        )),
    },
    Signature {
        name: "nmi",
        words: &["lint1", "nonmaskable interrupt", "non-maskable interrupt"],
        means: (
            "It was a non-maskable interrupt of the mainboard: a PCI error, a bad memory module, temperature, or somebody sent it by the management controller.",
            "マザーボードのマスク不可割り込み（NMI）です。PCI エラー、メモリ モジュールの不良、温度異常、または管理コントローラからの送信が原因です。",
        ),
        first: (
            "Read the server's event log: it names the slot or the part; ask whether somebody sent the interrupt on purpose.",
            "サーバのイベント ログでスロットまたは部品を特定し、意図的な NMI 送信の有無を確認します。",
            Some("esxcli hardware ipmi sel list"),
        ),
        reference: Some(LINT_KB),
    },
    Signature {
        name: "cpu-lockup",
        words: &[
            "no heartbeat",
            "locked up",
            "didn't have a heartbeat",
            "spin count exceeded",
            "tlb invalidate",
        ],
        means: (
            "A processor did not take part any more, or a lock was not given back: a driver that held it, an interrupt storm, or firmware (SMI).",
            "プロセッサが応答しなくなったか、ロックが解放されませんでした。ドライバの占有、割り込みの多発、またはファームウェア（SMI）が原因です。",
        ),
        first: (
            "Look at the backtrace of the processor that is named for the driver that ran; update it, the BIOS and the management controller's firmware.",
            "該当プロセッサのバックトレースで実行中のドライバを特定し、ドライバ、BIOS、管理コントローラのファームウェアを更新します。",
            Some("esxcli software vib list"),
        ),
        reference: Some((
            "KB 395129: PSOD triggered by CPU lock, spin count exceeded",
            Some("https://knowledge.broadcom.com/external/article/395129"),
        )),
    },
    Signature {
        name: "heap",
        words: &[
            "heap_free",
            "heap corrupt",
            "corrupt heap",
            "heap: ",
            "free'd twice",
            "dlmalloc",
            "double free",
        ],
        means: (
            "The heap of a module was damaged or misused: a module wrote beyond its memory or freed it twice.",
            "モジュールのヒープが破損しました。領域外への書き込みまたは二重解放が原因です。",
        ),
        first: (
            "Find the module in the backtrace, most often a driver, and update it.",
            "バックトレースでモジュール（多くはドライバ）を特定し、更新します。",
            Some("esxcli software vib list"),
        ),
        reference: Some(SCREEN_KB),
    },
    Signature {
        name: "assertion",
        words: &["assert", "not_reached", "not reached", "not_implemented", "failed at bora", "panic_assert"],
        means: (
            "The kernel found itself in a state that its code rules out: most often a defect of that module, which a later release may have mended.",
            "カーネルがコード上ありえない状態を検出しました。多くはそのモジュールの不具合であり、新しいリリースで修正されている可能性があります。",
        ),
        first: (
            "Look for the file and line of the screen in the release notes of later builds, and update.",
            "画面のファイル名と行番号を新しいビルドのリリース ノートで確認し、更新します。",
            Some("esxcli system version get"),
        ),
        reference: Some(SCREEN_KB),
    },
    Signature {
        name: "exception",
        words: &[
            "#pf exception",
            "#gp exception",
            "#ud exception",
            "#de exception",
            "#df exception",
            "exception 14",
            "exception 13",
            "exception 6",
        ],
        means: (
            "The kernel, or a driver in it, used an address or an instruction that it must not: a defect of the module at the head of the backtrace, or bad memory where the places differ each time.",
            "カーネルまたはドライバが不正なアドレスや命令を使用しました。バックトレース先頭のモジュールの不具合か、毎回箇所が異なる場合はメモリの不良です。",
        ),
        first: (
            "Find the module at the head of the backtrace and update it; where the places differ each time, test the memory.",
            "バックトレース先頭のモジュールを特定して更新します。毎回箇所が異なる場合はメモリを検査します。",
            Some("esxcli software vib list"),
        ),
        reference: Some(SCREEN_KB),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_of_screen_is_known_by_its_first_line() {
        for (reason, name) in [
            ("#PF Exception 14 in world 2097705:CMMDS-worker IP 0x41802 addr 0x0", Some("exception")),
            ("#GP Exception 13 in world 2097705:x @ 0x41802", Some("exception")),
            ("Machine Check Exception on PCPU42 in world 1002134:idle42", Some("machine-check")),
            (
                "LINT1/NMI (motherboard nonmaskable interrupt), undiagnosed. This may be a hardware problem",
                Some("nmi"),
            ),
            ("PCPU 118: no heartbeat (3/3 IPIs received)", Some("cpu-lockup")),
            ("PCPU 39 locked up. Failed to ack TLB invalidate", Some("cpu-lockup")),
            ("Spin count exceeded (vmkLock) - possible deadlock with PCPU 4", Some("cpu-lockup")),
            ("NOT_IMPLEMENTED bora/vmkernel/main/world.c:2307", Some("assertion")),
            ("Failed at bora/modules/vmkernel/cmmds/cmmds_net.c:911 -- NOT REACHED", Some("assertion")),
            ("PANIC bora/vmkernel/main/dlmalloc.c:4924 - Corruption in dlmalloc", Some("heap")),
            ("Crash at 2023-02-03T10:00:00.090Z on CPU 4 running world 20977 - VSAN_0x4312", None),
        ] {
            assert_eq!(Signature::of(reason).map(|one| one.name), name, "{reason}");
        }
    }
}
