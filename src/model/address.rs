//! Addresses of services for people: what may be a secret in them is left out.

/// `text` without what stands before an `@`, and without a query: people put keys there.
#[must_use]
pub fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    // A secret may hold slashes, and then the @ comes after the first of them. A folder may be named a@b.
    let (user, place) = match rest.rsplit_once('@') {
        Some((_, place)) if authority.contains(['@', ':']) => ("hidden@", place),
        _ => ("", rest),
    };
    let place = place.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{user}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_left_out() {
        for (text, shown) in [
            ("http://user:pw@host:9000", "http://hidden@host:9000"),
            ("s3://AK:SE/KR+T@bucket/prefix", "s3://hidden@bucket/prefix"),
            ("AK:SE@host", "hidden@host"),
            ("http://u:a?b#c@host", "http://hidden@host"),
            ("https://host/?X-Amz-Signature=pw", "https://host/"),
            ("s3://bucket/a@b", "s3://bucket/a@b"),
            ("file:///srv/photos", "file:///srv/photos"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
