//! The Videohub, with a router that does what the test says, and with the simulated one.

use std::sync::Arc;

use rship_dev::LocalCore;
use rship_tests::{ended, example, within};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::at_work::AtWork;

/// What a router of two inputs and one output says first.
const PRELUDE: &str = "PROTOCOL PREAMBLE:\nVersion: 2.8\n\n\
    VIDEOHUB DEVICE:\nDevice present: true\nModel name: Smart Videohub\nFriendly name: Rack 3\n\
    Video inputs: 2\nVideo processing units: 0\nVideo outputs: 1\nSerial ports: 0\n\n\
    INPUT LABELS:\n0 Camera\n1 Laptop\n\nOUTPUT LABELS:\n0 Stage\n\n\
    VIDEO OUTPUT LOCKS:\n0 U\n\nVIDEO OUTPUT ROUTING:\n0 1\n\n\
    CONFIGURATION:\nTake Mode: false\n\nEND PRELUDE:\n\n";

/// The router's end of a connection, which ends when this is dropped; pings are answered by themselves.
struct Router {
    writer: Arc<Mutex<OwnedWriteHalf>>,
    requests: mpsc::UnboundedReceiver<String>,
    _answering: JoinSet<()>,
}

impl Router {
    /// The next connection, at which it says this first.
    async fn accept(there: &TcpListener, prelude: &str) -> Self {
        let (socket, _) = within("a connection", there.accept()).await.unwrap();
        let (reader, mut writer) = socket.into_split();
        writer.write_all(prelude.as_bytes()).await.unwrap();
        let writer = Arc::new(Mutex::new(writer));
        let (asked, requests) = mpsc::unbounded_channel();
        let answers = writer.clone();
        let mut answering = JoinSet::new();
        answering.spawn(async move {
            let mut lines = BufReader::new(reader).lines();
            let mut request = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if !line.is_empty() {
                    request += &(line + "\n");
                    continue;
                }
                let request = std::mem::take(&mut request);
                if request == "PING:\n" {
                    // The device may have gone, and so may the test.
                    let _ = answers.lock().await.write_all(b"ACK\n\n").await;
                } else {
                    let _ = asked.send(request);
                }
            }
        });
        Self {
            writer,
            requests,
            _answering: answering,
        }
    }

    async fn says(&self, text: &str) {
        let mut writer = self.writer.lock().await;
        writer.write_all(text.as_bytes()).await.unwrap();
    }

    async fn is_asked(&mut self) -> String {
        within("a request", self.requests.recv())
            .await
            .expect("a device")
    }
}

/// A device whose router will connect here.
async fn start() -> (AtWork, TcpListener) {
    let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = there.local_addr().unwrap().to_string();
    (
        AtWork::start("videohub", &["--address", &address]).await,
        there,
    )
}

fn named(target: &'static str, name: &'static str) -> impl FnMut(&LocalCore) -> bool + Send {
    move |core| {
        core.item("Target", target)
            .is_some_and(|target| target["name"] == name)
    }
}

/// What a command answers, when the router is asked for this and says that.
async fn answer(
    device: &AtWork,
    router: &mut Router,
    (action, payload): (&str, serde_json::Value),
    request: &str,
    said: &str,
) -> Result<serde_json::Value, String> {
    let answering = async {
        assert_eq!(router.is_asked().await, request);
        router.says(said).await;
    };
    tokio::join!(device.call(action, payload), answering).0
}

