//! Actions as forms: filled, refused, sent, answered.

use rship_tests::browser::{Locator, Page};
use rship_tests::until;
use serde_json::json;

use crate::show::{Curve, opened};

async fn filled<'p>(page: &'p Page) -> Locator<'p> {
    let form = page.by("form", "Fade");
    form.by("spinbutton", "level").fill("0.25").await;
    form.by("spinbutton", "seconds").fill("3").await;
    form
}

#[tokio::test]
async fn a_form_that_is_filled_and_sent_shows_the_answer() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let form = filled(&page).await;
    form.by("button", "Send").click().await;
    page.by("status", "Answer of Fade")
        .says("fading to 0.25 in 3 s")
        .await;
    let last = show.booth.lock().await.last.clone().unwrap();
    assert_eq!(
        (last.level, last.seconds, last.curve, last.note),
        (0.25, 3, None, None)
    );
    // One without arguments.
    page.by("form", "Blackout")
        .by("button", "Send")
        .click()
        .await;
    page.by("status", "Answer of Blackout")
        .wait("there", |answer| !answer.text.is_empty())
        .await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn an_error_stands_at_its_field_whether_the_page_or_the_executor_finds_it() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let form = filled(&page).await;
    // The page finds it, and asks nobody.
    form.by("spinbutton", "seconds").fill("61").await;
    form.by("button", "Send").click().await;
    let seconds = form.by("spinbutton", "seconds");
    seconds
        .wait("to be invalid", |field| field.is("invalid"))
        .await;
    let said = seconds.run(MESSAGE, json!([])).await;
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("from 1 to 60")),
        "{said}"
    );
    assert_eq!(show.booth.lock().await.last, None);
    seconds.fill("6").await;
    form.by("button", "Send").click().await;
    seconds
        .wait("to be valid", |field| !field.is("invalid"))
        .await;
    // The executor finds it.
    form.by("button", "Set note").click().await;
    form.by("textbox", "note").fill("never").await;
    form.by("button", "Send").click().await;
    let note = form.by("textbox", "note");
    note.wait("to be invalid", |field| field.is("invalid"))
        .await;
    let said = note.run(MESSAGE, json!([])).await;
    assert!(
        said.as_str()
            .is_some_and(|said| said.contains("says never")),
        "{said}"
    );
    page.clean();
    show.stop().await;
}

/// The text that a screen reader reads at a field that is invalid.
const MESSAGE: &str = "function () {
    return document.getElementById(this.getAttribute('aria-errormessage'))?.textContent;
}";

#[tokio::test]
async fn an_optional_choice_can_be_set_left_out_and_set_again() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let form = filled(&page).await;
    for (choice, expected) in [
        (None, None),
        (Some("Smooth"), Some(Curve::Smooth)),
        (None, None),
        (Some("Linear"), Some(Curve::Linear)),
        (Some("Smooth"), Some(Curve::Smooth)),
        (None, None),
    ] {
        let set = form.by("button", "Set curve").count().await == 0;
        match choice {
            Some(choice) => {
                if !set {
                    form.by("button", "Set curve").click().await;
                }
                form.by("combobox", "curve").choose(choice).await;
            }
            None if set => form.by("button", "Leave out curve").click().await,
            None => {}
        }
        show.booth.lock().await.last = None;
        form.by("button", "Send").click().await;
        until("the fade", || show.last().is_some()).await;
        assert_eq!(
            show.booth.lock().await.last.as_ref().unwrap().curve,
            expected
        );
    }
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn a_color_is_chosen_and_its_parts_are_typed() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let form = page.by("form", "Paint");
    let color = form.by("group", "color");
    color.role("ColorWell").fill("#ff0000").await;
    form.by("button", "Send").click().await;
    let answer = page.by("status", "Answer of Paint");
    answer
        .wait("red", |answer| {
            answer.text.contains('1') && !answer.text.contains("0.5")
        })
        .await;
    color.by("spinbutton", "g").fill("0.5").await;
    form.by("button", "Send").click().await;
    answer.says("0.5").await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn what_was_sent_is_in_the_history_and_can_be_sent_again() {
    let Some((show, page)) = opened().await else {
        return;
    };
    let form = filled(&page).await;
    form.by("button", "Send").click().await;
    page.by("status", "Answer of Fade")
        .says("fading to 0.25 in 3 s")
        .await;
    form.by("spinbutton", "seconds").fill("4").await;
    form.by("button", "Send").click().await;
    page.by("status", "Answer of Fade").says("in 4 s").await;
    let again = page.by("list", "History").by("button", "Send again");
    assert_eq!(again.count().await, 2);
    // The newest is first.
    again.nth(1).click().await;
    until("the first fade", || {
        show.last().is_some_and(|last| last.seconds == 3)
    })
    .await;
    page.clean();
    show.stop().await;
}

#[tokio::test]
async fn a_call_is_copied_as_a_command_and_as_code() {
    let Some((show, page)) = opened().await else {
        return;
    };
    // What is copied stays here: there is no clipboard without a window.
    page.evaluate(
        "window.copied = []; Object.defineProperty(navigator, 'clipboard', {configurable: true,
            value: {writeText: (text) => { window.copied.push(text); return Promise.resolve(); }}}); 0",
    )
    .await;
    let form = filled(&page).await;
    form.by("button", "Copy as rship-dev call").click().await;
    form.by("button", "Copy as Rust").click().await;
    let copied = page.evaluate("window.copied").await;
    let texts: Vec<&str> = copied
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|text| text.as_str())
        .collect();
    let [command, code] = texts[..] else {
        panic!("{copied}");
    };
    let words = "rship-dev call booth:fade '{\"level\":0.25,\"seconds\":3}'";
    assert!(
        command
            .replace(": ", ":")
            .replace(", ", ",")
            .contains(words),
        "{command}"
    );
    assert!(
        code.contains("booth:fade") && code.contains("0.25"),
        "{code}"
    );
    page.clean();
    show.stop().await;
}
