//! The query string as name and value pairs, decoded as `urllib.parse.parse_qsl(keep_blank_values=True)` does.

use std::borrow::Cow;

use smallvec::SmallVec;

/// The decoded pairs, in order.
pub(super) type Pairs<'q> = SmallVec<[(Cow<'q, str>, Cow<'q, str>); 8]>;

/// Splits and decodes a query string. `None`: it has other characters than a URL may (RFC 3986, section 2), which ASGI
/// frameworks read as Latin-1.
pub(super) fn pairs(query: &str) -> Option<Pairs<'_>> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    query.is_ascii().then(|| pairs.collect())
}

/// `+` means a space; bytes that are no UTF-8 become U+FFFD, a `%` without two digits stays.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8_lossy()
            .into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_like_parse_qsl() {
        let pairs = pairs("a=1&b=x+y%20z&c&&d=%ff&e=%zz&=v").unwrap_or_default();
        let owned: Vec<_> = pairs.into_iter().map(|(n, v)| format!("{n}:{v}")).collect();
        assert_eq!(owned, ["a:1", "b:x y z", "c:", "d:\u{fffd}", "e:%zz", ":v"]);
    }

    #[test]
    fn leaves_raw_characters_to_the_framework() {
        assert_eq!(pairs("a=é"), None);
    }
}
