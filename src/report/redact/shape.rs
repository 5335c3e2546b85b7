//! Addresses and ids by their shape: what is one needs no dictionary.
//!
//! Where a shape has two readings it is decided closed: `6.7.0.11` is masked as an address, though it may be a version.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::alias::{AliasMap, Class};
use super::text::{After, Piece, is_bounded, next_match, sweep};
use super::words;

/// A judge of one shape: the end of what is replaced, and what stands there instead.
type Judge = fn(&mut AliasMap, &str, usize, usize) -> Option<(usize, String)>;

struct Shape {
    regex: Regex,
    judge: Judge,
    /// What each match holds: a text without it is not searched.
    needs: Option<u8>,
    after: After,
    /// Whether it may be a version too, which fields for versions must keep.
    doubtful: bool,
}

impl Shape {
    /// A shape whose judge takes no match that begins within letters and digits.
    fn new(pattern: &str, judge: Judge) -> Self {
        // ASCII alone: the program is built without the tables of Unicode, which tests bring in by their dependencies.
        let regex = Regex::new(&format!("(?-u){pattern}")).expect("a constant pattern, held by tests");
        Shape { regex, judge, needs: None, after: After::Run, doubtful: false }
    }

    fn needs(self, byte: u8) -> Self {
        Shape { needs: Some(byte), ..self }
    }

    fn after(self, after: After) -> Self {
        Shape { after, ..self }
    }

    fn doubtful(self) -> Self {
        Shape { doubtful: true, ..self }
    }

    /// Whether a match may lie in `text`.
    fn may_be_in(&self, text: &str) -> bool {
        self.needs.is_none_or(|byte| memchr::memchr(byte, text.as_bytes()).is_some())
    }
}

/// All shapes in the order in which they are looked for: what may hold another comes before it.
static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape = Shape::new;
    let hex = "[0-9A-Fa-f]";
    vec![
        shape(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?",
            stamp,
        )
        .needs(b'-'),
        shape(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", mail)
            .needs(b'@')
            .after(After::One),
        shape(
            r"(?:naa\.[0-9A-Fa-f]{6,64}|eui\.[0-9A-Fa-f]{6,64}|t10\.[0-9A-Za-z_.+-]{2,200}|vml\.[0-9A-Fa-f]{6,200}|mpx\.vmhba[0-9]{1,4}:C[0-9]{1,4}:T[0-9]{1,5}:L[0-9]{1,5}|(?:iqn|nqn)\.[0-9]{4}-[0-9]{2}[0-9A-Za-z_.:-]{1,220})",
            device,
        )
        .needs(b'.'),
        shape(&format!("{hex}{{2}}(?: {hex}{{2}}){{7}}[- ]{hex}{{2}}(?: {hex}{{2}}){{7}}"), uuid).needs(b' '),
        shape(
            &format!(
                "{hex}{{8}}-{hex}{{4}}-{hex}{{4}}-{hex}{{4}}-{hex}{{12}}|{hex}{{8}}-{hex}{{8}}-{hex}{{4}}-{hex}{{12}}|{hex}{{32}}"
            ),
            uuid,
        ),
        shape(&format!("{hex}{{8}}(?:-{hex}{{4}}){{1,3}}"), cut_uuid).needs(b'-').doubtful(),
        shape(&format!("{hex}{{6}}-{hex}{{6}}"), joined_mac).needs(b'-').doubtful(),
        shape(&format!("{hex}{{2}}(?: {hex}{{2}}){{5,63}}"), spaced).needs(b' '),
        shape(SERIAL, serial),
        shape(&format!("{hex}{{2}}(?::{hex}{{2}}){{8,63}}"), thumbprint).needs(b':'),
        shape(&format!("{hex}{{2}}(?:[:-]{hex}{{2}}){{5,7}}"), mac),
        shape(&format!(r"{hex}{{4}}\.{hex}{{4}}\.{hex}{{4}}"), mac).needs(b'.').doubtful(),
        shape(r"(?:[0-9]{1,3}\.){4}[iI][nN]-[aA][dD][dD][rR]\.[aA][rR][pP][aA]", reversed_v4)
            .needs(b'.')
            .after(After::One),
        shape(&format!(r"(?:{hex}\.){{32}}[iI][pP]6\.[aA][rR][pP][aA]"), reversed_v6)
            .needs(b'.')
            .after(After::One),
        shape(r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,44}(?:\.[0-9]{1,3}){0,3}", v6).needs(b':'),
        shape(r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9A-Fa-f]", pci).needs(b':'),
        shape(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", v4).needs(b'.').after(After::One).doubtful(),
        shape(r"[0-9]{1,3}(?:-[0-9]{1,3}){3}|[0-9]{1,3}(?:_[0-9]{1,3}){3}", joined_v4)
            .after(After::One)
            .doubtful(),
        shape(&format!("{hex}{{12,}}"), long_hex).doubtful(),
        shape(r"[A-Za-z0-9+/]{12,}={1,2}", base64).needs(b'=').after(After::Whole),
        shape(
            r"[a-z0-9]{5,10}-[0-9]{3,9}-(?:auto|ngc)-[0-9a-z]{1,5}-h5:[0-9]{3,12}(?:-[0-9a-f]{1,4}){0,6}",
            client_opid,
        )
        .needs(b':'),
    ]
});

