//! TLS against real servers: who is trusted, who we are, and what is said when it is not so.

use rship_runtime::{Builder, Error, Executor, Generation, Status};
use rship_tests::{
    Authority, Door, Identity, Peer, Running, Server, Stand, TlsFront, TlsServer, builder, core,
    ended, pipes, program, within,
};
use tokio::process::Command;

/// Why an executor does not get in at a server that speaks TLS so.
async fn refused(tls: TlsServer, set: impl FnOnce(Builder) -> Builder) -> String {
    let core = core(Generation::V2026).await;
    let front = TlsFront::start(tls, core.addr()).await;
    let executor = set(builder(&front.url("localhost"))).build().unwrap();
    let mut running = Running::start(&executor);
    let ended = running
        .wait("end of a try", |status| {
            matches!(status, Status::Offline { .. } | Status::Online { .. })
        })
        .await;
    running.stop().await;
    match ended {
        Status::Offline { reason, .. } => reason,
        status => panic!("{status}"),
    }
}

/// Says that an executor gets in, and tells everything.
async fn let_in(tls: TlsServer, set: impl FnOnce(Builder) -> Builder) {
    let core = core(Generation::V2026).await;
    let front = TlsFront::start(tls, core.addr()).await;
    let executor = set(builder(&front.url("localhost"))).build().unwrap();
    executor.add("stand", Stand::full()).unwrap();
    let running = Running::online(&executor).await;
    core.settled().await;
    assert!(core.items("Target").contains_key("stand"));
    running.stop().await;
}

fn localhost(authority: &Authority) -> Identity {
    authority.server(&["localhost"])
}

