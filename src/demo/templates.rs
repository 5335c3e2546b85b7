//! The everyday lines of each log, with their weights. Among them stand near misses: lines that share words
//! with an incident and are none.

use super::line::{Level::Error, Level::Info, Level::Verbose, Level::Warning, Log};
use super::noise::Row;

/// The noise of `log`; empty for logs that say nothing by themselves.
pub(crate) fn of(log: Log) -> &'static [Row] {
    match log {
        Log::Vmkernel => VMKERNEL,
        Log::Hostd => HOSTD,
        Log::Vpxa => VPXA,
        Log::Vobd => VOBD,
        Log::Fdm => FDM,
        Log::Clomd => CLOMD,
        Log::Vsanmgmt => VSANMGMT,
        Log::HostdProbe => HOSTD_PROBE,
        Log::Syslog => SYSLOG,
        Log::Shell => SHELL,
        Log::Vpxd => VPXD,
        Log::Eam => EAM,
        Log::VsanHealth => VSAN_HEALTH,
        Log::Esxupdate | Log::Vmksummary => &[],
    }
}

const VMKERNEL: &[Row] = &[
    Row(
        60,
        Info,
        "",
        "ScsiDeviceIO: 3449: Cmd($(ptr)) 0x1a, CmdSN 0x$(x4) from world 0 to dev \"$(naa)\" failed H:0x0 D:0x2 P:0x0 Valid sense data: 0x5 0x20 0x0.",
    ),
    Row(
        30,
        Info,
        "",
        "NMP: nmp_ThrottleLogForDevice:3872: Cmd 0x85 ($(ptr), $(world)) to dev \"$(naa)\" on path \"vmhba$(n1):C0:T$(n1):L$(n1)\" Failed: H:0x0 D:0x2 P:0x0 Valid sense data: 0x5 0x20 0x0. Act:NONE",
    ),
    Row(
        24,
        Warning,
        "",
        "ScsiDeviceIO: 1564: Device $(naa) performance has deteriorated. I/O latency increased from average value of $(n4) microseconds to $(n6) microseconds.",
    ),
    Row(
        20,
        Info,
        "",
        "ScsiDeviceIO: 1578: Device $(naa) performance has improved. I/O latency reduced from $(n6) microseconds to $(n4) microseconds.",
    ),
    // VMFS heartbeats: a datastore's, not vSAN's.
    Row(12, Info, "", "HBX: 3033: '$(ds)': HB at offset $(n6) - Waiting for timed out HB:"),
    Row(
        12,
        Info,
        "",
        "  [HB state abcdef02 offset $(n6) gen $(n3) stampUS $(n9) uuid $(obj) jrnl <FB $(n6)> drv 24.82 lockImpl 4 ip $(ip)]",
    ),
    Row(8, Info, "", "HBX: 294: '$(ds)': HB at offset $(n6) - Reclaimed heartbeat [Timeout]:"),
    Row(
        14,
        Info,
        "",
        "FS3Misc: 1759: Long VMFS rsv time on '$(ds)' (held for $(n3) msecs). # R: 2, # W: 1 bytesXfer: 6 sectors",
    ),
    Row(26, Info, "", "NetPort: 1580: disabled port 0x$(x8)"),
    Row(26, Info, "", "NetPort: 1359: enabled port 0x$(x8) with mac $(mac)"),
    Row(16, Info, "", "Net: 2524: connected $(vm).eth0 eth0 to vDS, portID 0x$(x8)"),
    Row(
        16,
        Info,
        "",
        "Vmxnet3: 18576: $(vm).eth0,$(mac), portID($(n9)): Hwtso disabled by the guest, queues 4",
    ),
    Row(
        18,
        Info,
        "",
        "VSCSI: 6602: handle $(n6)$(n3)(vscsi0:$(n1)):Destroying Device for world $(world) (pendCom 0)",
    ),
    Row(18, Info, "", "CBT: 1347: Created device $(x8)-cbt for cbt driver with filehandle $(n9)"),
    Row(14, Info, "", "J3: 4425: Replay of journal <FB $(n6)> on vol '$(ds)' completed"),
    Row(20, Info, "", "MemSched: vm $(world): 8129: extended swap to $(n5) pgs"),
    Row(14, Info, "", "DVFilter: 6053: Checking disconnected filters for timeouts"),
    Row(
        22,
        Info,
        "",
        "CMMDS: CMMDSNetUpdateReplicaStats:$(n4): Throttled: replica $(obj) sent $(n5) updates, received $(n5), lag $(n2)",
    ),
    Row(14, Info, "", "DOM: DOMOwner_SetLivenessState:10237: Object $(obj) lost liveness [$(ptr)], resync 0"),
    Row(10, Info, "", "PLOG: PLOGDefenceProbeInterval:1221: probe of device $(obj) took $(n3) us"),
    // What is delayed or foreign is no loss; clients come and go with their UUIDs.
    Row(
        8,
        Info,
        "",
        "CMMDS: CMMDSHeartbeatLogDelay:$(n3): Throttled: HB delayed $(n3) ms, still within its limit",
    ),
    Row(
        8,
        Info,
        "",
        "RDTTCPConn: RDTTCPReceive:812: Throttled: unexpected RDT header from IP $(ip), connection closed",
    ),
    Row(8, Info, "", "DOM: DOMClientRecordAdd:2210: Adding client record for $(obj), $(n2) in all"),
    Row(8, Info, "", "DOM: DOMClientRecordRemove:2251: Removing client record of $(obj), $(n2) left"),
    Row(10, Info, "", "VSAN: VsanSparseCacheRefresh:214: $(vm) cache refreshed, $(n4) entries"),
    Row(8, Info, "", "Config: 703: \"TrackMigrations\" = 0, Old Value: 0, (Status: 0x0)"),
    Row(8, Info, "", "World: 12230: VC opID $(op) maps to vmkernel opID $(x8)"),
    Row(
        6,
        Info,
        "",
        "MicrocodeUpdate: 152: Scan of the microcode store on pkg $(n1) found no newer image; nothing loaded",
    ),
    Row(
        6,
        Info,
        "",
        "UserObj: 4821: Unable to find '/vmfs/volumes/EVC-MDCLEAR-archive/readme.txt' by name: not found",
    ),
    Row(
        10,
        Warning,
        "",
        "VSCSI: 3488: handle $(n6)(vscsi0:$(n1)):WaitForCIF: Issuing reset;  number of CIF:$(n1)",
    ),
    Row(8, Warning, "", "NetDVS: 681: portAlias is NULL"),
    Row(
        8,
        Warning,
        "",
        "NMP: nmp_DeviceRequestFastDeviceProbe:237: NMP device \"$(naa)\" state in doubt; requested fast path state update...",
    ),
];

