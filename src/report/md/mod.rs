//! Markdown as such: a page of headings, paragraphs, lists and tables, and texts that are made harmless for it. What a report
//! says stands in `markdown` and in the modules of its sections, which all write to this page.

mod page;
pub(super) mod text;

pub(super) use page::Page;