#[tokio::test]
async fn a_root_of_ones_own_is_trusted_beside_those_of_the_system() {
    let authority = Authority::new("pier");
    let other = Authority::new("other");
    let_in(TlsServer::new(&localhost(&authority)), |builder| {
        builder.root_certificate(authority.pem())
    })
    .await;
    // Several in one text, and in several calls.
    let both = format!("{}{}", other.pem(), authority.pem());
    let_in(TlsServer::new(&localhost(&authority)), |builder| {
        builder.root_certificate(both)
    })
    .await;
    let_in(TlsServer::new(&localhost(&authority)), |builder| {
        let builder = builder.root_certificate(authority.pem());
        builder.root_certificate(other.pem())
    })
    .await;
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told_with_dates() {
    let authority = Authority::new("pier");
    let old = authority.server_between(&["localhost"], (2023, 1, 31), (2024, 3, 1));
    let said = refused(TlsServer::new(&old), |builder| {
        builder.root_certificate(authority.pem())
    })
    .await;
    assert!(
        said.contains(
            "its certificate was valid until 2024-03-01 00:00 UTC, and the clock of this machine says 2"
        ) && said.contains(" UTC: it needs a new one"),
        "{said}"
    );
}

#[tokio::test]
async fn a_certificate_of_the_future_is_told_with_dates() {
    let authority = Authority::new("pier");
    let new = authority.server_between(&["localhost"], (2900, 12, 24), (2999, 3, 1));
    let said = refused(TlsServer::new(&new), |builder| {
        builder.root_certificate(authority.pem())
    })
    .await;
    assert!(
        said.contains("its certificate is valid from 2900-12-24 00:00 UTC on")
            && said.contains("is the clock right?"),
        "{said}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_host_is_told_with_the_names() {
    let authority = Authority::new("pier");
    let other = authority.server(&["stand.example", "*.pier.example", "192.0.2.7"]);
    let said = refused(TlsServer::new(&other), |builder| {
        builder.root_certificate(authority.pem())
    })
    .await;
    assert!(
        said.contains(
            "its certificate is for `stand.example`, `*.pier.example`, `192.0.2.7`, and not for `localhost`"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn a_certificate_of_an_unknown_root_is_told_with_what_to_do() {
    let (authority, other) = (Authority::new("pier"), Authority::new("other"));
    let said = refused(TlsServer::new(&localhost(&authority)), |builder| {
        builder.root_certificate(other.pem())
    })
    .await;
    assert!(
        said.contains("comes from nobody that this machine or RSHIP_CA trusts"),
        "{said}"
    );
    // One of the same name, as a root that was made again is.
    let again = Authority::new("pier");
    let said = refused(TlsServer::new(&localhost(&authority)), |builder| {
        builder.root_certificate(again.pem())
    })
    .await;
    assert!(said.contains("RSHIP_CA"), "{said}");
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_when_it_is_given_as_a_root() {
    let server = Authority::nobody("localhost");
    let root = server.certificate.clone();
    let_in(TlsServer::new(&server), |builder| {
        builder.root_certificate(root)
    })
    .await;
}

#[tokio::test]
async fn a_host_may_be_an_ip_address() {
    let authority = Authority::new("pier");
    let core = core(Generation::V2026).await;
    let here = authority.server(&["127.0.0.1"]);
    let front = TlsFront::start(TlsServer::new(&here), core.addr()).await;
    let executor = builder(&front.url("127.0.0.1"))
        .root_certificate(authority.pem())
        .build()
        .unwrap();
    Running::online(&executor).await.stop().await;
}

#[tokio::test]
async fn an_authority_that_shows_its_own_certificate_is_told_what_to_do() {
    let authority = Authority::for_itself("localhost");
    let said = refused(TlsServer::new(&authority.itself()), |builder| {
        builder.root_certificate(authority.pem())
    })
    .await;
    assert!(
        said.contains("is one of an authority, which must not be a server's own"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_is_shown_ours() {
    let (authority, clients) = (Authority::new("pier"), Authority::new("clients"));
    let ours = clients.client("stand-1");
    for tls in [
        TlsServer::wanting(&localhost(&authority), &clients),
        TlsServer::wanting_by_tls12(&localhost(&authority), &clients),
    ] {
        let_in(tls, |builder| {
            let builder = builder.root_certificate(authority.pem());
            builder.client_certificate(&ours.certificate, &ours.key)
        })
        .await;
    }
}

#[tokio::test]
async fn a_certificate_of_ours_that_is_wanted_and_missing_is_named() {
    let (authority, clients) = (Authority::new("pier"), Authority::new("clients"));
    for tls in [
        TlsServer::wanting(&localhost(&authority), &clients),
        TlsServer::wanting_by_tls12(&localhost(&authority), &clients),
    ] {
        let said = refused(tls, |builder| builder.root_certificate(authority.pem())).await;
        assert!(
            said.contains("the server wants a client certificate")
                && said.contains("RSHIP_CERT and RSHIP_KEY"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_certificate_of_ours_that_is_refused_is_told_with_the_reason() {
    let (authority, clients) = (Authority::new("pier"), Authority::new("clients"));
    let unknown = Authority::new("other").client("stand-1");
    let old = clients.client_between("stand-1", (2023, 1, 1), (2024, 1, 1));
    for (ours, why) in [
        (unknown, "it does not know who signed it"),
        (old, "it has expired, or is not valid yet"),
    ] {
        for tls in [
            TlsServer::wanting(&localhost(&authority), &clients),
            TlsServer::wanting_by_tls12(&localhost(&authority), &clients),
        ] {
            let said = refused(tls, |builder| {
                let builder = builder.root_certificate(authority.pem());
                builder.client_certificate(&ours.certificate, &ours.key)
            })
            .await;
            assert!(
                said.contains("the server refused our client certificate") && said.contains(why),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn two_executors_of_one_process_trust_different_roots() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    for (server, trusted, gets_in) in [
        (&first, &first, true),
        (&first, &second, false),
        (&second, &second, true),
        (&second, &first, false),
    ] {
        let tls = TlsServer::new(&localhost(server));
        let set = |builder: Builder| builder.root_certificate(trusted.pem());
        match gets_in {
            true => let_in(tls, set).await,
            false => assert!(refused(tls, set).await.contains("comes from nobody")),
        }
    }
}

#[tokio::test]
async fn a_stream_that_the_user_makes_carries_tls() {
    let authority = Authority::new("pier");
    let tls = TlsServer::new(&localhost(&authority));
    let_in(tls.clone(), |builder| {
        let builder = builder.root_certificate(authority.pem());
        builder.connect(Door::new(true))
    })
    .await;
    // Without a socket at all: the name is that of the address.
    let (connector, mut pipes) = pipes(64 << 10);
    let executor = builder("wss://localhost/myko")
        .root_certificate(authority.pem())
        .connect(connector)
        .build()
        .unwrap();
    executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    let stream = within("TLS", tls.accept(pipes.next().await)).await.unwrap();
    let mut peer = Peer::open(stream).await;
    let ping = peer.event("ws:m:ping").await;
    peer.send(ping).await;
    assert_eq!(peer.pulse("stand:stock").await, 100);
}

#[tokio::test]
async fn tls_is_met_again_after_a_break() {
    let authority = Authority::new("pier");
    let tls = TlsServer::new(&localhost(&authority));
    let server = Server::bind().await;
    let url = format!("wss://localhost:{}/myko", server.addr().port());
    let executor = builder(&url)
        .root_certificate(authority.pem())
        .build()
        .unwrap();
    executor.add("stand", Stand::full()).unwrap();
    let _running = Running::start(&executor);
    for _ in 0..2 {
        let stream = tls.accept(server.accept_tcp().await);
        let mut peer = Peer::open(within("TLS", stream).await.unwrap()).await;
        let ping = peer.event("ws:m:ping").await;
        peer.send(ping).await;
        assert_eq!(peer.pulse("stand:stock").await, 100);
    }
}

fn error(builder: Builder) -> String {
    match builder.build() {
        Ok(_) => panic!("an executor"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn certificates_that_cannot_be_used_are_errors_at_start() {
    let authority = Authority::new("pier");
    let (ours, others) = (authority.client("ours"), authority.client("others"));
    let builder = || Executor::builder("bluth").url("wss://localhost/myko");
    let cut = &ours.key[..ours.key.len() - 40];
    let broken = ours.key.replacen('M', "!", 1);
    let encrypted = ours.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (said, expected) in [
        (
            error(builder().root_certificate("")),
            "the root certificate is not a certificate: it must be PEM",
        ),
        (
            error(builder().root_certificate(&ours.key)),
            "the root certificate is not a certificate",
        ),
        (
            error(builder().client_certificate(&ours.certificate, &others.key)),
            "the private key does not belong to the client certificate",
        ),
        (
            error(builder().client_certificate(&ours.certificate, &encrypted)),
            "is an encrypted key, which needs a password: decrypt it first",
        ),
        (
            error(builder().client_certificate(&ours.certificate, &ours.certificate)),
            "the private key is not a private key: it must be PEM",
        ),
        (
            error(builder().client_certificate(&ours.certificate, cut)),
            "the private key is cut off",
        ),
        (
            error(builder().client_certificate(&ours.certificate, &broken)),
            "the private key is not PEM as it should be",
        ),
        (
            error(builder().client_certificate(&ours.key, &ours.key)),
            "the client certificate is not a certificate",
        ),
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
        let body = ours.key.lines().nth(1).unwrap();
        assert!(!said.contains(&body[8..16]), "{said}");
    }
    // Both in one text are found.
    let both = format!("{}{}", ours.key, ours.certificate);
    builder().client_certificate(&both, &both).build().unwrap();
}

/// A program on a machine without root certificates.
fn rootless(path: &str, arguments: &[&str]) -> Command {
    let nothing = concat!(env!("CARGO_TARGET_TMPDIR"), "/nothing");
    let mut command = program(path, arguments);
    command
        .env("SSL_CERT_FILE", nothing)
        .env("SSL_CERT_DIR", nothing);
    command
}

#[tokio::test]
async fn a_machine_without_roots_needs_no_more_than_those_that_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("pier");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let core = core(Generation::V2026).await;
    let front = TlsFront::start(TlsServer::new(&localhost(&authority)), core.addr()).await;
    let mut hub = rootless(env!("CARGO_BIN_EXE_hub"), &["run"]);
    hub.env("RSHIP_URL", front.url("localhost"))
        .env("RSHIP_CA", &ca);
    let hub = hub.spawn().unwrap();
    core.wait_until(rship_tests::LIMIT, "the hub", |core| {
        core.items("Target").contains_key("hub")
    })
    .await
    .unwrap();
    drop(hub);
    let mut ls = rootless(env!("CARGO_BIN_EXE_dev"), &["ls"]);
    ls.env("RSHIP_URL", front.url("localhost"));
    let (success, said) = ended(ls).await;
    assert!(!success, "{said}");
    assert!(
        said.contains("the system has no root certificates") && said.contains("RSHIP_CA"),
        "{said}"
    );
}

#[tokio::test]
async fn rship_dev_takes_the_same_variables() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients) = (Authority::new("pier"), Authority::new("clients"));
    let ours = clients.client("dev");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ca.pem"), authority.pem()).unwrap();
    std::fs::write(path("cert.pem"), &ours.certificate).unwrap();
    std::fs::write(path("key.pem"), &ours.key).unwrap();
    let core = core(Generation::V2026).await;
    let tls = TlsServer::wanting(&localhost(&authority), &clients);
    let front = TlsFront::start(tls, core.addr()).await;
    let executor = builder(&front.url("localhost"))
        .root_certificate(authority.pem())
        .client_certificate(&ours.certificate, &ours.key)
        .build()
        .unwrap();
    executor.add("stand", Stand::full()).unwrap();
    let _running = Running::online(&executor).await;
    core.settled().await;
    let dev = |arguments: &[&str]| {
        let mut command = rootless(env!("CARGO_BIN_EXE_dev"), arguments);
        command
            .env("RSHIP_URL", front.url("localhost"))
            .env("RSHIP_CA", path("ca.pem"));
        command
    };
    for arguments in [
        &["ls"][..],
        &["call", "stand:burn"],
        &["watch", "stand:cash", "--count", "1"],
    ] {
        let mut command = dev(arguments);
        command
            .env("RSHIP_CERT", path("cert.pem"))
            .env("RSHIP_KEY", path("key.pem"));
        let (success, said) = ended(command).await;
        assert!(success, "{arguments:?}: {said}");
    }
    let (success, said) = ended(dev(&["ls"])).await;
    assert!(
        !success && said.contains("the server wants a client certificate"),
        "{said}"
    );
    for (name, value, expected) in [
        (
            "RSHIP_CERT",
            "cert.pem",
            "and RSHIP_KEY, the file with its key, is not",
        ),
        (
            "RSHIP_KEY",
            "key.pem",
            "and RSHIP_CERT, the file with its certificate, is not",
        ),
        ("RSHIP_CA", "nowhere.pem", "cannot be read"),
        ("RSHIP_CA", "", "is not a file"),
        ("RSHIP_CA", "key.pem", "is not a certificate"),
    ] {
        let mut command = dev(&["ls"]);
        command.env(name, path(value));
        let (success, said) = ended(command).await;
        assert!(
            !success && said.contains(name) && said.contains(expected),
            "{said}"
        );
    }
}

#[test]
fn an_error_of_a_setting_is_one_that_a_program_can_match() {
    let built = Executor::builder("bluth")
        .url("ws://localhost/myko")
        .root_certificate("none")
        .build();
    let Err(Error::Setting(setting)) = built else {
        panic!("an error of a setting");
    };
    assert_eq!(setting.origin, "the root certificate");
}
