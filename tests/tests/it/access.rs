//! What servers are shown so that they let us in, where it comes from, and what is said when it cannot be used.

use std::fs;

use rship_runtime::{Builder, Executor, Status};
use rship_tests::{Running, Server, builder, ended, program, within};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

const NO: &[u8] = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";

/// The request of the next connection, which is refused.
async fn request(server: &Server) -> String {
    let (mut stream, request) = server.accept_request().await;
    stream.write_all(NO).await.unwrap();
    stream.shutdown().await.unwrap();
    request
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn user_and_password_of_an_address_are_sent_as_basic_authorization() {
    let server = Server::bind().await;
    let url = server.url().replace("ws://", "ws://stand:b%40nana@");
    let executor = builder(&url).build().unwrap();
    let _running = Running::start(&executor);
    let request = request(&server).await;
    // "stand:b@nana"
    let header = "\r\nAuthorization: Basic c3RhbmQ6YkBuYW5h\r\n";
    assert!(request.contains(header), "{request}");
    let host = format!("\r\nHost: {}\r\n", server.addr());
    assert!(request.contains(&host), "{request}");
    assert!(request.starts_with("GET /myko HTTP/1.1\r\n"), "{request}");
}

#[tokio::test]
async fn the_query_of_an_address_is_sent() {
    let server = Server::bind().await;
    let executor = builder(&format!("{}?token=banana&a=b", server.url()))
        .build()
        .unwrap();
    let _running = Running::start(&executor);
    let request = request(&server).await;
    assert!(
        request.starts_with("GET /myko?token=banana&a=b HTTP/1.1\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_token_file_is_read_again_at_each_connection() {
    let folder = folder();
    let path = folder.path().join("token");
    fs::write(&path, "first\n").unwrap();
    let server = Server::bind().await;
    let executor = builder(&server.url()).token_file(&path).build().unwrap();
    let mut running = Running::start(&executor);
    for (written, sent) in [
        ("second", "second"),
        ("third\r\n", "third"),
        ("fourth\n", "fourth"),
    ] {
        let (mut stream, request) = server.accept_request().await;
        drop(request);
        fs::write(&path, written).unwrap();
        stream.write_all(NO).await.unwrap();
        stream.shutdown().await.unwrap();
        let next = self::request(&server).await;
        let header = format!("\r\nAuthorization: Bearer {sent}\r\n");
        assert!(next.contains(&header), "{next}");
    }
    // A file that is gone is said, and tried again.
    fs::remove_file(&path).unwrap();
    let reason = loop {
        tokio::select! {
            status = running.wait("a file that is missing", |status| {
                matches!(status, Status::Offline { reason, .. } if reason.contains("the token file"))
            }) => break status.to_string(),
            // Of a try before.
            _ = request(&server) => {}
        }
    };
    assert!(
        reason.contains(&format!(
            "the token file `{}` cannot be read",
            path.display()
        )),
        "{reason}"
    );
    fs::write(&path, "fifth").unwrap();
    let next = request(&server).await;
    assert!(
        next.contains("\r\nAuthorization: Bearer fifth\r\n"),
        "{next}"
    );
    running.stop().await;
}

fn error(builder: Builder) -> String {
    match builder.build() {
        Ok(_) => panic!("an executor"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_token_that_cannot_be_used_is_an_error_at_start() {
    let new = || Executor::builder("bluth").url("ws://localhost/myko");
    let and_user = || Executor::builder("bluth").url("ws://banana:banana@localhost/myko");
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let file = |name: &str, content: &[u8]| {
        fs::write(path(name), content).unwrap();
        new().token_file(path(name))
    };
    for (said, expected) in [
        (error(new().token("")), "the token is empty"),
        (
            error(new().token("banana banana")),
            "the token has spaces, control characters",
        ),
        (
            error(new().token("banana\n")),
            "the token has spaces, control characters",
        ),
        (
            error(new().token("banana\u{e4}")),
            "the token has spaces, control characters",
        ),
        (
            error(new().token("banana".repeat(4000))),
            "the token has more than 16384 bytes",
        ),
        (
            error(new().token_file(path("missing"))),
            "/missing` cannot be read: ",
        ),
        (error(new().token_file(folder.path())), "` is not a file"),
        (error(file("empty", b"")), "/empty` is empty"),
        (error(file("newline", b"\n")), "/newline` is empty"),
        (
            error(file("large", &[b'x'; 20_000])),
            "/large` has more than 1",
        ),
        (error(file("bytes", b"banana\xff")), "/bytes` is not UTF-8"),
        (
            error(file("lines", b"banana\nbanana\n")),
            "/lines` has spaces, control characters",
        ),
        (
            error(file("zero", b"banana\0")),
            "/zero` has spaces, control characters",
        ),
        (
            error(file("both", b"banana").token("banana")),
            "the token file is given, and the token itself as well",
        ),
        (
            error(and_user().token("banana")),
            "the token is given, and the address has a user",
        ),
        (
            error(and_user().token_file(path("both"))),
            "the token file is given, and the address has a user",
        ),
        (
            error(Executor::builder("bluth").url("ws://ba%nana:banana@localhost/myko")),
            "not percent-encoded text",
        ),
        (
            error(Executor::builder("bluth").url("ws://:banana@localhost/myko")),
            "has an `@`, and no user before it",
        ),
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("nana"), "{said}");
    }
}

/// What a device says that is started with these variables.
async fn started(variables: &[(&str, &std::ffi::OsStr)]) -> String {
    let mut hub = program(env!("CARGO_BIN_EXE_hub"), &["run"]);
    hub.envs(variables.iter().copied());
    let (success, said) = ended(hub).await;
    assert!(!success, "{said}");
    said
}

#[tokio::test]
async fn a_variable_that_cannot_be_used_is_an_error_at_start_that_names_it() {
    let folder = folder();
    let file = folder.path().join("token");
    fs::write(&file, "banana").unwrap();
    let file = file.as_os_str();
    let text = |text: &'static str| std::ffi::OsStr::new(text);
    for (variables, expected) in [
        (&[("RSHIP_TOKEN", text(""))][..], "RSHIP_TOKEN is empty"),
        (&[("RSHIP_TOKEN", text(" "))], "RSHIP_TOKEN is empty"),
        (
            &[("RSHIP_TOKEN", text("banana banana"))],
            "RSHIP_TOKEN has spaces",
        ),
        (
            &[("RSHIP_TOKEN_FILE", text(""))],
            "RSHIP_TOKEN_FILE is empty",
        ),
        (
            &[("RSHIP_TOKEN_FILE", text("/nowhere"))],
            "RSHIP_TOKEN_FILE `/nowhere` cannot be read",
        ),
        (&[("RSHIP_CA", text(""))], "RSHIP_CA is empty"),
        (
            &[("RSHIP_CA", text("/nowhere"))],
            "RSHIP_CA `/nowhere` cannot be read",
        ),
        (&[("RSHIP_CA", file)], "is not a certificate"),
        (
            &[("RSHIP_CERT", file)],
            "RSHIP_KEY, the file with its key, is not",
        ),
        (&[("RSHIP_WIRE", text(""))], "RSHIP_WIRE is empty"),
        (
            &[("RSHIP_TOKEN", text("banana")), ("RSHIP_TOKEN_FILE", file)],
            "RSHIP_TOKEN_FILE is given, and the token itself as well",
        ),
        (
            &[
                ("RSHIP_TOKEN", text("banana")),
                ("RSHIP_URL", text("ws://banana:banana@h")),
            ],
            "RSHIP_TOKEN is given, and the address has a user",
        ),
        (
            &[("RSHIP_URL", text("ws://banana:banana@h:0"))],
            "RSHIP_URL is `ws://***@h:0`",
        ),
        (
            &[("RSHIP_URL", text("h?token=banana"))],
            "RSHIP_URL is `h?token=***`",
        ),
        (
            &[("RSHIP_ADDRESS", text("banana:banana@h"))],
            "RSHIP_ADDRESS is `***@h`",
        ),
    ] {
        let said = started(variables).await;
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains("banana"), "{said}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_variable_that_is_not_utf_8_is_an_error_at_start_that_names_it() {
    use std::os::unix::ffi::OsStrExt as _;

    use rship_tests::VARIABLES;

    let value = std::ffi::OsStr::from_bytes(b"\xffbanana");
    for name in VARIABLES {
        let said = started(&[(name, value)]).await;
        assert!(
            said.contains(name) && said.contains("is not UTF-8"),
            "{said}"
        );
        assert!(
            !name.contains("TOKEN") || !said.contains("banana"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_manifest_needs_no_token() {
    let mut hub = program(env!("CARGO_BIN_EXE_hub"), &["run", "--manifest"]);
    hub.env("RSHIP_TOKEN_FILE", "/nowhere");
    let (success, said) = ended(hub).await;
    assert!(success, "{said}");
}

#[tokio::test]
async fn rship_dev_takes_tokens_by_the_same_rules() {
    let folder = folder();
    let file = folder.path().join("token");
    fs::write(&file, "banana\n").unwrap();
    let server = Server::bind().await;
    let url = server.url();
    let dev = |arguments: &[&str]| {
        let mut command = program(env!("CARGO_BIN_EXE_dev"), arguments);
        command.env("RSHIP_URL", &url).env("RUST_LOG", "trace");
        command
    };
    let mut by_file = dev(&["ls"]);
    by_file.env("RSHIP_TOKEN_FILE", &file);
    let mut by_variable = dev(&["ls"]);
    by_variable.env("RSHIP_TOKEN", "banana");
    let mut by_both = dev(&["ls", "--token", "banana"]);
    by_both.env("RSHIP_TOKEN_FILE", "/nowhere");
    for command in [by_file, by_variable, by_both] {
        let ((success, said), request) = tokio::join!(ended(command), request(&server));
        assert!(
            request.contains("\r\nAuthorization: Bearer banana\r\n"),
            "{request}"
        );
        assert!(!success && said.contains("RSHIP_TOKEN_FILE"), "{said}");
        assert!(!said.contains("banana"), "{said}");
    }
    let mut twice = dev(&["ls"]);
    twice
        .env("RSHIP_TOKEN_FILE", &file)
        .env("RSHIP_TOKEN", "banana");
    for (command, expected) in [
        (
            twice,
            "RSHIP_TOKEN_FILE is given, and the token itself as well",
        ),
        (dev(&["ls", "--token", ""]), "the token is empty"),
        (
            dev(&["ls", "--token", "banana", "--url", "ws://banana:banana@h"]),
            "the token is given, and the address has a user",
        ),
    ] {
        let (success, said) = ended(command).await;
        assert!(!success && said.contains(expected), "{said}");
        assert!(!said.contains("banana"), "{said}");
    }
    // And what a connection says that breaks.
    let secret = format!(
        "{}?token=banana",
        url.replace("ws://", "ws://stand:banana@")
    );
    let breaking = async {
        let mut peer = within("connection", server.accept()).await;
        peer.event("ws:m:ping").await;
    };
    let ((success, said), ()) = tokio::join!(ended(dev(&["ls", "--url", &secret])), breaking);
    assert!(!success && said.contains("/myko?token=***"), "{said}");
    assert!(!said.contains("banana"), "{said}");
}
