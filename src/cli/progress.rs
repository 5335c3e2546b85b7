//! One progress bar a bundle, on a terminal only: compressed bytes, rate, time left.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::bundle::Input;
use crate::engine::{Progress, Silent};

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal
    Auto,
    /// Never
    Never,
}

/// What shows the progress of reading `inputs`.
pub fn bars(when: When, inputs: &[Input]) -> Box<dyn Progress> {
    if when == When::Never || !std::io::stderr().is_terminal() {
        return Box::new(Silent);
    }
    let all = MultiProgress::new();
    let style = ProgressStyle::with_template(
        "{prefix:20!} {bar:14} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>4}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = |input: &Input| {
        let bar = all.add(ProgressBar::new(size(input))).with_style(style.clone());
        let name = input.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A bundle's name is hostile text too.
        bar.set_prefix(name.replace(char::is_control, "?"));
        bar
    };
    Box::new(Bars { bars: inputs.iter().map(bar).collect(), all: all.clone() })
}

/// What shows the progress of reading many inputs in one line: bundles and bytes.
pub fn one_bar(when: When, inputs: &[Input]) -> Box<dyn Progress> {
    if when == When::Never || !std::io::stderr().is_terminal() {
        return Box::new(Silent);
    }
    let style = ProgressStyle::with_template(
        "{msg} {bar:20} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>4}",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(inputs.iter().map(size).sum()).with_style(style);
    let sizes = inputs.iter().map(|input| (size(input), AtomicU64::new(0))).collect();
    let one = OneBar { bar, sizes, done: AtomicU64::new(0) };
    one.tell();
    Box::new(one)
}

fn size(input: &Input) -> u64 {
    input.files().iter().map(|file| std::fs::metadata(file).map_or(0, |meta| meta.len())).sum()
}

struct OneBar {
    bar: ProgressBar,
    /// Bytes of each input, and how many of them are told.
    sizes: Vec<(u64, AtomicU64)>,
    done: AtomicU64,
}

impl OneBar {
    fn tell(&self) {
        self.bar.set_message(format!("{}/{}", self.done.load(Ordering::Relaxed), self.sizes.len()));
    }
}

impl Progress for OneBar {
    fn advance(&self, index: usize, bytes: u64) {
        if let Some((size, told)) = self.sizes.get(index) {
            let before = told.fetch_add(bytes, Ordering::Relaxed);
            self.bar.inc(bytes.min(size.saturating_sub(before)));
        }
    }

    fn done(&self, index: usize) {
        self.done.fetch_add(1, Ordering::Relaxed);
        if let Some((size, told)) = self.sizes.get(index) {
            // What is in the store already is not read.
            self.bar.inc(size.saturating_sub(told.swap(*size, Ordering::Relaxed)));
        }
        self.tell();
    }
}

impl Drop for OneBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

struct Bars {
    bars: Vec<ProgressBar>,
    all: MultiProgress,
}

impl Progress for Bars {
    fn advance(&self, index: usize, bytes: u64) {
        let Some(bar) = self.bars.get(index) else { return };
        bar.inc(bytes);
        // A folder's size is not known before it is read.
        if bar.length().is_some_and(|length| bar.position() > length) {
            bar.set_length(bar.position());
        }
    }

    fn done(&self, index: usize) {
        if let Some(bar) = self.bars.get(index) {
            bar.finish();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // The summary follows where the bars were.
        let _ = self.all.clear();
    }
}
