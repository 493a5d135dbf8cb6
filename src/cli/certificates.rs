//! The certificates of this machine, for `bindery doctor`.

use time::OffsetDateTime;

use super::{config::Config, doctor::Finding};
use crate::{
    engines::signing::Key,
    pdf::sign::{Identity, Warning},
    workflows::certificates::Certificates,
};

/// A finding for each certificate; none where there is no folder for them.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let finding = |good, text| Finding { subject: "certificate", good, text };
    let certificates = Certificates::in_folder(config.certificates.clone());
    let names = match certificates.list() {
        Ok(None) => return Vec::new(),
        Ok(Some(names)) => names,
        Err(error) => return vec![finding(false, format!("the folder of certificates cannot be read: {error}"))],
    };
    if names.is_empty() {
        return vec![finding(false, "the folder of certificates has none".to_owned())];
    }
    let now = OffsetDateTime::now_utc();
    let look = |name: &String| match certificates.read(name) {
        Ok(key) => described(name, &key, now),
        Err(error) => (false, error.to_string()),
    };
    names.iter().map(look).map(|(good, text)| finding(good, text)).collect()
}

/// Whether a certificate can sign, and whose it is and when it is valid.
fn described(name: &str, key: &Key, now: OffsetDateTime) -> (bool, String) {
    let Ok(password) = std::str::from_utf8(key.password.reveal()) else {
        return (false, format!("{name}: its password is not in UTF-8"));
    };
    let identity = match Identity::from_pkcs12(key.pkcs12.reveal(), password) {
        Ok(identity) => identity,
        Err(error) => return (false, format!("{name}: {error}")),
    };
    let valid = identity.validity().map_or_else(String::new, |(from, to)| format!(", valid from {from} to {to}"));
    let warnings = identity.warnings(now);
    // Jobs go on with one that has expired, with a warning; what to do about it is the operator's.
    let good = !warnings.iter().any(|warning| matches!(warning, Warning::Expired { .. }));
    let told: String = warnings.iter().map(|warning| format!("; {warning}")).collect();
    (good, format!("{name}: {}{valid}{told}", identity.name()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::engines::signing::Secret;

    fn key(password: &str) -> Key {
        let pkcs12 = include_bytes!("../pdf/sign/testdata/p256.p12");
        Key { pkcs12: Secret::new(pkcs12), password: Secret::new(password) }
    }

    #[test]
    fn a_certificate_is_told_with_its_owner_and_its_time_and_a_wrong_password_is_told_without_it() {
        let (good, text) = described("office", &key("secret"), datetime!(2030-01-01 0:00 UTC));
        assert!(good && text.starts_with("office: ") && text.contains("to 2126-11-02"), "{text}");
        let (good, text) = described("office", &key("secret"), datetime!(2130-01-01 0:00 UTC));
        assert!(!good && text.contains("expired"), "{text}");
        let (good, text) = described("office", &key("sesame"), datetime!(2030-01-01 0:00 UTC));
        assert!(!good && text.contains("password") && !text.contains("sesame"), "{text}");
    }
}
