//! Why a certificate does not verify, whoever's it is.

use rustls::CertificateError;

/// A certificate that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateFault {
    /// Its validity is over.
    Expired,
    /// Its validity lies in the future.
    NotYetValid,
    /// No CA of ours signed it.
    UnknownIssuer,
    /// Its extended key usage forbids this use.
    Purpose,
    /// It cannot be used at all.
    Other,
}

/// What the verification of a chain, of validity and of purpose found.
pub fn certificate_fault(error: &rustls::Error) -> CertificateFault {
    match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                CertificateFault::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                CertificateFault::NotYetValid
            }
            // Two CAs of `ndb_sign_keys` have the same name, so the signature tells them apart.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                CertificateFault::UnknownIssuer
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                CertificateFault::Purpose
            }
            _ => CertificateFault::Other,
        },
        _ => CertificateFault::Other,
    }
}