/// Replaces every shape; where `versions` are expected only what cannot be one.
pub(super) fn replace<'a>(mut pieces: Vec<Piece<'a>>, map: &mut AliasMap, versions: bool) -> Vec<Piece<'a>> {
    for shape in SHAPES.iter().filter(|shape| !(versions && shape.doubtful)) {
        pieces = sweep(pieces, |text, from| {
            if !shape.may_be_in(&text[from..]) {
                return None;
            }
            let judge = |text: &str, start, end| (shape.judge)(map, text, start, end);
            next_match(&shape.regex, shape.after, text, from, judge)
        });
    }
    pieces
}

/// Whether the whole of `text` is an address or an id, so that it is no name of its own.
pub(super) fn is_whole(text: &str) -> bool {
    let mut map = AliasMap::default();
    let pieces = replace(vec![Piece::Open(text)], &mut map, false);
    matches!(pieces.as_slice(), [Piece::Done(_)])
}

/// Times stay, and must not be read as anything else.
fn stamp(_: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    is_bounded(text, start, end).then(|| (end, text[start..end].to_owned()))
}

fn mail(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let (user, domain) = text[start..end].split_once('@')?;
    // `HB-host-21@1234.5` is an id.
    domain.bytes().any(|byte| byte.is_ascii_alphabetic()).then(|| {
        let user = map.alias(Class::User, &user.to_ascii_lowercase());
        let domain = map.alias(Class::Domain, &domain.to_ascii_lowercase());
        (end, format!("{user}@{domain}"))
    })
}

fn device(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = text[start..end].trim_end_matches(['.', ':', '-', ',']);
    let is_start = start == 0 || !text.as_bytes()[start - 1].is_ascii_alphanumeric();
    is_start.then(|| (start + whole.len(), map.alias(Class::Device, &whole.to_ascii_lowercase())))
}

fn hex_digits(text: &str) -> String {
    text.bytes().filter(u8::is_ascii_hexdigit).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

fn uuid(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    is_bounded(text, start, end).then(|| (end, map.alias(Class::Uuid, &hex_digits(&text[start..end]))))
}

/// The first groups of a UUID; with digits only it may be a date and a time.
fn cut_uuid(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let has_letter = text[start..end].bytes().any(|byte| byte.is_ascii_alphabetic());
    has_letter.then(|| uuid(map, text, start, end)).flatten()
}

fn mac(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    let dotted = whole.contains('.');
    // `1.2024.1101.0930` goes on before or behind, so it is a version.
    let goes_on = dotted && (text[..start].ends_with('.') || text[end..].starts_with('.'));
    (is_bounded(text, start, end) && !goes_on).then(|| {
        let digits = hex_digits(whole);
        let class = if digits.len() == 16 { Class::Device } else { Class::Mac };
        (end, map.alias(class, &digits))
    })
}

/// `246e96-fd6a77`
fn joined_mac(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    let has = |is: fn(&u8) -> bool| whole.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    (is_mixed && is_bounded(text, start, end)).then(|| (end, map.alias(Class::Mac, &hex_digits(whole))))
}

/// Bytes apart, `24 6e 96 fd 6a 77`: an address, an id, or letters in hex.
fn spaced(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    let has_letter = whole.bytes().any(|byte| byte.is_ascii_alphabetic());
    let class = if whole.len() == 17 { Class::Mac } else { Class::Blob };
    (has_letter && is_bounded(text, start, end)).then(|| (end, map.alias(class, &hex_digits(whole))))
}

/// What is behind a word for serials, with the word: `Serial Number: 40238817745`, `S/N 7F3B9D2`.
const SERIAL: &str = r#"(?:[Ss][Ee][Rr][Ii][Aa][Ll](?:[ _-]?(?i:number|num|no))?|S/N|[Ss]ervice[ _-]?[Tt]ag|[Aa]sset(?:[ _-]?[Tt]ag)?|[Ll]icen[cs]e(?:[ _-]?[Kk]ey)?|[Pp]hone)["']?(?:\s?[:=#])?\s?["']?[A-Za-z0-9-]{4,40}"#;

fn serial(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    let at = whole.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '-')? + 1;
    let (words, number) = whole.split_at(at);
    let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
    (has_digit && is_bounded(text, start, end))
        .then(|| (end, format!("{words}{}", map.alias(Class::Blob, &number.to_ascii_lowercase()))))
}

