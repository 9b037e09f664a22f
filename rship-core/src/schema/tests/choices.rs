//! How the choices of a list are shown.

use crate::schema::choices::humanize;

#[test]
fn titles_are_made_of_every_way_to_write_a_name() {
    let titles = [
        ("warm-white", "Warm white"),
        ("warm_white", "Warm white"),
        ("warmWhite", "Warm white"),
        ("WarmWhite", "Warm white"),
        ("WARM_WHITE", "Warm white"),
        ("WARM-WHITE", "Warm white"),
        ("warm white", "Warm white"),
        ("A", "A"),
        ("a", "A"),
        ("RGB", "RGB"),
        ("HTTPServer", "HTTP server"),
        ("Scene2", "Scene2"),
        ("1080p50", "1080p50"),
        ("ü", "Ü"),
        ("", ""),
        ("--", "--"),
    ];
    for (value, title) in titles {
        assert_eq!(humanize(value), title, "of {value:?}");
    }
}
