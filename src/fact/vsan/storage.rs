//! The disks that vSAN uses on a host, and those that it could use.

use serde::{Deserialize, Serialize};

use super::super::read::{EachEntry, Entries, Entry};
use super::super::{FactFile, FactValue, Sample, is_output};

/// The outputs of `localcli vsan storage list` and, on an ESA host, `localcli vsan storagepool list`.
pub static STORAGE: FactFile = FactFile {
    name: "vsan-storage-list",
    about: "The disks that vSAN uses on the host, and whether they are in the cluster's directory",
    matches: |path| is_output(path, "localcli_vsan-storage-list") || is_output(path, POOL),
    reader: |path| {
        let reader = EachEntry::new(path, "disks", Entries::blocks("Device", &[]), disk);
        Box::new(reader.or_problem("a disk without a device"))
    },
    samples: STORAGE_SAMPLES,
};

/// The output of `vdq -q`, with and without `-H`.
pub static VDQ: FactFile = FactFile {
    name: "vdq",
    about: "The disks of the host, whether vSAN uses or could use them, and why not",
    matches: |path| ["vdq__q", "vdq__q__h", "vdq__qh", "vdq__h__q"].iter().any(|name| is_output(path, name)),
    reader: |path| {
        let reader = EachEntry::new(path, "disks", Entries::blocks("Name", &[]), candidate);
        Box::new(reader.or_problem("a disk without a state"))
    },
    samples: VDQ_SAMPLES,
};

const POOL: &str = "localcli_vsan-storagepool-list";

/// One block of `localcli vsan storage list` or `localcli vsan storagepool list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanDisk {
    /// `naa.…`, `mpx.…`, `t10.…`
    pub device: String,
    /// Whether the list was that of the storage pool: ESA.
    pub pool: bool,
    /// `Is SSD`
    pub ssd: Option<bool>,
    /// `VSAN UUID`; the uuid of its entry in CMMDS.
    pub uuid: Option<String>,
    /// `VSAN Disk Group UUID`
    pub group: Option<String>,
    /// `VSAN Disk Group Name`: the device of the group's cache.
    pub cache_device: Option<String>,
    /// `Used by this host`
    pub used: Option<bool>,
    /// `In CMMDS`: false on a disk that the cluster has lost.
    pub in_cmmds: Option<bool>,
    /// `On-disk format version`; see KB 327034.
    pub format: Option<u64>,
    /// `Is Mounted`
    pub mounted: Option<bool>,
    /// `Is Capacity Tier`
    pub capacity_tier: Option<bool>,
    /// `Deduplication`
    pub deduplication: Option<bool>,
    /// `Compression`
    pub compression: Option<bool>,
    /// `Checksum OK`
    pub checksum_ok: Option<bool>,
    /// `Encryption`
    pub encryption: Option<bool>,
    /// `DiskKeyLoaded`: false on an encrypted disk whose key could not be had.
    pub key_loaded: Option<bool>,
}

/// One disk of `vdq -q`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanCandidate {
    /// `naa.…`; absent on a disk that is gone.
    pub device: Option<String>,
    /// `VSANUUID`
    pub uuid: Option<String>,
    /// `State`: `In-use for VSAN`, `Eligible for use by VSAN`, `Ineligible for use by VSAN`.
    pub state: String,
    /// `Reason`, such as `Has partitions`; absent where it is `None`.
    pub reason: Option<String>,
    /// `StoragePoolState`, from 8.0 on.
    pub pool_state: Option<String>,
    /// `IsSSD`
    pub ssd: Option<bool>,
    /// `IsPDL`: the device is lost for good.
    pub pdl: Option<bool>,
}

/// ```text
/// naa.5000000000000001:
///    Device: naa.5000000000000001
///    In CMMDS: true
///    On-disk format version: 10
///    Is Mounted: true
/// ```
fn disk(entry: &Entry, path: &str) -> Option<FactValue> {
    Some(FactValue::VsanDisk(VsanDisk {
        device: entry.text("Device")?,
        pool: is_output(path, POOL),
        ssd: entry.flag("Is SSD"),
        uuid: entry.uuid("VSAN UUID"),
        group: entry.uuid("VSAN Disk Group UUID"),
        cache_device: entry.text("VSAN Disk Group Name"),
        used: entry.flag("Used by this host"),
        in_cmmds: entry.flag("In CMMDS"),
        format: entry.number("On-disk format version"),
        mounted: entry.flag("Is Mounted"),
        capacity_tier: entry.flag("Is Capacity Tier"),
        deduplication: entry.flag("Deduplication"),
        compression: entry.flag("Compression"),
        checksum_ok: entry.flag("Checksum OK"),
        encryption: entry.flag("Encryption").or_else(|| entry.flag("Is Encrypted")),
        key_loaded: entry.flag("DiskKeyLoaded"),
    }))
}