/// Of a certificate: it is that of one machine.
fn thumbprint(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    is_bounded(text, start, end).then(|| (end, map.alias(Class::Blob, &hex_digits(&text[start..end]))))
}

/// The alias of an address; those that every machine has stay.
fn v4_alias(map: &mut AliasMap, octets: [u8; 4]) -> String {
    let address = Ipv4Addr::from(octets);
    if address.is_loopback() || address.is_unspecified() || octets[0] == 255 {
        return address.to_string();
    }
    map.alias(Class::Ip, &address.to_string())
}

/// Four numbers, apart by anything, as octets.
fn octets(text: &str) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    for octet in &mut octets {
        *octet = parts.next()?.parse().ok()?;
    }
    Some(octets)
}

fn reversed_v4(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let mut octets = octets(&text[start..end])?;
    octets.reverse();
    Some((end, v4_alias(map, octets)))
}

fn reversed_v6(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let nibbles =
        text[start..end].split('.').take(32).filter_map(|nibble| u128::from_str_radix(nibble, 16).ok());
    let value = nibbles.enumerate().fold(0, |value, (at, nibble)| value | nibble << (4 * at));
    Some((end, map.alias(Class::Ip, &Ipv6Addr::from(value).to_string())))
}

/// `fe80::1`, `::ffff:10.1.2.3`; not `02:10:05`, `VmkCtl::Foo` or `Abc::Def`.
fn v6(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    if start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b':') {
        return None;
    }
    // A full stop, a colon or an octet too many belongs to the sentence.
    let whole = &text[start..end];
    let ends = [whole, whole.split('.').next()?]
        .map(|whole| whole.strip_suffix(':').filter(|rest| !rest.ends_with(':')).unwrap_or(whole));
    let (found, address) = ends.into_iter().find_map(|end| Some((end, end.parse::<Ipv6Addr>().ok()?)))?;
    let end = start + found.len();
    let is_name = !found.bytes().any(|byte| byte.is_ascii_digit()) && found.matches(':').count() < 4;
    if is_name || bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) || !found.contains(':') {
        return None;
    }
    if address.is_loopback() || address.is_unspecified() {
        return Some((end, found.to_owned()));
    }
    let alias = match address.to_ipv4_mapped() {
        Some(mapped) => v4_alias(map, mapped.octets()),
        None => map.alias(Class::Ip, &address.to_string()),
    };
    Some((end, alias))
}

/// Where a device is plugged in tells nothing.
fn pci(_: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    is_bounded(text, start, end).then(|| (end, text[start..end].to_owned()))
}

fn v4(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let in_number = start > 0
        && (bytes[start - 1].is_ascii_digit()
            || (start > 1 && bytes[start - 1] == b'.' && bytes[start - 2].is_ascii_digit()));
    // A longer number is none of an address; `1.7.1.16-1vmw.` is a VIB's version.
    let is_vib = text[end..].strip_prefix('-').is_some_and(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        ["vmw", "OEM"].iter().any(|by| rest.starts_with(by))
    });
    if in_number || is_vib || bytes.get(end).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((end, v4_alias(map, octets(&text[start..end])?)))
}

/// `ip-10-1-2-3`
fn joined_v4(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let joint = |byte: u8| byte == b'-' || byte == b'_';
    let in_more = start > 1 && joint(bytes[start - 1]) && bytes[start - 2].is_ascii_digit()
        || start > 0 && bytes[start - 1].is_ascii_digit()
        || bytes.get(end).is_some_and(u8::is_ascii_digit);
    if in_more { None } else { Some((end, v4_alias(map, octets(&text[start..end])?))) }
}

