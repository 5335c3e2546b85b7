use super::*;
use crate::fact::{Fact, FactValue};
use crate::model::{MemberPath, Source};
use tempfile::TempDir;

fn rules() -> RuleSet {
    RuleSet::parse("none.toml", "").expect("no rules")
}

/// What a run over a file of this hash would give.
fn outcome(path: &Path, sha256: &str) -> Outcome {
    let name = FactValue::HostName { name: "esx1.example.org".to_owned() };
    let source = Source { file: MemberPath::new("a.tgz!esx/uname"), line: 1, offset: 0 };
    let bundle = path.to_string_lossy().into_owned();
    let cut = Problem::new(ProblemKind::Truncated, format!("{bundle}!x"), "it ends early");
    let digest = Digest {
        facts: vec![Fact { value: name, source, text: String::new() }],
        problems: vec![cut],
        sha256: sha256.to_owned(),
        bundle,
        ..Digest::default()
    };
    Outcome { digests: vec![digest], problems: Vec::new() }
}

struct Bundle {
    folder: TempDir,
    input: Input,
}

impl Bundle {
    fn new(content: &str) -> Bundle {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("a.tgz");
        fs::write(&path, content).expect("written");
        Bundle { folder, input: Input::File(path) }
    }

    fn store(&self) -> Store {
        Store::open(&self.folder.path().join("store"), &rules(), &Limits::default()).expect("opened")
    }

    fn print(&self) -> Print {
        Print::of(&self.input).expect("it is there")
    }

    fn keep(&self) -> Entry {
        let hash = engine::hash_files(self.input.files());
        let kept = self.store().keep(&self.input, &self.print(), &outcome(self.input.path(), &hash));
        match kept.expect("written") {
            Some(Known::Bundles(entry)) => *entry,
            other => panic!("{other:?}"),
        }
    }

    fn known(&self) -> Option<Entry> {
        match self.store().known(&self.input, &self.print()) {
            Some(Known::Bundles(entry)) => Some(*entry),
            _ => None,
        }
    }
}

#[test]
fn what_was_kept_is_found_and_is_as_it_was() {
    let bundle = Bundle::new("x");
    assert!(bundle.known().is_none());
    let kept = bundle.keep();
    let known = bundle.known().expect("kept");
    assert_eq!((known.key(), known.sha256(), known.bytes()), (kept.key(), kept.sha256(), 1));
    let digests = known.digests().expect("whole");
    let as_read = outcome(bundle.input.path(), kept.sha256()).digests;
    assert_eq!(serde_json::to_value(&digests).ok(), serde_json::to_value(&as_read).ok());
    assert_eq!(known.cards()[0].as_ref().map(|card| card.name.as_str()), Some("esx1.example.org"));
}

#[test]
fn a_bundle_that_lies_elsewhere_is_told_with_its_place() {
    let mut bundle = Bundle::new("x");
    bundle.keep();
    let place = bundle.folder.path().join("other");
    fs::create_dir(&place).expect("made");
    fs::rename(bundle.input.path(), place.join("a.tgz")).expect("moved");
    bundle.input = Input::File(place.join("a.tgz"));
    let known = bundle.known().expect("the same content under the same name");
    let digest = &known.digests().expect("whole")[0];
    let path = bundle.input.path().to_string_lossy();
    assert_eq!(
        (digest.bundle.as_str(), digest.problems[0].path.as_str()),
        (&*path, format!("{path}!x").as_str())
    );
    assert_eq!(known.cards()[0].as_ref().map(|card| card.bundle.as_str()), Some(&*path));
    // Members are called after the file, so under another name it is another one.
    let renamed = place.join("b.tgz");
    fs::rename(bundle.input.path(), &renamed).expect("moved");
    bundle.input = Input::File(renamed);
    assert!(bundle.known().is_none());
}

#[test]
fn what_changed_or_was_made_otherwise_is_not_found() {
    let bundle = Bundle::new("x");
    bundle.keep();
    let folder = bundle.folder.path().join("store");
    let known = |rules: &RuleSet, limits: &Limits| {
        let store = Store::open(&folder, rules, limits).expect("opened");
        store.known(&bundle.input, &bundle.print()).is_some()
    };
    let limits = Limits::default();
    assert!(known(&rules(), &limits) && known(&rules(), &Limits { memory: 1 << 30, ..limits }));
    assert!(!known(&rules(), &Limits { events: 7, ..limits }));
    assert!(!known(&RuleSet::load::<&Path>(&[]).expect("the built-in ones"), &limits));
    fs::write(bundle.input.path(), "y").expect("written");
    assert!(bundle.known().is_none(), "the same length, another content");
}

#[test]
fn nothing_is_kept_of_what_changed_meanwhile_or_failed() {
    let bundle = Bundle::new("x");
    let before = bundle.print();
    let keep = |print: &Print, outcome: &Outcome| {
        bundle.store().keep(&bundle.input, print, outcome).expect("writable")
    };
    assert!(keep(&before, &outcome(bundle.input.path(), "")).is_none(), "it could not be read to its end");
    let mut broken = outcome(bundle.input.path(), "00");
    broken.problems.push(Problem::new(ProblemKind::Internal, "", "a defect"));
    assert!(keep(&before, &broken).is_none());
    fs::write(bundle.input.path(), "xy").expect("written");
    assert!(keep(&before, &outcome(bundle.input.path(), "00")).is_none());
    assert!(bundle.store().entries().0.is_empty() && bundle.known().is_none());
}

#[test]
fn any_wrong_bit_of_an_entry_is_noticed() {
    let bundle = Bundle::new("x");
    let file = bundle.keep().file().to_owned();
    let whole = fs::read(&file).expect("read");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&file, &damaged).expect("written");
        let digests = bundle.known().and_then(|entry| entry.digests());
        assert!(digests.is_none(), "byte {at} of {}", whole.len());
    }
    for length in [0, 1, 40, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).expect("written");
        assert!(bundle.known().and_then(|entry| entry.digests()).is_none(), "{length} bytes");
    }
    let (entries, problems) = bundle.store().entries();
    assert!(entries.is_empty() && problems.len() == 1, "{problems:?}");
}

#[test]
fn what_holds_no_bundle_is_remembered_as_such() {
    let bundle = Bundle::new("notes");
    let nothing = |kind: ProblemKind| Outcome {
        digests: Vec::new(),
        problems: vec![Problem::new(kind, bundle.input.path().to_string_lossy(), "no bundle")],
    };
    let keep =
        |outcome: &Outcome| bundle.store().keep(&bundle.input, &bundle.print(), outcome).expect("writable");
    assert!(keep(&nothing(ProblemKind::Unreadable)).is_none());
    assert!(matches!(keep(&nothing(ProblemKind::NotABundle)), Some(Known::Nothing(_))));
    let known = bundle.store().known(&bundle.input, &bundle.print());
    assert!(matches!(known, Some(Known::Nothing(problems)) if problems.len() == 1));
}
