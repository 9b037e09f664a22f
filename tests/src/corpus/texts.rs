//! Texts, truths, and what is written as a text.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<bool>("bool").good([json!(true), json!(false)]).bad([
            json!(1),
            json!("true"),
            json!(null),
        ]),
        case::<char>("char").good([json!("x"), json!("ß")]).bad([
            json!(""),
            json!("xy"),
            json!(120),
        ]),
        case::<String>("String")
            .good([json!(""), json!("warm")])
            .bad([json!(1), json!(["warm"]), json!(null)]),
        case::<Box<str>>("Box<str>")
            .good([json!("warm")])
            .bad([json!(1)]),
        case::<Cow<'static, str>>("Cow<str>")
            .good([json!("warm")])
            .bad([json!({})]),
        case::<PathBuf>("PathBuf")
            .good([json!("/media/show.mov")])
            .bad([json!(["/media"])]),
        case::<IpAddr>("IpAddr")
            .good([json!("10.0.0.1"), json!("::1")])
            .bad([json!(1)])
            .left_to_decoder([json!("10.0.0.256"), json!("")]),
        case::<Ipv4Addr>("Ipv4Addr")
            .good([json!("10.0.0.1")])
            .left_to_decoder([json!("::1")]),
        case::<Ipv6Addr>("Ipv6Addr")
            .good([json!("fe80::1")])
            .left_to_decoder([json!("10.0.0.1")]),
        case::<SocketAddr>("SocketAddr")
            .good([json!("10.0.0.1:7000")])
            .left_to_decoder([json!("10.0.0.1")]),
        case::<Value>("Value").good([
            json!(null),
            json!(3.0),
            json!("text"),
            json!([1, null]),
            json!({"a": {"b": null}}),
        ]),
        case::<()>("()")
            .good([json!(null)])
            .left_to_decoder([json!(1), json!({})]),
    ]
}