/// Hex digits of the length of a MAC, a WWN, or anything; digits alone are a number.
fn long_hex(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    if !is_bounded(text, start, end) || whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let class = match whole.len() {
        12 => Class::Mac,
        16 => Class::Device,
        _ => Class::Blob,
    };
    Some((end, map.alias(class, &whole.to_ascii_lowercase())))
}

/// What is not padded is found by its being no word.
fn base64(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = &text[start..end];
    let has = |is: fn(&u8) -> bool| whole.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_path = whole.trim_end_matches('=').split(['/', '+']).all(words::is_harmless);
    (is_bounded(text, start, end) && is_mixed && !is_path).then(|| (end, map.alias(Class::Blob, whole)))
}

/// `kf3d27f7-676663-auto-2k-h5:702051`: an opID that vSphere Client makes of random digits. Where its head changes between
/// letters and digits no more often than a name does, it may be one.
fn client_opid(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let (head, rest) = text[start..end].split_once('-')?;
    let is_digit: Vec<bool> = head.bytes().map(|byte| byte.is_ascii_digit()).collect();
    let is_random = is_digit.windows(2).filter(|pair| pair[0] != pair[1]).count() > 1;
    let head = if is_random { head.to_owned() } else { map.alias(Class::Name, head) };
    is_bounded(text, start, end).then(|| (end, format!("{head}-{rest}")))
}

/// Domains whose pages we name, and top-level domains that no file and no identifier ends with.
const PUBLIC: &[&str] = &["vmware.com", "broadcom.com"];
const TOP: &[&str] = &[
    "com",
    "net",
    "org",
    "local",
    "lan",
    "internal",
    "corp",
    "intra",
    "example",
    "jp",
    "de",
    "fr",
    "uk",
    "eu",
    "cn",
    "au",
    "localdomain",
    "gov",
    "edu",
    "mil",
];

static DOTTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,10}")
        .expect("a constant pattern, held by tests")
});

/// Replaces names of machines in a domain; `hostd.log` and `vim.HostSystem` are none.
pub(super) fn replace_dotted<'a>(pieces: Vec<Piece<'a>>, map: &mut AliasMap) -> Vec<Piece<'a>> {
    sweep(pieces, |text, from| {
        next_match(&DOTTED, After::One, text, from, |text, start, end| dotted(map, text, start, end))
    })
}

fn dotted(map: &mut AliasMap, text: &str, start: usize, end: usize) -> Option<(usize, String)> {
    let whole = text[start..end].to_ascii_lowercase();
    let (_, top) = whole.rsplit_once('.')?;
    let is_inside = start > 0 && matches!(text.as_bytes()[start - 1], b'.' | b'_' | b'-');
    if !TOP.contains(&top) || is_inside {
        return None;
    }
    let is_public = PUBLIC.iter().any(|public| {
        whole.strip_suffix(public).is_some_and(|host| {
            host.is_empty()
                || host.ends_with('.')
                    && host.split('.').all(|label| label.is_empty() || words::is_harmless(label))
        })
    });
    if is_public {
        return Some((end, text[start..end].to_owned()));
    }
    let (first, rest) = whole.split_once('.')?;
    let instead = if rest.contains('.') {
        format!("{}.{}", map.alias(Class::Name, first), map.alias(Class::Domain, rest))
    } else {
        map.alias(Class::Domain, &whole)
    };
    Some((end, instead))
}

static VOLUME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"/vmfs/volumes/([^/\n\r"'<>\[\]|]{1,120})(?:/([^/\n\r"'<>\[\]|]{1,120})/)?"#)
        .expect("a constant pattern, held by tests")
});
/// What a path that [`BRACKET`] finds ends with.
const FILES: &[&str] = &[".vmx", ".vmdk", ".vmsd", ".nvram", ".vswp", ".log"];
static BRACKET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\[([^\[\]/\n\r]{1,80})\] ([^/\n\r\[\]]{1,80})/[^/\n\r]{1,100}\.(?:vmx|vmdk|vmsd|nvram|vswp|log)",
    )
    .expect("a constant pattern, held by tests")
});

