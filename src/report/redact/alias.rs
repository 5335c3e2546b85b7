//! Which alias stands for which name, so that the same name is the same alias wherever it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The schema id of a map that is kept.
pub const SCHEMA: &str = "esxray.redact-map/1";

/// What sort of name an alias stands for; its word is how the alias begins.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// An ESXi host or vCenter Server.
    Host,
    /// A virtual machine.
    Vm,
    /// A DNS domain.
    Domain,
    /// An IP address, v4 or v6.
    Ip,
    /// A MAC address.
    Mac,
    /// A UUID in any form.
    Uuid,
    /// A user.
    User,
    /// A part of a path.
    Path,
    /// A datastore.
    Datastore,
    /// A cluster.
    Cluster,
    /// A switch or port group.
    Net,
    /// A storage device.
    Device,
    /// A word that is not known to be harmless.
    Name,
    /// A long run that could encode anything.
    Blob,
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 14] = [
        Class::Host,
        Class::Vm,
        Class::Domain,
        Class::Ip,
        Class::Mac,
        Class::Uuid,
        Class::User,
        Class::Path,
        Class::Datastore,
        Class::Cluster,
        Class::Net,
        Class::Device,
        Class::Name,
        Class::Blob,
    ];

    /// The word that its aliases begin with.
    pub const fn word(self) -> &'static str {
        match self {
            Class::Host => "HOST",
            Class::Vm => "VM",
            Class::Domain => "DOMAIN",
            Class::Ip => "IP",
            Class::Mac => "MAC",
            Class::Uuid => "UUID",
            Class::User => "USER",
            Class::Path => "PATH",
            Class::Datastore => "DATASTORE",
            Class::Cluster => "CLUSTER",
            Class::Net => "NET",
            Class::Device => "DEVICE",
            Class::Name => "NAME",
            Class::Blob => "BLOB",
        }
    }
}

/// The aliases that were given so far; keys are names in lower case, addresses and ids in one form.
#[derive(Clone, Debug, Default)]
pub struct AliasMap {
    names: BTreeMap<String, String>,
    /// The number that a class gave last.
    last: BTreeMap<&'static str, u32>,
    taken: BTreeSet<String>,
    /// Names of the case that look like aliases: no alias may be one of them.
    unusable: BTreeSet<String>,
}

/// A map as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    names: BTreeMap<String, String>,
}

/// Why a map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// It is no JSON of a map's shape.
    #[error("it is no map of aliases: {0}")]
    Shape(#[from] serde_json::Error),
    /// It says that it is something else.
    #[error("its schema is '{0}', and '{SCHEMA}' was expected")]
    Schema(String),
    /// An alias is none that is ever given.
    #[error("'{0}' is no alias")]
    Alias(String),
}

impl AliasMap {
    /// The alias of `key`, a new one of `class` where it has none yet.
    pub fn alias(&mut self, class: Class, key: &str) -> String {
        if let Some(known) = self.names.get(key) {
            return known.clone();
        }
        let made = self.next(class);
        self.names.insert(key.to_owned(), made.clone());
        made
    }

    /// The alias of `key` where it has one.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    /// Lets `key` share the alias that another name has.
    pub(super) fn share(&mut self, key: &str, alias: &str) {
        self.names.insert(key.to_owned(), alias.to_owned());
    }

    /// Whether `alias` is that of a full host name other than `full`.
    pub(super) fn is_of_other_host(&self, alias: &str, full: &str) -> bool {
        self.names.iter().any(|(name, known)| known == alias && name != full && name.contains('.'))
    }

    /// An alias that nothing has, for a name that `owns` it in other forms too.
    pub(super) fn next(&mut self, class: Class) -> String {
        loop {
            let last = self.last.entry(class.word()).or_default();
            *last += 1;
            let made = format!("{}-{last:04}", class.word());
            if !self.unusable.contains(&made) && self.taken.insert(made.clone()) {
                return made;
            }
        }
    }

    /// Never gives out what is a real name in the case, as that would tell it.
    pub(super) fn avoid(&mut self, name: &str) {
        let upper = name.to_ascii_uppercase();
        if number_of(&upper).is_some() {
            self.unusable.insert(upper);
        }
    }

    /// The map as it is kept: sorted JSON.
    pub fn to_json(&self) -> String {
        let kept = Kept { schema: SCHEMA.to_owned(), names: self.names.clone() };
        let mut text = serde_json::to_string_pretty(&kept).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A map that was kept.
    ///
    /// # Errors
    /// Fails where `text` is anything else.
    pub fn from_json(text: &str) -> Result<AliasMap, MapError> {
        let kept: Kept = serde_json::from_str(text)?;
        if kept.schema != SCHEMA {
            return Err(MapError::Schema(kept.schema));
        }
        let mut map = AliasMap::default();
        for alias in kept.names.values() {
            let (word, number) = number_of(alias).ok_or_else(|| MapError::Alias(alias.clone()))?;
            let last = map.last.entry(word).or_default();
            *last = number.max(*last);
            map.taken.insert(alias.clone());
        }
        map.names = kept.names;
        Ok(map)
    }
}

/// `HOST-0012` is the 12th of `HOST`.
fn number_of(alias: &str) -> Option<(&'static str, u32)> {
    let (word, digits) = alias.split_once('-')?;
    let class = Class::ALL.into_iter().find(|class| class.word() == word)?;
    let is_number = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number near the end of the type would leave no room for the next.
    let number = digits.parse().ok().filter(|number| is_number && *number < u32::MAX / 2)?;
    Some((class.word(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_goes_on_where_it_ended() {
        let mut map = AliasMap::default();
        assert_eq!(map.alias(Class::Host, "esx01"), "HOST-0001");
        assert_eq!(map.alias(Class::Vm, "db"), "VM-0001");
        map.avoid("host-0002");
        let mut again = AliasMap::from_json(&map.to_json()).expect("a map");
        assert_eq!(again.alias(Class::Host, "esx01"), "HOST-0001");
        assert_eq!(again.alias(Class::Host, "esx02"), "HOST-0002");
        assert_eq!(map.alias(Class::Host, "esx02"), "HOST-0003", "a real name is no alias");
    }

    #[test]
    fn what_is_no_map_is_refused() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"schema":"esxray.report/1","names":{}}"#,
            r#"{"schema":"esxray.redact-map/1","names":{"a":"secret"}}"#,
            r#"{"schema":"esxray.redact-map/1","names":{"a":"HOST-1"}}"#,
            r#"{"schema":"esxray.redact-map/1","names":{"a":"HOST-4294967295"}}"#,
        ] {
            assert!(AliasMap::from_json(text).is_err(), "{text}");
        }
    }
}