const HOSTD: &[Row] = &[
    Row(
        60,
        Info,
        "Vimsvc.ha-eventmgr",
        "Event $(n5) : User $(user)@127.0.0.1 logged in as pyvmomi Python/3.5.6",
    ),
    Row(
        50,
        Info,
        "Vimsvc.ha-eventmgr",
        "Event $(n5) : User $(user)@127.0.0.1 logged out (login time: $(day) 06:1$(n1):12, number of API invocations: $(n2), user agent: pyvmomi Python/3.5.6)",
    ),
    Row(
        50,
        Info,
        "Vimsvc.TaskManager",
        "Task Created : haTask-$(vmid)-vim.VirtualMachine.acquireTicket-$(n6)$(n3)",
    ),
    Row(
        50,
        Info,
        "Vimsvc.TaskManager",
        "Task Completed : haTask-$(vmid)-vim.VirtualMachine.acquireTicket-$(n6)$(n3) Status success",
    ),
    Row(
        10,
        Info,
        "Vimsvc.TaskManager",
        "Task Completed : haTask-$(vmid)-vim.VirtualMachine.createSnapshot-$(n6)$(n3) Status error",
    ),
    Row(
        50,
        Verbose,
        "PropertyProvider",
        "RecordOp ASSIGN: guest.disk, $(vmid). Sent notification immediately.",
    ),
    Row(
        40,
        Verbose,
        "PropertyProvider",
        "RecordOp ADD: recentTask[\"haTask-ha-host-$(n6)\"], ha-host. Applied change to temp map.",
    ),
    Row(
        40,
        Verbose,
        "PropertyProvider",
        "RecordOp ASSIGN: summary.quickStats, $(vmid). Sent notification immediately.",
    ),
    Row(34, Info, "Vmsvc.vm:$(vmx)", "Send config update invoked"),
    Row(20, Verbose, "Vmsvc.vm:$(vmx)", "Upgrade is required for virtual machine, version: 13"),
    Row(20, Info, "Vmsvc.vm:$(vmx)", "State Transition (VM_STATE_ON -> VM_STATE_CREATE_SNAPSHOT)"),
    Row(20, Info, "Vmsvc.vm:$(vmx)", "State Transition (VM_STATE_CREATE_SNAPSHOT -> VM_STATE_ON)"),
    Row(
        24,
        Verbose,
        "Hostsvc.DatastoreSystem",
        "RefreshVmfsVolume: volume $(vol) label $(ds), $(n6) MB free",
    ),
    Row(24, Warning, "VigorStatsProvider($(n9))", "AddVirtualMachine: VM '$(vmid)' already registered"),
    Row(
        18,
        Info,
        "Libs",
        "OBJLIB-FILEBE : FileBEIoctl: ioctl operation failed on '/vmfs/volumes/$(vol)/$(vm)/$(vm).vmdk' : Invalid argument (1441801)",
    ),
    Row(
        18,
        Info,
        "Solo.Vmomi",
        "Activation finished; <<$(session), <TCP '127.0.0.1 : 8307'>, <TCP '127.0.0.1 : $(n5)'>>, ha-property-collector, vmodl.query.PropertyCollector.retrieveContents>",
    ),
    Row(16, Verbose, "Cimsvc", "Ticket issued for CIMOM version 1.0, user root"),
    Row(
        14,
        Info,
        "Hostsvc.VmkVprobSource",
        "VmkVprobSource::Post event: (vim.event.EventEx) {\n   key = $(n4),\n   chainId = 0,\n   createdTime = \"1970-01-01T00:00:00Z\",\n   userName = \"\",\n   severity = <unset>,\n   message = \"\",\n   eventTypeId = \"esx.audit.net.firewall.config.changed\",\n   objectId = \"ha-host\",\n   objectType = \"vim.HostSystem\"\n}",
    ),
    // A note and a volume that carry the incident's words.
    Row(
        6,
        Info,
        "Vmsvc.vm:$(vmx)",
        "Reconfigure: (vim.vm.ConfigSpec) {\n   changeVersion = <unset>,\n   name = <unset>,\n   annotation = \"moved into the EVC cluster in May; MDCLEAR and cpuid masks checked by ops\",\n   memoryMB = <unset>\n}",
    ),
    Row(
        5,
        Info,
        "Hostsvc.FSVolumeProvider",
        "Refreshed volume EVC-MDCLEAR-archive, type NFS, accessible true",
    ),
    Row(
        8,
        Info,
        "Vimsvc.TaskManager",
        "Throw vim.fault.InvalidState\nResult:\n(vim.fault.InvalidState) {\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>\n   msg = \"\"\n}",
    ),
    Row(
        10,
        Warning,
        "IoTracker",
        "In thread $(n6), fopen(\"/vmfs/volumes/$(vol)/$(vm)/$(vm).vmsd\") took over $(n1) sec.",
    ),
    Row(
        10,
        Verbose,
        "Statssvc.vim.PerformanceManager",
        "HostCtl Exception in stats collection: Sysinfo error : Not supported",
    ),
    Row(10, Info, "Hostsvc.NetworkProvider", "Refreshing pnic $(nic): link up, speed 10000, duplex true"),
];

