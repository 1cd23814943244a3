//! Private keys.

use std::path::Path;
use std::sync::Arc;

use pkcs8::der::{Decode, SecretDocument};
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::SigningKey;
use zeroize::{Zeroize, Zeroizing};

const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// Asks for the pass phrase of the key in this file; `None` if nobody can be asked.
pub type AskPassPhrase<'a> = dyn FnMut(&Path) -> Option<Zeroizing<String>> + 'a;

/// A private key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a private key in PEM.
    #[error("it holds no private key in PEM form")]
    NotAKey,
    /// It is encrypted and nobody can be asked.
    #[error(
        "it is encrypted, and there is no terminal to ask for its pass phrase \
         (openssl pkey -in FILE -out NEW writes it without)"
    )]
    NoPassPhrase,
    /// It is encrypted with something else.
    #[error("its pass phrase is wrong")]
    WrongPassPhrase,
    /// It is encrypted in a way that cannot be read.
    #[error(
        "it is encrypted in a form that is not supported \
         (openssl pkey -in FILE -aes256 -out NEW writes one that is)"
    )]
    Encryption,
    /// A curve or a size that the TLS library does not have.
    #[error("{0}")]
    Unsupported(String),
}

/// Reads a private key from the text of its file, which is wiped by the caller.
pub(super) fn read(
    text: &str,
    path: &Path,
    ask: &mut AskPassPhrase<'_>,
) -> Result<Arc<dyn SigningKey>, KeyError> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        let (_, document) = SecretDocument::from_pem(text).map_err(|_| KeyError::NotAKey)?;
        return decrypt(document.as_bytes(), path, ask);
    }
    if text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(KeyError::Encryption);
    }
    let mut der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotAKey)?;
    let key = signing_key(&der);
    der.zeroize();
    key
}

fn decrypt(
    der: &[u8],
    path: &Path,
    ask: &mut AskPassPhrase<'_>,
) -> Result<Arc<dyn SigningKey>, KeyError> {
    // A form that cannot be read must not cost a pass phrase.
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Encryption)?;
    let pass_phrase: Zeroizing<String> = ask(path).ok_or(KeyError::NoPassPhrase)?;
    let plain = encrypted
        .decrypt(pass_phrase.as_bytes())
        .map_err(|_| KeyError::WrongPassPhrase)?;
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(plain.as_bytes()));
    signing_key(&der)
}

fn signing_key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, KeyError> {
    #[cfg(feature = "aws-lc-rs")]
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(der);
    #[cfg(not(feature = "aws-lc-rs"))]
    let key = rustls::crypto::ring::sign::any_supported_type(der);
    key.map_err(|_| KeyError::Unsupported(unsupported(der)))
}

/// Says which key it is: there are too many curves to have them all.
fn unsupported(der: &PrivateKeyDer<'_>) -> String {
    let curve = curve(der);
    if curve == Some(P521) && cfg!(not(feature = "aws-lc-rs")) {
        return "its curve is P-521, for which this program has to be built with \
                `--features aws-lc-rs` (P-256 and P-384 need nothing)"
            .to_owned();
    }
    match curve {
        Some(curve) => {
            format!("its curve {curve} is not supported (P-256 and P-384 are)")
        }
        None => "such a key is not supported (RSA from 2048 bits, P-256, P-384 and Ed25519 are)"
            .to_owned(),
    }
}

fn curve(der: &PrivateKeyDer<'_>) -> Option<ObjectIdentifier> {
    let PrivateKeyDer::Pkcs8(key) = der else {
        return None;
    };
    let key = PrivateKeyInfoRef::from_der(key.secret_pkcs8_der()).ok()?;
    key.algorithm.parameters_oid().ok()
}
