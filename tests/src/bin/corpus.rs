//! Prints what servers make of every type of the corpus: with the profile, and with `schemars` alone.
//!
//! `cargo run -p rship-tests --bin corpus`, with `--short` for one line a type. Exit status 1 when a
//! type is not taken, with the profile, by every generation of server as it is meant.

use std::io::{self, Write};
use std::process::ExitCode;

use rship_dev::Generation;
use rship_tests::corpus::{Judged, Row, recursive, table};

fn main() -> ExitCode {
    let short = std::env::args().any(|argument| argument == "--short");
    match print(short, &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Whether all rows are right with the profile.
fn print(short: bool, out: &mut impl Write) -> io::Result<bool> {
    let table = table();
    for row in &table.rows {
        if short {
            print_short(row, out)?;
        } else {
            print_row(row, out)?;
        }
    }

    let mut refused = 0;
    let recursive = recursive();
    for case in &recursive {
        match (case.argument)() {
            Err(error) => {
                refused += 1;
                writeln!(
                    out,
                    "{}\n  profile  refused when described: {error}",
                    case.name
                )?;
            }
            Ok(_) => writeln!(out, "{}\n  profile  WRONG: not refused", case.name)?,
        }
        writeln!(
            out,
            "  plain    a 2026 server's process ends: {}",
            compact(&(case.plain)())
        )?;
    }

    let (profile, plain) = table.right();
    let all = table.rows.len();
    writeln!(
        out,
        "\ntypes that every server takes and a show can bind as they are meant:"
    )?;
    writeln!(out, "  profile         {profile} of {all}")?;
    writeln!(out, "  plain schemars  {plain} of {all}")?;
    let dropped = table
        .rows
        .iter()
        .filter(|row| is_dropped(&row.plain))
        .count();
    writeln!(
        out,
        "  of which a 2026 server drops {dropped} without a word, and mistakes {}",
        all - plain - dropped
    )?;
    writeln!(
        out,
        "recursive types refused with the cycle: {refused} of {}",
        recursive.len()
    )?;
    Ok(profile == all && refused == recursive.len())
}

fn print_row(row: &Row, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", row.name)?;
    for (name, judged) in [("profile", &row.profile), ("plain", &row.plain)] {
        writeln!(out, "  {name:<8} {}", compact(&judged.schema))?;
        writeln!(
            out,
            "           {}; binds {}",
            verdicts(judged),
            fields(judged)
        )?;
        for wrong in &judged.wrong {
            writeln!(out, "           WRONG {wrong}")?;
        }
    }
    Ok(())
}

fn print_short(row: &Row, out: &mut impl Write) -> io::Result<()> {
    let word = |judged: &Judged| match (judged.is_right(), is_dropped(judged)) {
        (true, _) => "right",
        (false, true) => "dropped",
        (false, false) => "wrong",
    };
    let (profile, plain) = (word(&row.profile), word(&row.plain));
    writeln!(
        out,
        "{:<32} profile {profile:<8} plain {plain:<8} binds {}",
        row.name,
        fields(&row.profile)
    )
}

fn is_dropped(judged: &Judged) -> bool {
    judged.verdict(Generation::V2026) == "DROPPED"
}

fn verdicts(judged: &Judged) -> String {
    let verdict = |generation| format!("{generation} {}", judged.verdict(generation));
    Generation::ALL.map(verdict).join(", ")
}

fn fields(judged: &Judged) -> String {
    if judged.fields.is_empty() {
        return "nothing".to_owned();
    }
    let fields: Vec<String> = judged.fields.iter().map(ToString::to_string).collect();
    fields.join("; ")
}

fn compact(schema: &serde_json::Value) -> String {
    schema.to_string()
}