#[tokio::test]
async fn what_the_show_wants_arrives_in_blocks_and_what_the_router_says_is_on_the_show() {
    let (device, there) = start().await;
    // Nobody is there yet, so nothing can be done.
    device.is_online("hub", false).await;
    let mut router = Router::accept(&there, PRELUDE).await;
    device.is_online("hub.outputs.1", true).await;
    device
        .sees("the model", named("hub", "Smart Videohub"))
        .await;
    device
        .sees("the label", named("hub.outputs.1", "Stage"))
        .await;
    for (emitter, value) in [
        ("hub:inputs", json!(["Camera", "Laptop"])),
        ("hub:take-mode", json!(false)),
        ("hub.outputs.1:source", json!("Laptop")),
        ("hub.outputs.1:locked", json!(false)),
    ] {
        device.tells(emitter, value).await;
    }

    for ((action, payload), block, (emitter, value)) in [
        (
            ("hub.outputs.1:route", json!({"input": "Camera"})),
            "VIDEO OUTPUT ROUTING:\n0 0\n",
            ("hub.outputs.1:source", json!("Camera")),
        ),
        (
            ("hub.outputs.1:set-label", json!("Main stage")),
            "OUTPUT LABELS:\n0 Main stage\n",
            ("hub.outputs.1:label", json!("Main stage")),
        ),
        (
            ("hub.outputs.1:set-locked", json!(true)),
            "VIDEO OUTPUT LOCKS:\n0 O\n",
            ("hub.outputs.1:locked", json!(true)),
        ),
        (
            ("hub:set-take-mode", json!(true)),
            "CONFIGURATION:\nTake Mode: true\n",
            ("hub:take-mode", json!(true)),
        ),
        (
            (
                "hub:label-input",
                json!({"input": "Laptop", "label": "Tablet\n"}),
            ),
            "INPUT LABELS:\n1 Tablet \n",
            ("hub:inputs", json!(["Camera", "Tablet "])),
        ),
    ] {
        let said = format!("ACK\n\n{block}\n");
        let answered = answer(&device, &mut router, (action, payload), block, &said).await;
        assert_eq!(answered, Ok(json!(null)), "{action}");
        device.tells(emitter, value).await;
    }
    device
        .sees("the new label", named("hub.outputs.1", "Main stage"))
        .await;

    // Somebody stands at the front panel, and something new is in the protocol.
    router
        .says("VIDEO OUTPUT ROUTING:\n0 1\n\nCOLOURS:\n0 red\n\nVIDEO OUTPUT LOCKS:\n0 L\n\n")
        .await;
    router
        .says("INPUT LABELS:\r\n0 Deck\r\n1 Deck\r\n\r\n")
        .await;
    device
        .tells("hub.outputs.1:source", json!("Deck (2)"))
        .await;
    device
        .tells("hub.outputs.1:locked-elsewhere", json!(true))
        .await;
    let choices = |core: &LocalCore| {
        let route = core
            .item("Action", "hub.outputs.1:route")
            .unwrap_or_default();
        route["schema"]["properties"]["input"]["enum"] == json!(["Deck (1)", "Deck (2)"])
    };
    device.sees("the new choices", choices).await;
    let locked = "somebody else has locked the output";
    for (action, payload) in [
        ("route", json!({"input": "Deck (1)"})),
        ("set-locked", json!(false)),
    ] {
        let refused = device
            .call(&format!("hub.outputs.1:{action}"), payload)
            .await;
        assert!(
            refused.as_ref().is_err_and(|error| error.contains(locked)),
            "{refused:?}"
        );
    }
    let force = ("hub.outputs.1:force-unlock", json!(null));
    let (request, said) = (
        "VIDEO OUTPUT LOCKS:\n0 F\n",
        "ACK\n\nVIDEO OUTPUT LOCKS:\n0 U\n\n",
    );
    assert!(
        answer(&device, &mut router, force, request, said)
            .await
            .is_ok()
    );
    device
        .tells("hub.outputs.1:locked-elsewhere", json!(false))
        .await;
    assert_eq!(device.core.drops(), []);
}

