use http::header::{HeaderMap, HeaderValue, VARY};

/// Adds a name to `Vary`, joined to what is there in one line, as Starlette does.
pub(super) fn add(headers: &mut HeaderMap, name: &'static str) {
    let Some(present) = headers.get(VARY) else {
        headers.insert(VARY, HeaderValue::from_static(name));
        return;
    };
    let joined = [present.as_bytes(), b", ", name.as_bytes()].concat();
    // Both parts are valid values, and so is their combination.
    if let Ok(value) = HeaderValue::from_bytes(&joined) {
        headers.insert(VARY, value);
    }
}