const VPXA: &[Row] = &[
    Row(60, Verbose, "VpxaHalCnxHostagent", "Received WaitForUpdatesDone callback, version $(n6)"),
    Row(
        50,
        Verbose,
        "VpxaHalCnxHostagent",
        "[WaitForUpdatesDone] Starting next WaitForUpdates() call to hostd, version $(n6)",
    ),
    Row(
        40,
        Verbose,
        "vpxaInvtVm",
        "[VpxaInvtVmChangeListener] Guest DiskInfo changed for VM $(vmid), scheduling sync",
    ),
    Row(40, Info, "vpxaInvtHost", "Increment master gen. no to ($(n6)): VpxaInvtHost::HostChanged"),
    Row(
        36,
        Info,
        "vpxLro",
        "[VpxLRO] -- BEGIN lro-$(n6) -- vpxa -- vpxapi.VpxaService.fetchQuickStats -- $(session)",
    ),
    Row(36, Info, "vpxLro", "[VpxLRO] -- FINISH lro-$(n6)"),
    Row(
        20,
        Verbose,
        "VpxaHalServices",
        "VpxaHalVmConfig: configuration of [$(ds)] $(vm)/$(vm).vmx read, $(n4) bytes",
    ),
    Row(12, Warning, "VpxProfiler", "[VpxaMoService] [RetrieveChangesTime] took $(n4) ms"),
    Row(
        12,
        Verbose,
        "hostdstats",
        "Set internal stats for VM: $(vmid) (vpxa VM id), $(vmid) (vpxd VM id). Is FT primary? false",
    ),
    Row(10, Verbose, "VpxaVMAP", "Invalidating cached value 0 for VM $(vmid): $(vm)"),
    Row(10, Info, "Heartbeat", "Heartbeat to vCenter: sequence $(n6), interval 10 s, sent"),
];

