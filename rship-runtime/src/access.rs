//! What a connection is made with: where the server is, what it is shown, and who it may be.

#[cfg(feature = "tls")]
use std::path::Path;
use std::path::PathBuf;

use crate::address::Address;
#[cfg(feature = "tls")]
use crate::environment::read_file;
use crate::environment::variable;
use crate::error::{Error, SettingError};
#[cfg(feature = "tls")]
use crate::tls::{Pem, Trust};
use crate::token::{Credentials, Secret, TokenFile, bearer};

/// The largest file of certificates, in bytes: the roots of a whole system take less than a tenth.
#[cfg(feature = "tls")]
const PEM_LIMIT: usize = 4 << 20;

/// What the program says of it; what it does not say comes from the environment. It has no `Debug`,
/// because nothing in the address is hidden yet.
#[derive(Clone, Default)]
pub struct Given {
    /// The address; else `RSHIP_URL`, or `RSHIP_ADDRESS` and `RSHIP_PORT`.
    pub url: Option<String>,
    /// The bearer token; else `RSHIP_TOKEN`.
    pub token: Option<Secret>,
    /// The file with the token; else `RSHIP_TOKEN_FILE`.
    pub token_file: Option<PathBuf>,
    /// Root certificates beside the system's, as PEM; else those in the file `RSHIP_CA`.
    pub roots: Vec<String>,
    /// Our certificate and its key, as PEM; else those in the files `RSHIP_CERT` and `RSHIP_KEY`.
    pub identity: Option<(String, Secret)>,
}

/// The same, complete and checked.
pub struct Access {
    pub(crate) address: Address,
    pub(crate) credentials: Credentials,
    #[cfg(feature = "tls")]
    pub(crate) trust: Trust,
}

impl Given {
    /// Looks at the environment, and checks everything.
    ///
    /// # Errors
    /// When something cannot be used, or there are two where one can be.
    pub fn resolve(self) -> Result<Access, Error> {
        let address = match &self.url {
            Some(url) => url.parse()?,
            None => Address::from_env()?,
        };
        #[cfg(not(feature = "tls"))]
        self.refuse_tls()?;
        Ok(Access {
            credentials: self.credentials(&address)?,
            #[cfg(feature = "tls")]
            trust: self.trust()?,
            address,
        })
    }

    fn credentials(&self, address: &Address) -> Result<Credentials, SettingError> {
        let (token, file) = match (&self.token, &self.token_file) {
            (None, None) => {
                let token = variable("RSHIP_TOKEN")?.map(Secret::new);
                let file = variable("RSHIP_TOKEN_FILE")?.map(PathBuf::from);
                (
                    token.map(|token| (token, "RSHIP_TOKEN")),
                    file.map(|file| (file, "RSHIP_TOKEN_FILE")),
                )
            }
            (token, file) => (
                token.clone().map(|token| (token, "the token")),
                file.clone().map(|file| (file, "the token file")),
            ),
        };
        match (token, file, address.basic()) {
            (Some(_), Some((_, file)), _) => {
                let problem = "is given, and the token itself as well: leave one of them out";
                Err(SettingError::new(file, problem))
            }
            (Some((_, origin)), _, Some(_)) | (_, Some((_, origin)), Some(_)) => {
                let problem = "is given, and the address has a user: the server can be shown only one of them";
                Err(SettingError::new(origin, problem))
            }
            (Some((token, origin)), ..) => bearer(token.reveal(), origin).map(Credentials::Header),
            (_, Some((path, origin)), _) => Ok(Credentials::File(TokenFile::new(&path, origin))),
            (.., Some(basic)) => Ok(Credentials::Header(basic.clone())),
            (None, None, None) => Ok(Credentials::None),
        }
    }

    /// What asks for TLS is not left aside without a word.
    #[cfg(not(feature = "tls"))]
    fn refuse_tls(&self) -> Result<(), SettingError> {
        let problem = "is given, and needs the feature `tls` of rship-runtime";
        for name in ["RSHIP_CA", "RSHIP_CERT", "RSHIP_KEY"] {
            if variable(name)?.is_some() {
                return Err(SettingError::new(name, problem));
            }
        }
        if !self.roots.is_empty() || self.identity.is_some() {
            return Err(SettingError::new("a certificate", problem));
        }
        Ok(())
    }

    #[cfg(feature = "tls")]
    fn trust(&self) -> Result<Trust, SettingError> {
        let roots = match self.roots.as_slice() {
            [] => pem_of("RSHIP_CA")?.into_iter().collect(),
            given => given
                .iter()
                .map(|text| Pem {
                    origin: "the root certificate".to_owned(),
                    text: text.clone(),
                })
                .collect::<Vec<_>>(),
        };
        let identity = match self.identity.clone() {
            Some((certificate, key)) => Some((
                Pem {
                    origin: "the client certificate".to_owned(),
                    text: certificate,
                },
                Pem {
                    origin: "the private key".to_owned(),
                    text: key,
                },
            )),
            None => match (pem_of("RSHIP_CERT")?, pem_of("RSHIP_KEY")?) {
                (None, None) => None,
                (Some(certificate), Some(key)) => Some((
                    certificate,
                    Pem {
                        origin: key.origin,
                        text: Secret::new(key.text),
                    },
                )),
                (Some(_), None) => {
                    let problem = "is set, and RSHIP_KEY, the file with its key, is not";
                    return Err(SettingError::new("RSHIP_CERT", problem));
                }
                (None, Some(_)) => {
                    let problem = "is set, and RSHIP_CERT, the file with its certificate, is not";
                    return Err(SettingError::new("RSHIP_KEY", problem));
                }
            },
        };
        Trust::new(&roots, identity)
    }
}

impl Access {
    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// What is in the file that a variable names.
#[cfg(feature = "tls")]
fn pem_of(name: &'static str) -> Result<Option<Pem<String>>, SettingError> {
    let Some(path) = variable(name)? else {
        return Ok(None);
    };
    let origin = format!("{name} `{path}`");
    let text = read_file(Path::new(&path), PEM_LIMIT, &origin)?;
    Ok(Some(Pem { origin, text }))
}
