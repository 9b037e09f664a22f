//! What drives the browser notices what it is there to notice.

use std::time::Duration;

use rship_tests::browser::{Looks, page};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Serves one page, whatever is asked for; its address.
async fn serve(html: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let (status, body) = match request.starts_with(b"GET / ") {
                true => ("200 OK", html),
                false => ("404 Not Found", ""),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
                 content-security-policy: script-src 'self' 'unsafe-inline'\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test]
async fn what_is_found_by_role_and_name_can_be_clicked_filled_and_chosen() {
    let Some(page) = page().await else { return };
    let url = serve(
        "<!doctype html><link rel='icon' href='data:,'><title>Stand</title>
        <form aria-label='Sell'>
            <label>Count <input type='number' aria-description='Bananas' value='1'></label>
            <label>Size <select><option>Small<option>Large</select></label>
            <label><input type='checkbox'> Gift</label>
            <label>Ribbon <input type='color'></label>
            <button type='button' onclick='say(\"sold\")'>Send</button>
        </form>
        <form aria-label='Burn'><button type='button'>Send</button></form>
        <p role='status' aria-label='Answer'></p>
        <script>
            const field = (n) => document.querySelectorAll('input, select')[n];
            const say = (text) => document.querySelector('p').textContent =
                [text, field(0).value, field(1).value, field(2).checked, field(3).value].join(' ');
            document.addEventListener('keydown', (event) => { if (event.key === 'Escape') say('left'); });
        </script>",
    )
    .await;
    page.open(&url).await;
    let form = page.by("form", "Sell");
    let count = form.by("spinbutton", "Count").node().await;
    assert_eq!((&*count.value, &*count.description), ("1", "Bananas"));
    form.by("spinbutton", "Count").fill("12").await;
    form.by("combobox", "Size").choose("Large").await;
    form.by("checkbox", "Gift").check(true).await;
    form.by("ColorWell", "Ribbon").fill("#ff8000").await;
    form.by("button", "Send").click().await;
    page.by("status", "Answer")
        .says("sold 12 Large true #ff8000")
        .await;
    assert_eq!(page.by("button", "Send").count().await, 2);
    form.by("spinbutton", "Count").fill("").await;
    page.press("Escape").await;
    page.by("status", "Answer").says("left Large true").await;
    page.press("Tab").await;
    page.press("L").await;
    assert_eq!(page.url().await, url);
    page.clean();
}

#[tokio::test]
async fn errors_violations_and_requests_of_others_are_found() {
    let Some(page) = page().await else { return };
    let url = serve(
        "<!doctype html><link rel='icon' href='data:,'>
        <script>console.error('loud'); setTimeout(() => { throw new Error('late'); });</script>
        <script src='https://other.example/script.js'></script>
        <img src='http://127.0.0.1:1/tracker.png'>
        <script>new WebSocket('ws://127.0.0.1:1/');
            setTimeout(() => document.body.append('ready'), 50);</script>",
    )
    .await;
    page.open(&url).await;
    page.role("RootWebArea").says("ready").await;
    let all = page.faults().join("\n");
    for part in [
        "loud",
        "late",
        "Content Security Policy",
        "a request of another server: http://127.0.0.1:1/tracker.png",
        "a socket to another server: ws://127.0.0.1:1/",
    ] {
        assert!(all.contains(part), "no {part:?} in {all}");
    }
    page.expect("127.0.0.1:1");
    assert!(!page.faults().is_empty());
    assert!(!page.faults().join("\n").contains("tracker"));
}

#[tokio::test]
async fn what_is_covered_cannot_be_clicked() {
    let Some(page) = page().await else { return };
    let url = serve(
        "<!doctype html><link rel='icon' href='data:,'><p role='status'></p><button onclick='say(\"through\")'>Go</button>
        <div style='position: fixed; inset: 0' onclick='this.remove(); say(\"uncovered\")'>curtain</div>
        <script>const say = (text) => document.querySelector('p').textContent += text;
            setTimeout(() => document.querySelector('div').click(), 300);</script>",
    )
    .await;
    page.open(&url).await;
    // It waits until it can.
    page.by("button", "Go").click().await;
    page.role("status").says("uncoveredthrough").await;
}

#[tokio::test]
async fn a_page_is_seen_as_on_a_phone_and_in_the_dark_and_its_frames_are_counted() {
    let Some(page) = page().await else { return };
    let url = serve(
        "<!doctype html><link rel='icon' href='data:,'><meta name='viewport' content='width=device-width'>
        <style>div { width: 600px } @media (prefers-color-scheme: dark) { p::after { content: 'dark' } }</style>
        <div><p>It is </p></div>",
    )
    .await;
    page.look(Looks::DESK).await;
    page.open(&url).await;
    page.role("paragraph").says("It is").await;
    assert!(!page.is_too_wide().await);
    page.look(Looks::DARK).await;
    page.role("paragraph").says("dark").await;
    page.look(Looks::PHONE).await;
    assert!(page.is_too_wide().await);
    let picture = page.picture().await;
    assert!(picture.starts_with(b"\x89PNG"), "{:?}", &picture[..8]);
    let (rate, longest) = page.frames(Duration::from_millis(300)).await;
    assert!(rate > 0.0 && longest > 0.0);
    let busy = "setInterval(() => { const end = performance.now() + 90; while (performance.now() < end); }, 0); 0";
    page.evaluate(busy).await;
    let (rate, longest) = page.frames(Duration::from_millis(600)).await;
    assert!(rate < 20.0 && longest > 80.0, "{rate} {longest}");
    page.clean();
}