/// The datastores, and the folders on them, that paths in `text` name: `/vmfs/volumes/store/vm/vm.vmx`, `[store] vm/vm.vmx`.
pub(super) fn volumes(text: &str) -> Vec<(String, Option<String>)> {
    let by_path = text.contains("/vmfs/volumes/").then(|| VOLUME.captures_iter(text));
    let may_be_bracket = text.contains("] ") && FILES.iter().any(|ending| text.contains(ending));
    let by_bracket = may_be_bracket.then(|| BRACKET.captures_iter(text));
    let found = by_path.into_iter().flatten().chain(by_bracket.into_iter().flatten());
    found.map(|parts| (parts[1].to_owned(), parts.get(2).map(|folder| folder.as_str().to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::joined;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut map = AliasMap::default();
        let pieces = replace(vec![Piece::Open(text)], &mut map, false);
        assert_eq!(joined(replace_dotted(pieces, &mut map)), expected, "{text}");
    }

    #[test]
    fn addresses_and_ids_are_known_in_every_form() {
        check(
            "10.1.2.3:902 [10.1.2.3] ip-10-1-2-3 3.2.1.10.in-addr.arpa",
            "IP-0001:902 [IP-0001] ip-IP-0001 IP-0001",
        );
        check("fe80::250:56ff:fe61:1510%vmk0 and [2001:db8::1]:443.", "IP-0001%vmk0 and [IP-0002]:443.");
        check(
            "::1 fe80::1%vmk0 [fe80::1] [fe80::1]:902 (2001:db8::1) at 2001:db8::1, ::ffff:10.1.2.3, x=fe80::",
            "::1 IP-0001%vmk0 [IP-0001] [IP-0001]:902 (IP-0002) at IP-0002, IP-0003, x=IP-0004",
        );
        check("::ffff:10.1.2.3 is 10.1.2.3", "IP-0001 is IP-0001");
        check(
            "24:6e:96:fd:6a:01 24-6E-96-FD-6A-01 246e96fd6a01 246e.96fd.6a01",
            "MAC-0001 MAC-0001 MAC-0001 MAC-0001",
        );
        check(
            "564d1234-aaaa-bbbb-cccc-0123456789ab 56 4d 12 34 aa aa bb bb-cc cc 01 23 45 67 89 ab 564D1234aaaabbbbcccc0123456789ab",
            "UUID-0001 UUID-0001 UUID-0001",
        );
        check("5c8f0a11-7d20b6aa-1f02-0025b5010a01 52e1f1a0-7f3c", "UUID-0001 UUID-0002");
        check(
            "naa.55cd2e4100159091:1 mpx.vmhba32:C0:T0:L0 20:00:00:25:b5:01:0a:01",
            "DEVICE-0001:1 DEVICE-0002 DEVICE-0003",
        );
        check("j.doe@corp.example logged in", "USER-0001@DOMAIN-0001 logged in");
        check("https://srv7.corp.example:443/x", "https://NAME-0001.DOMAIN-0001:443/x");
        check("ZXN4MDEuY29ycA==", "BLOB-0001");
    }

    #[test]
    fn versions_times_and_code_are_no_addresses() {
        for text in [
            "6.7.0.14320388",
            "10.1.2",
            "02:10:05",
            "02:10:05.123",
            "VmkCtl::Foo",
            "Abc::Def",
            "std::a::b",
            "1.7.1.16-1vmw.650",
            "2026-11-23T02:10:05.123Z",
            "2026-11-23--02.10",
            "0000:3b:00.0",
            "::",
            "::1",
            "127.0.0.1",
            "255.255.255.0",
            "https://knowledge.broadcom.com/external/article/441638",
            "hostd.log",
            "vim.HostSystem.reconnect",
            "7374769661461373094",
            "/UserVars/SuppressShellWarning=1",
            "kf3d27f7-676663-auto-2k-h5:702051",
            "20260218-0920",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn paths_tell_datastores_and_folders() {
        let told = |store: &str, folder: Option<&str>| vec![(store.to_owned(), folder.map(str::to_owned))];
        assert_eq!(volumes("/vmfs/volumes/My Store/file srv/a.vmx"), told("My Store", Some("file srv")));
        assert_eq!(volumes("[gold 1] mail/mail.vmx"), told("gold 1", Some("mail")));
        assert_eq!(volumes("[VpxLRO] -- BEGIN task-1"), vec![]);
    }
}