#[tokio::test]
async fn a_router_that_refuses_or_goes_away_fails_the_command_and_comes_back_as_it_is_then() {
    let (mut device, there) = start().await;
    let mut router = Router::accept(&there, PRELUDE).await;
    device.is_online("hub.outputs.1", true).await;
    let route = || ("hub.outputs.1:route", json!({"input": "Camera"}));
    let block = "VIDEO OUTPUT ROUTING:\n0 0\n";
    let refused = answer(&device, &mut router, route(), block, "NAK\n\n").await;
    assert!(
        refused
            .as_ref()
            .is_err_and(|error| error.contains("the router refused it")),
        "{refused:?}"
    );
    device.tells("hub.outputs.1:source", json!("Laptop")).await;

    // It dies over it.
    let (action, payload) = route();
    let dies = async {
        router.is_asked().await;
        drop(router);
    };
    let (lost, ()) = tokio::join!(device.call(action, payload), dies);
    assert!(
        lost.as_ref()
            .is_err_and(|error| error.contains("the router is not connected")),
        "{lost:?}"
    );
    for target in ["hub", "hub.outputs.1"] {
        device.is_online(target, false).await;
    }
    device.says("no connection to the router").await;
    let (action, payload) = route();
    let offline = device.call(action, payload).await;
    assert!(
        offline
            .as_ref()
            .is_err_and(|error| error.contains("online")),
        "{offline:?}"
    );

    // Another one is put in its place, of a kind that does not say where its prelude ends.
    let larger = PRELUDE
        .replace("Video outputs: 1", "Video outputs: 3")
        .replace("0 Stage", "0 Left\n1 Right\n2 ")
        .replace("ROUTING:\n0 1", "ROUTING:\n0 0\n1 1\n2 0")
        .replace("END PRELUDE:\n\n", "");
    let mut router = Router::accept(&there, &larger).await;
    // Online only when all of it is true.
    device.is_online("hub.outputs.3", true).await;
    assert_eq!(
        device.core.value("hub.outputs.1:source"),
        Some(json!("Camera"))
    );
    assert_eq!(
        device.core.value("hub.outputs.2:source"),
        Some(json!("Laptop"))
    );
    device
        .sees("the label", named("hub.outputs.2", "Right"))
        .await;
    device
        .sees("a name without a label", named("hub.outputs.3", "Output 3"))
        .await;
    let right = ("hub.outputs.2:route", json!({"input": "Camera"}));
    let done = answer(
        &device,
        &mut router,
        right,
        "VIDEO OUTPUT ROUTING:\n1 0\n",
        "ACK\n\n",
    )
    .await;
    assert_eq!(done, Ok(json!(null)));
    drop(router);
    device.is_online("hub.outputs.3", false).await;

    // And the first one again.
    let _router = Router::accept(&there, PRELUDE).await;
    let gone = |core: &LocalCore| core.item("Target", "hub.outputs.2").is_none();
    device.sees("fewer outputs", gone).await;
    device.is_online("hub.outputs.1", true).await;
    device.tells("hub.outputs.1:source", json!("Laptop")).await;
    assert_eq!(device.core.drops(), []);
}

#[tokio::test]
async fn a_router_that_falls_silent_is_away() {
    let (mut device, there) = start().await;
    let (socket, _) = within("a connection", there.accept()).await.unwrap();
    let (_reader, mut writer) = socket.into_split();
    writer.write_all(PRELUDE.as_bytes()).await.unwrap();
    device.is_online("hub.outputs.1", true).await;
    let silent = device.call("hub.outputs.1:set-label", json!("Bar")).await;
    let expected = |error: &String| {
        ["did not answer within 5s", "is not connected"]
            .iter()
            .any(|text| error.contains(text))
    };
    assert!(silent.as_ref().is_err_and(expected), "{silent:?}");
    device.is_online("hub", false).await;
    device.says("no connection to the router").await;

    // A server to which no router is attached, and then the one from before.
    let absent = "VIDEOHUB DEVICE:\nDevice present: false\n\nEND PRELUDE:\n\n";
    let router = Router::accept(&there, absent).await;
    device.says("connected to the router").await;
    router.says("COLOURS:\n\n").await;
    device.is_online("hub.outputs.1", false).await;
    router.says(PRELUDE).await;
    device.is_online("hub.outputs.1", true).await;
    device.tells("hub.outputs.1:label", json!("Stage")).await;
}

