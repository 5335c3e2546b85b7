//! STUB
/// STUB
pub fn hides(_register: &str, _mask: &str, _key: &str) -> Option<bool> {
    None
}
/// STUB
pub fn raw(_leaves: &[super::CpuidLeaf], _key: &str) -> Option<bool> {
    None
}
