//! The files of the page, as they are in `rship-dev/page`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode};

/// The import map in `index.html` may run, and nothing else that stands in a file of HTML.
const POLICY: &str = "default-src 'none'; \
    script-src 'self' 'sha256-7lqztvbJoKoTU6jjrbl1bOtZPW7Ppzm7DmWW2ZZ7Ax0='; \
    style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// A file of the page.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Where it is in the folder.
    name: &'static str,
    bytes: &'static [u8],
    kind: &'static str,
}

macro_rules! files {
    ($($name:literal: $kind:ident,)*) => {
        &[$(Asset {
            name: $name,
            bytes: include_bytes!(concat!("../../page/", $name)),
            kind: $kind,
        }),*]
    };
}

/// All of them; those that are of others stand in `vendor`, as they came.
const FILES: &[Asset] = files! {
    "index.html": HTML,
    "chart.js": SCRIPT,
    "color.js": SCRIPT,
    "copy.js": SCRIPT,
    "diagnosis.js": SCRIPT,
    "form-fields.js": SCRIPT,
    "form-value.js": SCRIPT,
    "form.js": SCRIPT,
    "format.js": SCRIPT,
    "json.js": SCRIPT,
    "live.js": SCRIPT,
    "main.js": SCRIPT,
    "pins.js": SCRIPT,
    "plots.js": SCRIPT,
    "schema.js": SCRIPT,
    "sessions.js": SCRIPT,
    "socket.js": SCRIPT,
    "sparkline.js": SCRIPT,
    "store.js": SCRIPT,
    "style.css": STYLE,
    "target.js": SCRIPT,
    "timeline.js": SCRIPT,
    "tree-rows.js": SCRIPT,
    "tree.js": SCRIPT,
    "validate.js": SCRIPT,
    "value.js": SCRIPT,
    "wire-log.js": SCRIPT,
    "wire.js": SCRIPT,
    "vendor/CHECKSUMS": TEXT,
    "vendor/htm-LICENSE.txt": TEXT,
    "vendor/htm-preact.js": SCRIPT,
    "vendor/htm.js": SCRIPT,
    "vendor/preact-LICENSE.txt": TEXT,
    "vendor/preact-hooks.js": SCRIPT,
    "vendor/preact.js": SCRIPT,
};

/// The file at a path of the core.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let name = match path {
        "/" => "index.html",
        _ => path.strip_prefix("/page/")?,
    };
    FILES.iter().find(|asset| asset.name == name)
}

impl Asset {
    /// The answer to a request for it.
    pub(crate) fn response(&self, request: &Request<()>) -> Response<Full<Bytes>> {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        let known = request
            .headers()
            .get(IF_NONE_MATCH)
            .is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let mut response = if known {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            Response::new(Full::from(Bytes::from_static(self.bytes)))
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        for (name, value) in [
            (CONTENT_TYPE, self.kind),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "no-referrer"),
            (CACHE_CONTROL, "no-cache"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use data_encoding::{BASE64, HEXLOWER};
    use ring::digest::{SHA256, digest};

    use super::*;

    /// Every file in the folder, by its name there.
    fn folder() -> BTreeSet<String> {
        fn walk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), &format!("{name}/"), found);
                } else {
                    found.insert(name);
                }
            }
        }
        let mut found = BTreeSet::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        walk(&folder, "", &mut found);
        found
    }

    #[test]
    fn every_file_in_the_folder_is_served_and_all_are_small() {
        let served: BTreeSet<_> = FILES.iter().map(|asset| asset.name.to_owned()).collect();
        assert_eq!(served, folder());
        let code = FILES.iter().filter(|asset| asset.kind != TEXT);
        let all: usize = code.map(|asset| asset.bytes.len()).sum();
        assert!(all < 150_000, "{all} bytes");
    }

    #[test]
    fn what_is_of_others_is_as_it_came() {
        let sums = find("/page/vendor/CHECKSUMS").unwrap().bytes;
        let sums: BTreeMap<_, _> = std::str::from_utf8(sums)
            .unwrap()
            .lines()
            .map(|line| line.split_once("  ").unwrap())
            .map(|(sum, name)| (name, sum))
            .collect();
        let vendor = FILES
            .iter()
            .filter(|asset| asset.name != "vendor/CHECKSUMS");
        let mut found = 0;
        for asset in vendor {
            let Some(name) = asset.name.strip_prefix("vendor/") else {
                continue;
            };
            found += 1;
            let sum = HEXLOWER.encode(digest(&SHA256, asset.bytes).as_ref());
            assert_eq!(sums.get(name), Some(&sum.as_str()), "{name}");
        }
        assert_eq!(found, sums.len());
    }

    #[test]
    fn the_policy_lets_the_import_map_run_and_no_other_script_stands_in_the_page() {
        let index = std::str::from_utf8(find("/").unwrap().bytes).unwrap();
        let begin = "<script type=\"importmap\">";
        let (before, rest) = index.split_once(begin).unwrap();
        let (map, after) = rest.split_once("</script>").unwrap();
        let hash = BASE64.encode(digest(&SHA256, map.as_bytes()).as_ref());
        assert!(
            POLICY.contains(&format!("'sha256-{hash}'")),
            "the hash in POLICY has to be {hash}"
        );
        for script in before
            .split("<script")
            .chain(after.split("<script"))
            .skip(1)
        {
            let tag = script.split('>').next().unwrap();
            assert!(
                !script.starts_with([' ', '>']) || tag.contains("src="),
                "<script{tag}>"
            );
        }
        assert!(!index.contains(" style=") && !index.contains("<style"));
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let get = |tag: Option<&HeaderValue>| {
            let mut request = Request::new(());
            if let Some(tag) = tag {
                request.headers_mut().insert(IF_NONE_MATCH, tag.clone());
            }
            find("/").unwrap().response(&request)
        };
        let first = get(None);
        assert_eq!(first.status(), 200);
        let tag = first.headers().get(ETAG);
        assert_eq!(get(tag).status(), 304);
        let other = HeaderValue::from_static("\"other\"");
        assert_eq!(get(Some(&other)).status(), 200);
    }
}
