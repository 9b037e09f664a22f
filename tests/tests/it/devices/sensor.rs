//! The sensor, over each of the ways that it can be attached.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use rship_tests::within;

use super::at_work::AtWork;

/// Where nothing is attached but a pipe.
#[tokio::test]
async fn readings_of_standard_input_are_on_the_show_and_what_is_none_is_said_and_skipped() {
    let mut sensor = AtWork::start("sensor", &[]).await;
    let mut input = sensor.child.stdin.take().unwrap();
    input.write_all("21.5 °C\r\n".as_bytes()).await.unwrap();
    sensor.tells("sensor:value", json!(21.5)).await;
    sensor.tells("sensor:unit", json!("°C")).await;
    sensor.is_online("sensor", true).await;

    input
        .write_all(b"warm\n\ninf C\n\xff\xfe\n3 %\n")
        .await
        .unwrap();
    sensor.tells("sensor:value", json!(3.0)).await;
    sensor.tells("sensor:unit", json!("%")).await;
    sensor.tells("sensor:skipped", json!(4)).await;
    sensor
        .says(r#""warm\n" is skipped: a line is to be such as"#)
        .await;

    // A line without an end, and what comes behind it.
    let part = vec![b'9'; 1 << 20];
    for _ in 0..100 {
        within("place", input.write_all(&part)).await.unwrap();
    }
    input.write_all(b"\n-4e1\n").await.unwrap();
    sensor.tells("sensor:value", json!(-40.0)).await;
    sensor.tells("sensor:unit", json!("")).await;
    sensor.tells("sensor:skipped", json!(5)).await;
    assert!(sensor.said().len() < 10_000, "a long line is not repeated");

    sensor.tells("sensor:peak", json!(21.5)).await;
    assert_eq!(
        sensor.call("sensor:reset-peak", Value::Null).await,
        Ok(Value::Null)
    );
    sensor.tells("sensor:peak", json!(-40.0)).await;

    // The last line was cut, so it is not taken for a reading.
    input.write_all(b"1").await.unwrap();
    drop(input);
    sensor.is_online("sensor", false).await;
    sensor.says("standard input is not there: it ended").await;
    sensor.tells("sensor:value", json!(-40.0)).await;
    assert_eq!(sensor.core.drops(), []);
}

#[tokio::test]
async fn a_sensor_that_goes_is_offline_until_it_comes_back() {
    let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = there.local_addr().unwrap();
    let sensor = AtWork::start("sensor", &["--tcp", &address.to_string()]).await;
    for reading in [20.0, 30.0] {
        let (mut socket, _) = within("a connection", there.accept()).await.unwrap();
        sensor.is_online("sensor", true).await;
        socket
            .write_all(format!("{reading} C\n5").as_bytes())
            .await
            .unwrap();
        sensor.tells("sensor:value", json!(reading)).await;
        drop(socket);
        sensor.is_online("sensor", false).await;
    }
    // Nobody listens there for a while.
    drop(there);
    let mut sensor = sensor;
    sensor.says("refused").await;
    let there = TcpListener::bind(address).await.unwrap();
    let (mut socket, _) = within("a connection", there.accept()).await.unwrap();
    socket.write_all(b"40 C\n").await.unwrap();
    sensor.tells("sensor:value", json!(40.0)).await;
    sensor.is_online("sensor", true).await;
}

#[tokio::test]
async fn a_flood_of_readings_keeps_nobody_from_using_the_sensor() {
    let there = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = there.local_addr().unwrap().to_string();
    let mut sensor = AtWork::start("sensor", &["--tcp", &address]).await;
    let (mut socket, _) = within("a connection", there.accept()).await.unwrap();
    let flood = tokio::spawn(async move {
        let lines = "1 V\n2 V\nnonsense\n".repeat(1_000);
        while socket.write_all(lines.as_bytes()).await.is_ok() {}
    });
    sensor.tells("sensor:peak", json!(2.0)).await;
    for _ in 0..20 {
        let answer = sensor.call("sensor:reset-peak", Value::Null).await;
        assert_eq!(answer, Ok(Value::Null));
    }
    sensor.says("more before)").await;
    flood.abort();
    let lines = sensor.said().lines().count();
    assert!(
        lines < 100,
        "what comes often is said seldom, not {lines} times"
    );
}

#[cfg(unix)]
mod serial {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use serde_json::json;

    use super::AtWork;

    /// The sensor's end of a serial cable, whose other end is plugged in at this path.
    fn plug(port: &Path) -> File {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let name = ptsname(&end, Vec::new()).unwrap().into_string().unwrap();
        symlink(name, port).unwrap();
        File::from(end)
    }

    #[tokio::test]
    async fn a_serial_port_may_be_unplugged_and_plugged_in_again() {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("port");
        let name = port.to_str().unwrap();
        let mut sensor = AtWork::start("sensor", &["--serial", name, "--baud", "115200"]).await;
        sensor.says("is not there: No such file").await;
        sensor.is_online("sensor", false).await;
        for reading in [20.0, 30.0] {
            let mut cable = plug(&port);
            // Whoever plugs it in does so in the middle of a line.
            write!(cable, "7 C\n{reading} C\n").unwrap();
            sensor.tells("sensor:value", json!(reading)).await;
            sensor.tells("sensor:peak", json!(reading)).await;
            sensor.is_online("sensor", true).await;
            std::fs::remove_file(&port).unwrap();
            drop(cable);
            sensor.is_online("sensor", false).await;
        }
        assert_eq!(sensor.core.drops(), []);
    }
}
