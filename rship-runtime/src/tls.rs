//! TLS: whose certificates are trusted, and what a server is shown of us. There is no way to trust everybody.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

use crate::error::SettingError;
use crate::token::Secret;

/// PEM text, and what it is called in errors.
pub(crate) struct Pem<T> {
    pub(crate) origin: String,
    pub(crate) text: T,
}

/// The settings of one executor.
pub(crate) struct Trust {
    /// Roots beside the system's.
    roots: RootCertStore,
    identity: Option<Arc<CertifiedKey>>,
    /// What comes of them, made when it is first needed.
    client: OnceLock<Arc<ClientConfig>>,
}

/// Why no TLS can be spoken at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unready {
    #[error(
        "the system has no root certificates{0}: install them, or name those of the server with RSHIP_CA"
    )]
    NoRoots(String),
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl Trust {
    /// Checks what was given: roots beside the system's, and a certificate with its key.
    pub(crate) fn new(
        roots: &[Pem<String>],
        identity: Option<(Pem<String>, Pem<Secret>)>,
    ) -> Result<Self, SettingError> {
        let mut store = RootCertStore::empty();
        for Pem { origin, text } in roots {
            for root in certificates(text, origin)? {
                store.add(root).map_err(|error| {
                    let problem = format!("has a certificate that cannot be a root: {error}");
                    SettingError::new(origin, &problem)
                })?;
            }
        }
        let identity = match identity {
            None => None,
            Some((certificate, key)) => Some(Arc::new(certified(&certificate, &key)?)),
        };
        Ok(Self {
            roots: store,
            identity,
            client: OnceLock::new(),
        })
    }

    /// Whether there is a certificate of our own.
    pub(crate) fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether there are roots beside the system's.
    pub(crate) fn has_roots(&self) -> bool {
        !self.roots.is_empty()
    }

    /// What connections are made with.
    pub(crate) async fn client(&self) -> Result<Arc<ClientConfig>, Unready> {
        if let Some(client) = self.client.get() {
            return Ok(Arc::clone(client));
        }
        // A file system that hangs must not stop whoever else uses this thread.
        let found = tokio::task::spawn_blocking(system_roots).await;
        let mut roots = match found.unwrap_or_else(|_| Err(String::new())) {
            Ok(roots) => roots.clone(),
            Err(_) if self.has_roots() => RootCertStore::empty(),
            Err(why) => return Err(Unready::NoRoots(why)),
        };
        roots.extend(self.roots.roots.iter().cloned());
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let client = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let shown = SingleCertAndKey::from(Arc::clone(identity));
                builder.with_client_cert_resolver(Arc::new(shown))
            }
        };
        Ok(Arc::clone(self.client.get_or_init(|| Arc::new(client))))
    }
}

/// It is named, because a program may have several compiled in and then none is the default.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The system's roots, or why there are none.
fn system_roots() -> Result<&'static RootCertStore, String> {
    // Reading them takes tens of milliseconds: once is enough for all executors.
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let first = found.errors.first();
        return Err(first.map_or_else(String::new, |error| format!(" ({error})")));
    }
    Ok(ROOTS.get_or_init(|| roots))
}

fn certificates(text: &str, origin: &str) -> Result<Vec<CertificateDer<'static>>, SettingError> {
    let all = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(SettingError::new(origin, NO_CERTIFICATE)),
        Err(error) => Err(SettingError::new(origin, problem(&error, NO_CERTIFICATE))),
    }
}

fn certified(certificate: &Pem<String>, key: &Pem<Secret>) -> Result<CertifiedKey, SettingError> {
    let chain = certificates(&certificate.text, &certificate.origin)?;
    let text = key.text.reveal();
    let wrong = |problem: &str| SettingError::new(&key.origin, problem);
    let parsed = PrivateKeyDer::from_pem_slice(text.as_bytes());
    let parsed = parsed.map_err(|error| match error {
        PemError::NoItemsFound if text.contains("ENCRYPTED PRIVATE KEY") => {
            wrong("is an encrypted key, which needs a password: decrypt it first")
        }
        error => wrong(problem(&error, NO_KEY)),
    })?;
    CertifiedKey::from_der(chain, parsed, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            wrong(&format!("does not belong to {}", certificate.origin))
        }
        rustls::Error::InvalidCertificate(_) => {
            SettingError::new(&certificate.origin, "has a certificate that is broken")
        }
        _ => wrong("has a key of a kind that is not supported (RSA, ECDSA and Ed25519 are)"),
    })
}

const NO_CERTIFICATE: &str =
    "is not a certificate: it must be PEM, with `-----BEGIN CERTIFICATE-----`";

const NO_KEY: &str = "is not a private key: it must be PEM, with `-----BEGIN PRIVATE KEY-----`";

/// What is wrong with PEM; the error's own words may quote from a key.
fn problem(error: &PemError, nothing: &'static str) -> &'static str {
    match error {
        PemError::NoItemsFound => nothing,
        PemError::MissingSectionEnd { .. } => "is cut off: it is PEM without an end",
        _ => "is not PEM as it should be: a line of it is broken",
    }
}