const VOBD: &[Row] = &[
    Row(
        30,
        Info,
        "scsiCorrelator",
        "[vob.scsi.device.io.latency.high] Device $(naa) performance has deteriorated. I/O latency increased from average value of $(n4) microseconds to $(n6) microseconds.",
    ),
    Row(
        30,
        Info,
        "scsiCorrelator",
        "[esx.clear.scsi.device.io.latency.improved] Device $(naa) performance has improved. I/O latency reduced from $(n6) microseconds to $(n4) microseconds.",
    ),
    Row(
        20,
        Info,
        "UserLevelCorrelator",
        "[vob.user.ssh.session.opened] SSH session was opened for 'root@10.20.0.$(n2)'.",
    ),
    Row(
        20,
        Info,
        "UserLevelCorrelator",
        "[esx.audit.ssh.session.closed] SSH session was closed for 'root@10.20.0.$(n2)'.",
    ),
    Row(16, Info, "vmfsCorrelator", "[vob.vmfs.heartbeat.timedout] $(vol) $(ds)"),
    Row(
        16,
        Info,
        "vmfsCorrelator",
        "[vob.vmfs.heartbeat.recovered] Reclaimed heartbeat for volume $(vol) ($(ds)): [Timeout] [HB state abcdef02 offset $(n6)]",
    ),
    // Clear events alone: nothing is wrong any more.
    Row(
        5,
        Info,
        "netCorrelator",
        "[esx.clear.vsan.net.redundancy.restored] vSAN network redundancy is available again.",
    ),
    Row(
        4,
        Info,
        "VsanCorrelator",
        "[esx.clear.vsan.vsan.network.available] vSAN now has a network configuration.",
    ),
    Row(4, Info, "VsanCorrelator", "[esx.clear.vsan.vsan.vmknic.ready] vmknic vmk2 is ready for vSAN."),
    Row(10, Info, "GenericCorrelator", "[vob.user.dcui.login] A user logged in to the DCUI as root"),
];

const FDM: &[Row] = &[
    Row(
        60,
        Verbose,
        "Cluster",
        "hostId=host-$(ownid) state=Slave master=host-$(otherid) isolated=false host-list-version=14 config-version=9 vm-metadata-version=7",
    ),
    Row(
        40,
        Verbose,
        "Invt",
        "[InventoryManagerImpl::ProcessVmPowerChange] vm $(vmx) curPwrState=powered on, no change",
    ),
    Row(30, Verbose, "Message", "Received heartbeat datagram of $(n3) bytes from host-$(otherid) ($(ip))"),
    Row(24, Verbose, "Placement", "[PlacementManagerImpl::ReportCompatMatrix] $(n2) VMs unchanged"),
    Row(
        20,
        Info,
        "Policy",
        "[LocalIsolationPolicy::ProcessDatastore] /vmfs/volumes/$(vol) is accessible, no isolation",
    ),
    Row(12, Verbose, "FDM", "Config poll: lock file of $(ds) age $(n2) s, no election in progress"),
];

