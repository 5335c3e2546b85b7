//! esxray ("ESX-ray"): offline forensics for VMware ESXi and vCenter support bundles.
//!
//! # One sentence
//!
//! A bundle is *digested* in one streaming pass into something small (facts, events, coverage); a *case* is made
//! from the digests of all its hosts; *verdicts* are reached on a case; a *report* is a function of the verdicts.
//!
//! ```text
//! path ─▶ bundle ─▶ record ─▶ format ─▶ rule ──▶ digest ─┐
//!            └────▶ fact ────────────────────────▶       ├─▶ case ─▶ verdict ─▶ report ─┐
//!                                      (one per bundle)  │                              ├─▶ triage
//!                                      store ◀─▶ digest ─┘                    report ───┘
//! ```
//!
//! A digest is pure, serialisable data of a few hundred kilobytes: it can be kept in a [`store`], shipped, or made on another
//! machine, and nothing behind it needs a log any more. So many bundles are read once each, by whatever many machines, and
//! [`triage`] makes cases of their digests. Only to follow one operation the bundles are read again: its records
//! are kept for no other reason, so a digest does not hold them.
//!
//! # The layers
//!
//! | module | what it is for | where to add a thing |
//! | --- | --- | --- |
//! | [`model`] | plain data that all layers share | an event kind |
//! | [`demo`] | makes bundles whose story is known, for the demo, tests and benchmarks; uses no reader | an incident |
//! | [`bundle`] | a path on disk becomes a stream of members: codecs, archives and fragments, in each other, on again behind damage | a compression: a file in `bundle/codec/`; an archive: one in `bundle/archive/` |
//! | [`record`] | bytes become whole records with their line and offset | |
//! | [`format`] | log families, the shapes of their records, and what their stamps say | a log family: an entry of `format/families.rs` with its samples; a shape: a reader in `format/shape/` |
//! | [`fact`] | files that are no event logs become typed facts | a fact: a file with its samples, listed in `FACTS` |
//! | [`rule`] | literals, then expressions: records become events | a rule: a table in `rule/*.toml` with its samples; the format is told in `rule/README.md` |
//! | [`digest`] | what one bundle boils down to | |
//! | [`engine`] | the only module with threads: walk, work, merge | |
//! | [`case`] | who is who at which time, how each host is set up, which belong together, how their clocks differ, what moved where, which operation did it, who saw whom go, when hosts were down: one timeline | a sort of event that compares clocks: `case/clock/pairs.rs` |
//! | [`store`] | digests in a folder, found by what a bundle file holds: nothing is read twice | |
//! | [`verdict`] | one file a question: what happened, why, what to do; and how it came about | a verdict: a file, listed in `VERDICTS`; its chain: a builder in `verdict/chain/`; an incident that its lines alone tell: an entry in `verdict/known/`, listed in `KNOWN` |
//! | [`report`] | one file an output, each a function of the report value | an output: a file, listed in `RENDERERS` |
//! | [`tables`] | reports of many cases as Parquet files for other tools | a column: a line of a table in `tables/`; a table: a file, listed in `TABLES` |
//! | [`triage`] | many bundles: which make a case together, and an index over all cases | a form of the index: a file, listed in `INDEX_RENDERERS` |
//! | [`cli`] | one file a command | a command |
//!
//! One direction: a module uses only those above it in this table. A test holds that.
//!
//! # Invariants: what is deliberately absent
//!
//! - Reading never fails as a whole: it gives what was read, and problems. The only errors are a path that cannot be
//!   opened, a rule file that is wrong, and an output that cannot be written.
//! - Nothing is unpacked to disk, and no archive library's `unpack` is called: there is no traversal, link or
//!   leftover to guard against.
//! - Memory does not grow with the bundle: what waits between readers and workers is bounded, a record is cut at a
//!   limit, events of a rule are kept at both ends of time and counted between, so are all events of a bundle beyond a limit
//!   that the caller may set, and members beyond a limit are counted.
//! - Reading pushes: no part of the reader asks for bytes, each takes what has arrived and keeps what it needs to go on.
//!   So files in fragments need no disk, and a *gap* can be told where bytes are missing.
//! - The same input gives the same bytes of output for any number of threads. No order comes from a hash map.
//! - No clock, network or environment inside the core; no report says "now". A store looks at the times of files, and only to
//!   tell that one is as it was.
//! - Every finding carries evidence: host, member, line, byte offset, and the text as it stands there.
//! - Text from a bundle is hostile. It is kept as it is and escaped where it is written, for that place.
//!
//! # Time
//!
//! Each host stamps by its own clock. Events that two hosts tell of one thing compare these clocks, and one place
//! (`case/clock`) puts every time of a host on the reference clock of the case; the written stamp stays beside it. So all
//! that comes behind may compare times of different hosts.
//!
//! # What leaves the program
//!
//! A report is one value, and whatever is done for its readers is done to that value once, before any output: times in
//! sentences are retold in the reader's zone (`report/zone`), and names become aliases (`report/redact`), closed by default.
//! So a new output can forget neither.
//!
//! # What decides a verdict
//!
//! State beats lines. A refused migration leaves nothing in a host's logs, because vCenter refuses before a host is
//! asked; masks, capabilities and requirements lie in every bundle, so they decide, and lines confirm and date it.
//! A verdict must work with state alone, with lines alone, and best with both; its confidence says which.

pub mod bundle;
pub mod case;
pub mod cli;
pub mod demo;
pub mod digest;
pub mod engine;
pub mod fact;
pub mod format;
pub mod model;
pub mod record;
#[macro_use]
pub mod report;
pub mod rule;
pub mod store;
pub mod tables;
pub mod triage;
pub mod verdict;
