//! From what lies on disk into the walk: a file, fragments beside each other, a folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::content::{BLOCK, Content};
use super::fragment;
use super::place::Place;
use super::stream::{Purpose, Stream};
use super::walk::Walk;
use super::{Damage, Input, Limits, Sink, tree};
use crate::model::ProblemKind;

/// Walks everything in `input` and pushes it into `sink`.
pub fn walk(input: &Input, limits: &Limits, sink: &mut dyn Sink) {
    let mut cx = Walk::new(&input.label(), limits, sink);
    match input {
        Input::File(path) => cx.file(path, &input.label()),
        Input::Fragments(paths) => cx.fragments(paths, &input.label()),
        Input::Folder(path) => {
            let mut place = Place::new("");
            cx.folder(path, path, &mut place);
        }
    }
    cx.finish();
}

/// Walks what `rdr` gives, called `label`, and pushes it into `sink`.
pub fn walk_from(label: &str, rdr: &mut dyn Read, limits: &Limits, sink: &mut dyn Sink) {
    let mut cx = Walk::new(label, limits, sink);
    let mut root = Stream::new(Place::new(label), Purpose::Given);
    let cut = cx.pump(rdr, label, |cx, bytes| {
        root.push(cx, bytes);
        !root.is_over()
    });
    root.finish(&mut cx, cut);
    cx.finish();
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, label: &str) {
        let mut root = Stream::new(Place::new(label), Purpose::Given);
        let cut = self.pump_file(path, label, |cx, bytes| {
            root.push(cx, bytes);
            !root.is_over()
        });
        root.finish(self, cut);
    }

    /// Files that are fragments of one.
    fn fragments(&mut self, paths: &[PathBuf], label: &str) {
        let mut root = Stream::new(Place::new(label), Purpose::Given);
        let mut next = None;
        for path in paths {
            let name = path.to_string_lossy();
            let number = tree::fragment(&name).map_or(0, |(_, number)| number);
            // The first may be 0 or 1.
            let expected = next.unwrap_or(number.min(1));
            if number > expected {
                let text = fragment::missing_fragments(expected, number - 1);
                self.problem(ProblemKind::MissingFragment, label, text);
                root.gap(self);
            }
            next = Some(number + 1);
            let cut = self.pump_file(path, &name, |cx, bytes| {
                root.push(cx, bytes);
                !root.is_over()
            });
            if cut {
                root.gap(self);
            }
        }
        root.finish(self, false);
    }

    fn folder(&mut self, root: &Path, folder: &Path, place: &mut Place) {
        let entries = match fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>()) {
            Ok(entries) => entries,
            Err(error) => {
                let text = format!("the folder cannot be listed: {error}");
                return self.problem(ProblemKind::Unreadable, &folder.to_string_lossy(), text);
            }
        };
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if self.is_over() {
                return;
            }
            // Links are not followed: a bundle's tree may hold one that leads anywhere.
            match fs::symlink_metadata(&path) {
                Ok(meta) if meta.is_dir() => self.folder(root, &path, place),
                Ok(meta) if meta.is_file() => self.folder_file(root, &path, meta.len(), place),
                Ok(_) => {
                    let name = relative(root, &path);
                    let member = place.member(&name, Some(0), false);
                    self.skip(member);
                }
                Err(error) => {
                    let text = format!("the file cannot be read: {error}");
                    self.problem(ProblemKind::Unreadable, &relative(root, &path), text);
                }
            }
        }
    }

    fn folder_file(&mut self, root: &Path, path: &Path, size: u64, place: &mut Place) {
        if !self.count_member(&root.to_string_lossy()) {
            return;
        }
        let name = relative(root, path);
        let mut content = Content::file(self, place, &name, Some(size), false);
        let mut got = 0;
        let failed = match File::open(path) {
            _ if content.is_over() => None,
            Ok(mut file) => self.blocks(&mut file, |cx, bytes| {
                got += bytes.len() as u64;
                content.push(cx, bytes);
                !content.is_over()
            }),
            Err(error) => Some(error),
        };
        let missing = size.saturating_sub(got);
        let damage = match failed {
            Some(error) => Some((ProblemKind::Unreadable, format!("the file cannot be read: {error}"))),
            None if missing > 0 && !content.is_over() => Some((
                ProblemKind::Truncated,
                format!("its last {missing} bytes are missing; what stands before was used"),
            )),
            None => None,
        };
        content.end(self, damage.map(|(kind, text)| Damage { kind, text }));
    }

    /// Reads a file into `push` until that says no; whether it broke off.
    fn pump_file(&mut self, path: &Path, label: &str, push: impl FnMut(&mut Self, &[u8]) -> bool) -> bool {
        match File::open(path) {
            Ok(mut file) => self.pump(&mut file, label, push),
            Err(error) => {
                self.problem(ProblemKind::Unreadable, label, format!("the file cannot be read: {error}"));
                true
            }
        }
    }

    fn pump(&mut self, rdr: &mut dyn Read, label: &str, push: impl FnMut(&mut Self, &[u8]) -> bool) -> bool {
        let failed = self.blocks(rdr, push);
        if let Some(error) = &failed {
            let text = format!(
                "reading the file failed at byte {}: {error}; what stands before was used",
                self.read()
            );
            self.problem(ProblemKind::Unreadable, label, text);
        }
        failed.is_some()
    }

    /// Reads block by block into `push` until that says no; what failed.
    fn blocks(
        &mut self,
        rdr: &mut dyn Read,
        mut push: impl FnMut(&mut Self, &[u8]) -> bool,
    ) -> Option<io::Error> {
        let mut block = vec![0; BLOCK];
        while !self.is_over() {
            match rdr.read(&mut block) {
                Ok(0) => return None,
                Ok(len) => {
                    self.reads(len);
                    let goes_on = push(self, &block[..len]);
                    self.progress(len);
                    if !goes_on {
                        return None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(error),
            }
        }
        None
    }
}

fn relative(root: &Path, path: &Path) -> String {
    tree::normal(&path.strip_prefix(root).unwrap_or(path).to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Gap, Handle, Member};
    use crate::model::{MemberPath, Problem};

    /// Wants every log and counts.
    #[derive(Default)]
    struct Count {
        bytes: u64,
        problems: Vec<String>,
    }

    impl Sink for Count {
        fn begin(&mut self, member: Member) -> Option<Handle> {
            member.path.as_str().ends_with(".log").then_some(Handle(0))
        }

        fn skip(&mut self, _: Member) {}

        fn piece(&mut self, _: Handle, _: MemberPath) {}

        fn gap(&mut self, _: Handle, _: Gap) {}

        fn block(&mut self, _: Handle, bytes: Vec<u8>) {
            self.bytes += bytes.len() as u64;
        }

        fn end(&mut self, _: Handle, damage: Option<Damage>) {
            self.problems.extend(damage.map(|damage| damage.text));
        }

        fn problem(&mut self, problem: Problem) {
            self.problems.push(problem.text);
        }

        fn progress(&mut self, _: u64) {}

        fn stopped(&self) -> bool {
            false
        }
    }

    fn count(bytes: &[u8], limits: &Limits) -> Count {
        let mut count = Count::default();
        walk_from("a.tar", &mut &bytes[..], limits, &mut count);
        count
    }

    fn entry(tar: &mut tar::Builder<Vec<u8>>, name: &str, text: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, name, text).expect("in memory");
    }

    #[test]
    fn a_hole_in_an_archive_in_an_archive_ends() {
        let mut inner = tar::Builder::new(Vec::new());
        entry(&mut inner, "esx-a/var/log/a.log", b"text");
        let inner = inner.into_inner().expect("in memory");
        let mut tar = tar::Builder::new(Vec::new());
        let map = format!("0,{}", inner.len());
        let sparse =
            [("GNU.sparse.realsize", &b"4611686018427387904"[..]), ("GNU.sparse.map", map.as_bytes())];
        tar.append_pax_extensions(sparse).expect("in memory");
        entry(&mut tar, "x/inner.tar", &inner);
        entry(&mut tar, "esx-a/var/log/b.log", b"more");
        let limits = Limits { ratio_from: 1 << 20, ..Limits::default() };
        let count = count(&tar.into_inner().expect("in memory"), &limits);
        assert_eq!(count.bytes, 8);
        assert!(
            count.problems.iter().any(|text| text.contains("decompression bomb")),
            "{:?}",
            count.problems
        );
    }

    #[test]
    fn a_member_has_as_many_bytes_as_the_limit_allows() {
        let mut tar = tar::Builder::new(Vec::new());
        entry(&mut tar, "esx-a/var/log/a.log", &[b'x'; 5000]);
        let limits = Limits { member_bytes: 5000, ..Limits::default() };
        let tar = tar.into_inner().expect("in memory");
        assert_eq!(count(&tar, &limits).bytes, 5000);
        // A log that stands alone has no size that is told beforehand.
        let mut bare = Count::default();
        walk_from("a.log", &mut &[b'x'; 9000][..], &limits, &mut bare);
        assert!(bare.bytes == 5000 && bare.problems.len() == 1, "{} {:?}", bare.bytes, bare.problems);
    }
}
