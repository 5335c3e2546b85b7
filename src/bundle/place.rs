//! Where a container lies, and what its members are called.

use super::{Member, tree};
use crate::model::MemberPath;

/// A container that is being read.
#[derive(Clone)]
pub(super) struct Place {
    /// Its path with every nesting; empty for a folder.
    pub(super) label: String,
    /// Containers around it; a compression around an archive is one with it.
    pub(super) depth: u32,
    /// Whether a compression was just taken off.
    pub(super) is_decoded: bool,
    path: MemberPath,
    /// The root of the last member's bundle, which the next one shares as a rule.
    root: (String, MemberPath),
}

impl Place {
    pub(super) fn new(label: &str) -> Self {
        let path = MemberPath::new(label);
        Place {
            label: label.to_owned(),
            depth: 0,
            is_decoded: false,
            root: (String::new(), path.clone()),
            path,
        }
    }

    /// The place of the container `name` in this one.
    pub(super) fn inner(&self, name: &str) -> Place {
        Place { depth: self.depth + 1, ..Place::new(&self.path_of(name)) }
    }

    /// This place below one more compression.
    pub(super) fn decoded(&self) -> Place {
        Place { depth: self.depth + u32::from(self.is_decoded), is_decoded: true, ..self.clone() }
    }

    /// The path of `name` in this place, with every nesting.
    pub(super) fn path_of(&self, name: &str) -> String {
        if self.label.is_empty() { name.to_owned() } else { format!("{}!{name}", self.label) }
    }

    /// The member `name` of this place. Where the name is doubtful, the root is that of the member before.
    pub(super) fn member(&mut self, name: &str, size: Option<u64>, doubtful: bool) -> Member {
        let path = MemberPath::new(self.path_of(name));
        // A folder is the root of one bundle.
        if self.label.is_empty() {
            let container = self.path.clone();
            return Member {
                path,
                root: container.clone(),
                container,
                tree: name.to_owned(),
                size,
                fragmented: false,
                doubtful: false,
            };
        }
        let split = tree::split(name)
            .or_else(|| name.rsplit_once('/').map(|(root, tree)| (root.into(), tree.into())));
        let (root, tree) = split.unwrap_or_else(|| (String::new(), name.to_owned()));
        let alike = |a: &str, b: &str| a.matches('/').count() == b.matches('/').count();
        let root = if doubtful && alike(&root, &self.root.0) { self.root.0.clone() } else { root };
        if self.root.0 != root {
            self.root = (root.clone(), MemberPath::new(self.path_of(&root)));
        }
        let root = if root.is_empty() { self.path.clone() } else { self.root.1.clone() };
        Member { path, container: self.path.clone(), root, tree, size, fragmented: false, doubtful: false }
    }
}