#[tokio::test]
async fn garbage_and_half_a_block_are_no_router() {
    let (device, there) = start().await;
    for garbage in [
        "x".repeat(100_000),
        "HTTP/1.1 400 Bad Request\r\n".to_owned(),
        PRELUDE[..PRELUDE.len() - 30].to_owned(),
        "\u{0}\n\n\u{fffd}:\n\n".repeat(1_000),
    ] {
        let (socket, _) = within("a connection", there.accept()).await.unwrap();
        let (_reader, mut writer) = socket.into_split();
        // It may have heard enough before all was said.
        let _ = writer.write_all(garbage.as_bytes()).await;
    }
    assert!(!device.said().contains("panicked"));
    device.is_online("hub", false).await;
    // One that goes on after half a block.
    let (first, second) = PRELUDE.split_at(PRELUDE.len() - 30);
    let router = Router::accept(&there, first).await;
    router.says(second).await;
    device.is_online("hub.outputs.1", true).await;
    device.tells("hub.outputs.1:source", json!("Laptop")).await;
    // In the middle of its life: what is none of its ports is nothing, and what has no end ends the connection.
    router
        .says("OUTPUT LABELS:\n7 Nowhere\nnonsense\n0 Bar\n\n")
        .await;
    device
        .sees("the label", named("hub.outputs.1", "Bar"))
        .await;
    router.says("VIDEO OUTPUT ROUTING:\n0 ").await;
    drop(router);
    device.is_online("hub.outputs.1", false).await;
    device.tells("hub.outputs.1:source", json!("Laptop")).await;
}

/// The address in what the simulated router's example says.
async fn simulated(device: &mut AtWork) -> String {
    let words = "a simulated Videohub listens at ";
    device.says(words).await;
    let said = device.said();
    let (_, behind) = said.split_once(words).unwrap();
    behind.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn without_hardware_it_simulates_a_router_that_others_can_talk_to() {
    let mut device = AtWork::start("videohub", &["--simulate"]).await;
    device.is_online("hub.outputs.4", true).await;
    let route = json!({"input": "Input 3"});
    device.call("hub.outputs.1:route", route).await.unwrap();
    device.tells("hub.outputs.1:source", json!("Input 3")).await;
    device
        .call("hub.outputs.1:set-label", json!("Balcony"))
        .await
        .unwrap();
    device
        .sees("the label", named("hub.outputs.1", "Balcony"))
        .await;
    device
        .call("hub.outputs.1:set-locked", json!(true))
        .await
        .unwrap();
    device.tells("hub.outputs.1:locked", json!(true)).await;
    let label = json!({"input": "Input 3", "label": "Camera"});
    device.call("hub:label-input", label).await.unwrap();
    device.tells("hub.outputs.1:source", json!("Camera")).await;

    // As the example's header shows, in pieces.
    let address = simulated(&mut device).await;
    let mut other = TcpStream::connect(&address).await.unwrap();
    for piece in ["OUTPUT LAB", "ELS:\n1 Foyer", "\n\n"] {
        other.write_all(piece.as_bytes()).await.unwrap();
        other.flush().await.unwrap();
    }
    device
        .sees("the label", named("hub.outputs.2", "Foyer"))
        .await;
    assert_eq!(device.core.drops(), []);

    // Other systems have but one address for this machine.
    if cfg!(target_os = "linux") {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let mut elsewhere = socket.connect(address.parse().unwrap()).await.unwrap();
        elsewhere
            .write_all(b"VIDEO OUTPUT LOCKS:\n1 O\n\n")
            .await
            .unwrap();
        device
            .tells("hub.outputs.2:locked-elsewhere", json!(true))
            .await;
        let route = json!({"input": "Input 1"});
        let refused = device.call("hub.outputs.2:route", route.clone()).await;
        assert!(refused.is_err_and(|error| error.contains("locked")));
        device
            .call("hub.outputs.2:force-unlock", json!(null))
            .await
            .unwrap();
        device
            .tells("hub.outputs.2:locked-elsewhere", json!(false))
            .await;
        device.call("hub.outputs.2:route", route).await.unwrap();
        device.tells("hub.outputs.2:source", json!("Input 1")).await;
    }
}

#[tokio::test]
async fn it_is_told_which_router_and_asked_for_its_manifest_without_one() {
    let (was_success, text) = ended(example("videohub", &[]).await).await;
    assert!(!was_success && text.contains("--address"), "{text}");
    // Whatever it may find.
    let mut manifests = Vec::new();
    for arguments in [&["--manifest"][..], &["--simulate", "--manifest"]] {
        let mut manifest = example("videohub", arguments).await;
        let output = within("its end", manifest.output()).await.unwrap();
        manifests.push(String::from_utf8(output.stdout).unwrap());
    }
    assert!(manifests[0].contains("\"hub.outputs.*:route\""));
    assert_eq!(manifests[0], manifests[1]);
}