const CLOMD: &[Row] = &[
    Row(
        50,
        Info,
        "",
        "CLOMBalance_CheckBalance: fullness of disk $(obj) is $(n2)%, variance $(n1), no action",
    ),
    Row(40, Info, "", "CLOMRebalanceObject: object $(obj) is within its limits"),
    Row(30, Info, "", "CLOMVobGetUsage: disk $(obj) used $(n9) bytes, $(n3) components"),
    Row(20, Info, "", "CLOMProcessWorkItem: Op COMPLIANCE_CHECK starts: $(n6) for $(obj)"),
    Row(20, Info, "", "CLOMProcessWorkItem: Op COMPLIANCE_CHECK ends: $(n6) status OK"),
    Row(
        8,
        Info,
        "",
        "CLOMBalance_GetNodes: $(n2) entries of type CdbObjectNode in CLOMDB, $(obj) has the most components",
    ),
    Row(8, Info, "", "CLOMVobGetUsage: CdbObjectDisk $(obj) refreshed in CLOMDB"),
];

const VSANMGMT: &[Row] = &[
    Row(
        40,
        Info,
        "VsanHostHelper::GetClusterStatus",
        "host health HEALTHY, $(n1) runtime info items in $(n3) ms",
    ),
    Row(30, Info, "VsanPerfSvc::CollectStats", "stats of entity host-domclient:$(obj) stored, $(n4) bytes"),
    Row(20, Info, "VsanPhysicalDiskHealth::Query", "disk $(obj) health green, capacity used $(n2)%"),
    Row(10, Warning, "VsanPerfSvc::CollectStats", "collection took $(n2) seconds, interval is 300"),
];

const HOSTD_PROBE: &[Row] = &[
    Row(20, Info, "Default", "hostd responded in $(n2) ms"),
    Row(10, Verbose, "Default", "Next probe in 60 s, timeout 30 s"),
];

const SYSLOG: &[Row] = &[
    Row(
        30,
        Info,
        "",
        "crond[2099045]: USER root pid $(world) cmd /bin/hostd-probe.sh ++group=host/vim/vmvisor/hostd-probe/stats/sh",
    ),
    Row(
        30,
        Info,
        "",
        "crond[2099045]: USER root pid $(world) cmd /usr/lib/vmware/vmksummary/log-heartbeat.py",
    ),
    Row(20, Info, "", "backup.sh.$(world): Locking esx.conf"),
    Row(20, Info, "", "backup.sh.$(world): Unlocking esx.conf"),
    Row(20, Info, "", "backup.sh.$(world): Saving current state in /bootbank"),
    Row(10, Info, "", "ntpd[2099210]: adjusting clock frequency by 0.0$(n2) to $(n1).$(n3) ppm"),
    Row(10, Info, "", "sensord[2099301]: sensor inventory refreshed, $(n2) sensors"),
];

const SHELL: &[Row] = &[
    Row(10, Info, "", "shell[$(world)]: [root]: esxtop"),
    Row(10, Info, "", "shell[$(world)]: [root]: ls -l /vmfs/volumes"),
    Row(5, Info, "", "shell[$(world)]: [root]: grep -i evc /etc/vmware/config"),
    Row(5, Info, "", "shell[$(world)]: [root]: esxcli vsan cluster get"),
];

