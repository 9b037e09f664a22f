//! Options that stand in front of the command, though they belong behind it.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

/// Says of an option that no command line begins with where it stands, if a command has it.
pub(crate) fn explained(mut error: Error, program: &Command, words: &[String]) -> Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let mut before = words
        .iter()
        .take_while(|word| program.find_subcommand(word).is_none());
    let name = option.trim_start_matches('-');
    let has_it =
        |command: &&Command| (command.get_arguments()).any(|arg| arg.get_long() == Some(name));
    if !before.any(|word| word.split('=').next() == Some(option)) {
        return error;
    }
    let own = words
        .iter()
        .find_map(|word| program.find_subcommand(word))
        .filter(has_it)
        .or_else(|| program.get_subcommands().find(has_it));
    if let Some(command) = own {
        let tip = format!(
            "options stand behind the command: `rship-dev {} {option} ..`",
            command.get_name()
        );
        let tips = vec![StyledStr::from(tip)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::Cli;
    use super::*;

    fn said(words: &[&str]) -> String {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut program = Cli::command();
        let error = program
            .try_get_matches_from_mut(std::iter::once("rship-dev".to_owned()).chain(words.clone()))
            .unwrap_err();
        explained(error, &program, &words).to_string()
    }

    #[test]
    fn an_option_in_front_of_its_command_is_told_where_it_stands() {
        let url = "ws://127.0.0.1:1/myko";
        for words in [&["--url", url, "ls"][..], &[&format!("--url={url}"), "ls"]] {
            let said = said(words);
            assert!(said.contains("`rship-dev ls --url ..`"), "{said}");
        }
        // What the command does not have is shown with one that has.
        let said = said(&["--bind", "127.0.0.1:1", "ls"]);
        assert!(said.contains("`rship-dev serve --bind ..`"), "{said}");
    }

    #[test]
    fn an_option_that_nobody_has_or_that_stands_behind_gets_no_such_tip() {
        for words in [&["--nothing", "ls"][..], &["ls", "--bind", "127.0.0.1:1"]] {
            let said = said(words);
            assert!(!said.contains("options stand behind"), "{said}");
        }
    }
}