/// ```text
///    DiskResult[0]:
///       Name: naa.5000000000000001
///       State: In-use for VSAN
///       IsPDL?: 0
/// ```
fn candidate(entry: &Entry, _: &str) -> Option<FactValue> {
    Some(FactValue::VsanCandidate(VsanCandidate {
        device: entry.text("Name"),
        uuid: entry.uuid("VSAN UUID"),
        state: entry.text("State")?,
        reason: entry.text("Reason").filter(|reason| !reason.eq_ignore_ascii_case("none")),
        pool_state: entry.text("StoragePoolState"),
        ssd: entry.flag("Is SSD"),
        pdl: entry.flag("IsPDL"),
    }))
}

const STORAGE_SAMPLES: &[Sample] = &[
    // 5.5, 6.0
    Sample {
        path: "commands/localcli_vsan-storage-list.txt",
        text: "naa.5000000000000001:\n   Device: naa.5000000000000001\n   Display Name: naa.5000000000000001\n   \
               Is SSD: false\n   VSAN UUID: 52139014-7f0a-c24a-847b-0050568a0001\n   \
               VSAN Disk Group UUID: 5250b3d9-88a2-6671-f61e-0050568a0001\n   \
               VSAN Disk Group Name: naa.5000000000000009\n   Used by this host: true\n   In CMMDS: true\n   \
               Checksum: 6264992847805990079\n   Checksum OK: true\n   Emulated DIX/DIF Enabled: false\n",
        facts: &[
            r#"{"fact":"vsan-disk","device":"naa.5000000000000001","pool":false,"ssd":false,"uuid":"52139014-7f0a-c24a-847b-0050568a0001","group":"5250b3d9-88a2-6671-f61e-0050568a0001","cache_device":"naa.5000000000000009","used":true,"in_cmmds":true,"format":null,"mounted":null,"capacity_tier":null,"deduplication":null,"compression":null,"checksum_ok":true,"encryption":null,"key_loaded":null}"#,
        ],
    },
    // 6.6 to 8.0, with noise before, inside and behind.
    Sample {
        path: "commands/localcli_vsan-storage-list.txt",
        text: "VsanUtil: ReadFromDevice Failed to open naa.5: x\nmpx.vmhba1:C0:T1:L0:\n   Device: mpx.vmhba1:C0:T1:L0\n   \
               Display Name: mpx.vmhba1:C0:T1:L0\n   Is SSD: true\n   VSAN UUID: 52139014-7f0a-c24a-847b-0050568a0001\n   \
               VSAN Disk Group UUID: 5250b3d9-88a2-6671-f61e-0050568a0001\n   VSAN Disk Group Name: mpx.vmhba1:C0:T2:L0\n   \
               Used by this host: true\n   In CMMDS: true\n   On-disk format version: 10\nwarning: amid\n   \
               Deduplication: true\n   Compression: true\n   Checksum: 12\n   Checksum OK: true\n   \
               Is Capacity Tier: true\n   Encryption Metadata Checksum OK: true\n   Encryption: false\n   \
               DiskKeyLoaded: false\n   Is Mounted: true\n   Creation Time: Fri May  1 08:00:00 2020\n\n\
               Unknown:\n   Device: Unknown\n   VSAN UUID: 52139014-7f0a-c24a-847b-0050568a0002\n   \
               VSAN Disk Group Name: N/A\n   Used by this host: false\n   In CMMDS: false\n   \
               On-disk format version: -1\n   Is Mounted: false\nTraceback (most recent call last):\n",
        facts: &[
            r#"{"fact":"vsan-disk","device":"mpx.vmhba1:C0:T1:L0","pool":false,"ssd":true,"uuid":"52139014-7f0a-c24a-847b-0050568a0001","group":"5250b3d9-88a2-6671-f61e-0050568a0001","cache_device":"mpx.vmhba1:C0:T2:L0","used":true,"in_cmmds":true,"format":10,"mounted":true,"capacity_tier":true,"deduplication":true,"compression":true,"checksum_ok":true,"encryption":false,"key_loaded":false}"#,
            r#"{"fact":"vsan-disk","device":"Unknown","pool":false,"ssd":null,"uuid":"52139014-7f0a-c24a-847b-0050568a0002","group":null,"cache_device":null,"used":false,"in_cmmds":false,"format":null,"mounted":false,"capacity_tier":null,"deduplication":null,"compression":null,"checksum_ok":null,"encryption":null,"key_loaded":null}"#,
        ],
    },
    // 9.0: the words are written otherwise.
    Sample {
        path: "commands/localcli_vsan-storagepool-list.txt",
        text: "t10.NVMe____X:\n   Device: t10.NVMe____X\n   Is SSD: true\n   vSAN UUID: 52139014-7f0a-c24a-847b-0050568a0001\n   \
               Used by this host: true\n   In CMMDS: true\n   On-disk Format Version: 21\n   Is Encrypted: false\n   \
               Is Mounted: true",
        facts: &[
            r#"{"fact":"vsan-disk","device":"t10.NVMe____X","pool":true,"ssd":true,"uuid":"52139014-7f0a-c24a-847b-0050568a0001","group":null,"cache_device":null,"used":true,"in_cmmds":true,"format":21,"mounted":true,"capacity_tier":null,"deduplication":null,"compression":null,"checksum_ok":null,"encryption":false,"key_loaded":null}"#,
        ],
    },
    Sample {
        path: "commands/localcli_--formatterjson-vsan-storage-list.txt",
        text: "{\n \"naa.5000000000000001\": {\n  \"Device\": \"naa.5000000000000001\",\n  \"In CMMDS\": false,\n  \
               \"On-disk format version\": 15\n }\n}\n",
        facts: &[
            r#"{"fact":"vsan-disk","device":"naa.5000000000000001","pool":false,"ssd":null,"uuid":null,"group":null,"cache_device":null,"used":null,"in_cmmds":false,"format":15,"mounted":null,"capacity_tier":null,"deduplication":null,"compression":null,"checksum_ok":null,"encryption":null,"key_loaded":null}"#,
        ],
    },
    // Cut inside the format, which could be 17 as well.
    Sample {
        path: "commands/localcli_vsan-storage-list.txt",
        text: "naa.5000000000000001:\n   Device: naa.5000000000000001\n   In CMMDS: true\n   On-disk format version: 1",
        facts: &[
            r#"{"fact":"vsan-disk","device":"naa.5000000000000001","pool":false,"ssd":null,"uuid":null,"group":null,"cache_device":null,"used":null,"in_cmmds":true,"format":null,"mounted":null,"capacity_tier":null,"deduplication":null,"compression":null,"checksum_ok":null,"encryption":null,"key_loaded":null}"#,
        ],
    },
];

