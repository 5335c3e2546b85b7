//! What the fields of a record name, by the name that rules give them.

/// Fields that name another host than the one whose bundle holds the record: vCenter's, its peers', its cluster mates'. One
/// may name several, apart by commas.
pub const HOSTS: &[&str] = &[
    "host_name",
    "node_host",
    "target",
    "origin",
    "host",
    "relayed_host",
    "src_host",
    "dst_host",
    "checked",
];

/// What sort of thing a field names.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One host or several.
    Host,
    /// A virtual machine.
    Vm,
    /// A user.
    User,
    /// A datastore.
    Datastore,
}

impl Named {
    /// What the field called `key` names; `None` where it is no name.
    pub fn of(key: &str) -> Option<Named> {
        match key {
            "vm" | "old_name" | "new_name" => Some(Named::Vm),
            "user" | "username" => Some(Named::User),
            "datastore" => Some(Named::Datastore),
            _ => HOSTS.contains(&key).then_some(Named::Host),
        }
    }
}
