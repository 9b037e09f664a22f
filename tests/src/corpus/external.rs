//! Types of other crates, which have schemas when the features of `rship-core` are on.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Booking {
    id: Uuid,
    /// When the doors open.
    doors: DateTime<Utc>,
    day: Option<NaiveDate>,
    stream: Option<Url>,
}

pub(super) fn cases() -> Vec<Case> {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    vec![
        case::<DateTime<Utc>>("DateTime<Utc>")
            .good([
                json!("2023-04-30T19:56:34Z"),
                json!("2023-04-30T21:56:34.5+02:00"),
            ])
            .bad([json!(1_682_884_594), json!(null)])
            .left_to_decoder([json!("yesterday"), json!("2023-04-30")]),
        case::<DateTime<FixedOffset>>("DateTime<FixedOffset>")
            .good([json!("2023-04-30T21:56:34+02:00")])
            .left_to_decoder([json!("")]),
        case::<NaiveDateTime>("NaiveDateTime")
            .good([json!("2023-04-30T21:56:34")])
            .left_to_decoder([json!("21:56")]),
        case::<NaiveDate>("NaiveDate")
            .good([json!("2023-04-30")])
            .bad([json!(20_230_430)])
            .left_to_decoder([json!("2023-02-30")]),
        case::<NaiveTime>("NaiveTime")
            .good([json!("21:56:34")])
            .left_to_decoder([json!("25:00:00")]),
        case::<Uuid>("Uuid")
            .good([json!(id)])
            .bad([json!(1)])
            .left_to_decoder([json!("67e55044")]),
        case::<Url>("Url")
            .good([json!("https://example.org/a?b=c"), json!("rtsp://cam/1")])
            .bad([json!({})])
            .left_to_decoder([json!("example"), json!("")]),
        case::<Option<Uuid>>("Option<Uuid>")
            .good([json!(id)])
            .left_to_decoder([json!("no")]),
        case::<Vec<Url>>("Vec<Url>")
            .good([json!([]), json!(["udp://10.0.0.1:9"])])
            .left_to_decoder([json!(["no"])]),
        case::<Booking>("Booking")
            .good([
                json!({"id": id, "doors": "2023-04-30T19:56:34Z"}),
                json!({"id": id, "doors": "2023-04-30T19:56:34Z", "day": "2023-04-30", "stream": "https://a.b"}),
            ])
            .served([json!({"id": id, "doors": "2023-04-30T19:56:34Z", "day": null})])
            .bad([json!({"id": id})])
            .left_to_decoder([json!({"id": "", "doors": "2023-04-30T19:56:34Z"})]),
    ]
}