const VPXD: &[Row] = &[
    Row(
        60,
        Info,
        "vpxLro",
        "[VpxLRO] -- BEGIN lro-$(n6) -- ResourceModel -- cis.data.provider.ResourceModel.query -- $(session)($(session))",
    ),
    Row(60, Info, "vpxLro", "[VpxLRO] -- FINISH lro-$(n6)"),
    Row(
        40,
        Info,
        "vpxLro",
        "[VpxLRO] -- BEGIN session[$(session)]$(session) -- PropertyCollector -- vmodl.query.PropertyCollector.waitForUpdatesEx -- $(session)($(session))",
    ),
    Row(36, Warning, "VpxProfiler", "DoHostSync:host-$(hostid) [GetChangesTime] took $(n4) ms"),
    Row(30, Verbose, "vpxdHostCnx", "Host sync of [vim.HostSystem:host-$(hostid),$(host)] done, gen $(n6)"),
    Row(20, Info, "VmProv", "Guest state of [vim.VirtualMachine:vm-$(moref),$(vm)] refreshed"),
    Row(
        16,
        Info,
        "vmMo",
        "[VmMo::InitMinEVCKeyIfNecessary] Initializing min EVC key for VM $(vm) [vim.VirtualMachine:vm-$(moref)]",
    ),
    Row(
        10,
        Verbose,
        "vmomi.soapStub",
        "Returned (vim.EVCMode) list of 9 modes to client $(session), key intel-haswell",
    ),
    Row(
        4,
        Info,
        "Vmomi",
        "Registered fault type vim.fault.FeatureRequirementsNotMet, version vim.version.version14",
    ),
    Row(
        4,
        Info,
        "Vmomi",
        "Registered fault type vim.fault.EVCAdmissionFailedCPUFeaturesForMode, version vim.version.version5",
    ),
    Row(
        8,
        Error,
        "Default",
        "[VpxLRO] -- ERROR task-$(n5) -- vm-$(moref) -- vim.VirtualMachine.reconfigure: vim.fault.InvalidState:\nResult:\n(vim.fault.InvalidState) {\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>\n   msg = \"\"\n}\nArgs:\n",
    ),
    Row(
        6,
        Error,
        "Default",
        "[VpxLRO] -- ERROR task-$(n5) -- vm-$(moref) -- vim.VirtualMachine.createSnapshot: vim.fault.TaskInProgress:\nResult:\n(vim.fault.TaskInProgress) {\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   task = 'vim.Task:task-$(n5)'\n   msg = \"\"\n}\nArgs:\n",
    ),
    Row(
        12,
        Info,
        "drmLogger",
        "DRS of cluster domain-c7: imbalance 0.0$(n2), threshold 0.200, no recommendation",
    ),
    Row(
        12,
        Verbose,
        "drmLogger",
        "EVC baseline of domain-c7 is intel-haswell; $(vm) is compatible with every host",
    ),
    Row(12, Info, "AuthorizeManager", "[Auth]: User VSPHERE.LOCAL\\vpxd-extension-5f2a validated"),
    Row(
        10,
        Warning,
        "Vpxd.AlarmMo",
        "Alarm alarm-$(n2) on [vim.HostSystem:host-$(hostid),$(host)] evaluated, status unchanged",
    ),
    Row(4, Info, "Default", "Registered event type vim.event.HostDisconnectedEvent"),
    Row(4, Info, "Default", "Registered event type vim.event.HostConnectionLostEvent"),
    Row(4, Info, "Default", "Registered event type com.vmware.vc.vsan.HostNotInClusterEvent"),
    Row(
        4,
        Info,
        "InvtHostCnx",
        "host [vim.HostSystem:host-$(hostid),$(host)] answers, its connection state is unchanged",
    ),
    Row(10, Info, "Heartbeat", "Received heartbeat of host-$(hostid), sequence $(n6)"),
];

const EAM: &[Row] = &[
    Row(20, Info, "VcListener.java | 131", "Retrieving updates from vCenter: version $(n5)"),
    Row(10, Info, "Workflow.java | 227", "Agency $(obj): all agents are green"),
    Row(10, Info, "VcHostSystem.java | 412", "VcHostSystem(ID: host-$(hostid)) in sync"),
];

const VSAN_HEALTH: &[Row] = &[
    Row(
        30,
        Info,
        "VsanVcClusterHealthSystemImpl::QueryClusterHealthSummary",
        "cluster domain-c7: $(n2) tests, all green, took $(n3) ms",
    ),
    Row(
        20,
        Info,
        "VsanPyVmomiProfiler::logProfile",
        "invoke-method:vsan-cluster-health-system:VsanQueryVcClusterHealthSummary: 0.$(n2)s",
    ),
    Row(
        6,
        Info,
        "VsanHealthEvent::Post",
        "vSAN Health Test 'vSAN cluster partition' status changed from 'green' to 'green'",
    ),
    Row(
        6,
        Info,
        "VsanHealthEvent::Post",
        "vSAN Health Test 'vSAN object health' status changed from 'yellow' to 'green'",
    ),
    Row(10, Info, "VsanCloudHealthUtil::Upload", "cloud health data of $(obj) prepared, $(n5) bytes"),
];
