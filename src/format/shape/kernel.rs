//! vmkernel and vobd: what the kernel says of itself.

use memchr::memmem;

use super::{Shape, split_token};
use crate::format::header::Header;
use crate::format::time;

/// `cpu4:2097705 opID=3f2a)WARNING: text`; whether it is there.
pub(in crate::format) fn prefix<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(OnCpu { world, op_id, message }) = on_cpu(rest) else { return false };
    header.thread = Some(world);
    header.op_id = op_id;
    header.message = message;
    for level in [&b"WARNING"[..], b"ALERT"] {
        if message.starts_with(level) && message.get(level.len()) == Some(&b':') {
            header.level = Some(&message[..level.len()]);
        }
    }
    true
}

/// `cpu4:2097705 opID=3f2a)text`
struct OnCpu<'a> {
    world: &'a [u8],
    op_id: Option<&'a [u8]>,
    message: &'a [u8],
}

fn on_cpu(rest: &[u8]) -> Option<OnCpu<'_>> {
    if !rest.starts_with(b"cpu") {
        return None;
    }
    let head = &rest[..rest.len().min(64)];
    let close = head.iter().position(|&byte| byte == b')')?;
    let colon = head[..close].iter().position(|&byte| byte == b':')?;
    if colon < 4 || !head[3..colon].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let inside = &head[colon + 1..close];
    let world = inside.split(|&byte| byte == b' ').next().unwrap_or(inside);
    let op_id = memmem::find(inside, b" opID=").map(|at| &inside[at + 6..]);
    Some(OnCpu { world, op_id, message: &rest[close + 1..] })
}

/// `<stamp>: [vmfsCorrelator] 123us: [esx.problem.x] text` of vobd, behind the colon.
pub(super) fn vobd<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Vobd;
    header.program = Some(b"vobd");
    header.message = rest.trim_ascii_start();
}

/// `[vmfsCorrelator] 123us: [esx.problem.x] text`: the uptime in microseconds that a message of vobd names.
pub fn vob_uptime(message: &[u8]) -> Option<i64> {
    let rest = message.trim_ascii_start().strip_prefix(b"[")?;
    let close = memchr::memchr(b']', &rest[..rest.len().min(64)])?;
    let rest = rest[close + 1..].strip_prefix(b" ")?;
    // A number has up to 18 digits.
    let end = rest.iter().take(19).take_while(|byte| byte.is_ascii_digit()).count();
    rest[end..].starts_with(b"us:").then(|| time::number(&rest[..end])).flatten()
}

/// What vmkernel writes before the clock is known, `0:00:00:05.123 cpu0:1)text` or `TSC: 99 cpu0:1)text`; whether
/// it is that.
pub(in crate::format) fn before_clock<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some((uptime, rest)) = up_or_ticks(line) else { return false };
    if !prefix(rest, header) {
        return false;
    }
    header.shape = Shape::BeforeClock;
    header.uptime = uptime;
    header.program = Some(b"vmkernel");
    true
}

/// The uptime, where it is one and not a count of ticks, and what follows it.
fn up_or_ticks(line: &[u8]) -> Option<(Option<i64>, &[u8])> {
    if let Some((uptime, end)) = time::uptime(line) {
        return Some((Some(uptime), line[end..].strip_prefix(b" ")?));
    }
    let (ticks, rest) = split_token(line.strip_prefix(b"TSC: ")?)?;
    time::number(ticks).map(|_| (None, rest))
}

/// Behind `vmkernel: ` of 3.5 and 4.x: uptime or ticks, and the processor. A line that has neither is the rest of the
/// one before it, which was wrapped.
pub(super) fn classic<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Vmkernel4;
    header.message = rest;
    let counted = up_or_ticks(rest);
    let (uptime, body) = counted.unwrap_or((None, rest));
    header.uptime = uptime;
    header.message = body;
    let on_a_cpu = prefix(body, header);
    header.continues = counted.is_none() && !on_a_cpu;
}
