//! What both ends of a TLS connection share: which files hold a key and a certificate, where
//! they are looked for, what is checked about one's own, and what a certificate says.
//!
//! TLS 1.3 only, with certificates on both sides. The trust store of a program is the second
//! and every further certificate of its own certificate file, and nothing else.

mod binding;
mod certificate;
mod fault;
mod files;
mod identity;
mod key;
mod prefixed;
mod search_path;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use binding::{BindingFault, check_host};
pub use certificate::{CertificateDescription, CertificateKind};
pub use fault::{CertificateFault, certificate_fault};
pub use files::{CERTIFICATE_MODE, KEY_MODE, certificate_file, key_file};
pub use identity::{Identity, IdentityError, IdentityWarning};
pub use key::{AskPassPhrase, KeyError};
pub(crate) use prefixed::Prefixed;
pub use search_path::SearchPath;

/// The cipher suites and curves.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}