const VDQ_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/vdq_-q--H.txt",
        text: "warning: x\nDiskResults:\n   DiskResult[0]:\n             Name:  naa.5000000000000001\n         \
               VSANUUID:  52139014-7f0a-c24a-847b-0050568a0001\n            State:  In-use for VSAN\n  \
               ChecksumSupport:  0\n           Reason:  Non-local disk\nError: amid\n           IsSSD?:  1\n  \
               IsCapacityFlash?:  0\n            IsPDL?:  0\n\n   DiskResult[1]:\n             Name:\n         \
               VSANUUID:  52139014-7f0a-c24a-847b-0050568a0002\n            State:  In-use for VSAN\n           \
               Reason:  None\n           IsSSD?:  0\n            IsPDL?:  1\n\n",
        facts: &[
            r#"{"fact":"vsan-candidate","device":"naa.5000000000000001","uuid":"52139014-7f0a-c24a-847b-0050568a0001","state":"In-use for VSAN","reason":"Non-local disk","pool_state":null,"ssd":true,"pdl":false}"#,
            r#"{"fact":"vsan-candidate","device":null,"uuid":"52139014-7f0a-c24a-847b-0050568a0002","state":"In-use for VSAN","reason":null,"pool_state":null,"ssd":false,"pdl":true}"#,
        ],
    },
    // From 8.0 on with the storage pool; its indentation is uneven.
    Sample {
        path: "commands/vdq_-q.txt",
        text: "[\n   {\n      \"Name\"     : \"mpx.vmhba32:C0:T0:L0\",\n      \"VSANUUID\" : \"\",\n      \
               \"State\"    : \"Ineligible for use by VSAN\",\n      \"Reason\"   : \"Has partitions\",\n\
               \"StoragePoolState\": \"Ineligible for use by Storage Pool\",\n\
               \"StoragePoolReason\": \"Has partitions\",\n      \"IsSSD\"    : \"1\",\n\
               \"IsCapacityFlash\": \"0\",\n      \"IsPDL\"    : \"0\",\n      \"Size(MB)\" : \"976762\"\n   },\n]\n",
        facts: &[
            r#"{"fact":"vsan-candidate","device":"mpx.vmhba32:C0:T0:L0","uuid":null,"state":"Ineligible for use by VSAN","reason":"Has partitions","pool_state":"Ineligible for use by Storage Pool","ssd":true,"pdl":false}"#,
        ],
    },
    Sample {
        path: "commands/vdq_-q--H.txt",
        text: "DiskResults:\n   DiskResult[0]:\n             Name:  naa.5000000000000001\n            \
               State:  In-use for VSAN\n           Reason:  Has part",
        facts: &[
            r#"{"fact":"vsan-candidate","device":"naa.5000000000000001","uuid":null,"state":"In-use for VSAN","reason":null,"pool_state":null,"ssd":null,"pdl":null}"#,
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::tests::read;
    use super::*;

    #[test]
    fn a_disk_without_a_device_or_state_is_a_problem() {
        let out = read(&STORAGE, STORAGE_SAMPLES[0].path, b"naa.1:\n   Device:\n   In CMMDS: true\n\n");
        assert_eq!((out.facts.len(), out.problems.len()), (0, 1));
        let out = read(&VDQ, VDQ_SAMPLES[0].path, b"   Name: naa.1\n   Stat");
        assert_eq!((out.facts.len(), out.problems.len()), (0, 1));
    }

    #[test]
    fn other_outputs_with_near_names_are_not_read() {
        for path in ["commands/localcli_storage-list.txt", "commands/localcli_vsan-storage-automode-get.txt"]
        {
            assert!(!(STORAGE.matches)(path), "{path}");
        }
        assert!(!(VDQ.matches)("commands/vdq_-i.txt"));
    }
}
