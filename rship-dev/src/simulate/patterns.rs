//! Texts that match a pattern, where it is a plain one: no look-around, no references back.

use std::iter::Peekable;
use std::str::Chars;

use super::chance::Chance;

/// How many more there are at most than there have to be, where any number may be.
const MORE: u32 = 3;
/// How deep groups go.
const DEPTH: usize = 16;
/// How many parts are written at most.
const PARTS: u32 = 4096;

/// A text that matches, if the pattern is one that is understood.
pub(super) fn matching(pattern: &str, chance: &mut Chance) -> Option<String> {
    let mut parser = Parser(pattern.chars().peekable());
    let all = parser.choices(0)?;
    if parser.0.next().is_some() {
        return None;
    }
    let (mut text, mut left) = (String::new(), PARTS);
    all.write(&mut text, &mut left, chance)?;
    Some(text)
}

/// Any one of several sequences.
struct Choices(Vec<Vec<Repeated>>);

/// Something so many times.
struct Repeated {
    part: Part,
    from: u32,
    to: u32,
}

enum Part {
    /// Any one of these ranges.
    Range(Vec<(char, char)>),
    Group(Choices),
}

impl Choices {
    /// Writes one; `None` when that takes more parts than are left.
    fn write(&self, text: &mut String, left: &mut u32, chance: &mut Chance) -> Option<()> {
        for repeated in chance.one_of(&self.0)? {
            for _ in 0..chance.between(repeated.from.into(), repeated.to.into()) {
                *left = left.checked_sub(1)?;
                match &repeated.part {
                    Part::Range(ranges) => {
                        let (from, to) = chance.one_of(ranges)?;
                        let code = chance.between(u32::from(*from).into(), u32::from(*to).into());
                        text.push(char::from_u32(u32::try_from(code).ok()?)?);
                    }
                    Part::Group(choices) => choices.write(text, left, chance)?,
                }
            }
        }
        Some(())
    }
}

struct Parser<'p>(Peekable<Chars<'p>>);

impl Parser<'_> {
    fn takes(&mut self, wanted: char) -> bool {
        self.0.next_if_eq(&wanted).is_some()
    }

    /// Up to the end, or the end of the group.
    fn choices(&mut self, depth: usize) -> Option<Choices> {
        if depth > DEPTH {
            return None;
        }
        let mut all = vec![Vec::new()];
        // Of the whole alone it is known that nothing comes before or behind it.
        let mut is_begin = depth == 0;
        while let Some(next) = self.0.next_if(|c| *c != ')') {
            let sequence = all.last_mut()?;
            match next {
                '^' if is_begin => {}
                '$' if depth == 0 && matches!(self.0.peek(), None | Some('|')) => {}
                '|' => {
                    all.push(Vec::new());
                    is_begin = depth == 0;
                    continue;
                }
                '^' | '$' | '*' | '+' | '?' | '{' => return None,
                next => {
                    let part = self.part(next, depth)?;
                    let (from, to) = self.times()?;
                    sequence.push(Repeated { part, from, to });
                }
            }
            is_begin = false;
        }
        Some(Choices(all))
    }

    fn part(&mut self, next: char, depth: usize) -> Option<Part> {
        Some(match next {
            '(' => {
                if self.takes('?') && !self.takes(':') {
                    return None;
                }
                let choices = self.choices(depth + 1)?;
                self.0.next_if_eq(&')')?;
                Part::Group(choices)
            }
            '[' => Part::Range(self.class()?),
            '.' => Part::Range(vec![('a', 'z')]),
            '\\' => Part::Range(self.escaped()?),
            plain => Part::Range(vec![(plain, plain)]),
        })
    }

    /// What is behind a backslash.
    fn escaped(&mut self) -> Option<Vec<(char, char)>> {
        Some(match self.0.next()? {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![(' ', ' ')],
            'n' => vec![('\n', '\n')],
            't' => vec![('\t', '\t')],
            letter if letter.is_alphanumeric() => return None,
            sign => vec![(sign, sign)],
        })
    }

    /// A class, up to its end.
    fn class(&mut self) -> Option<Vec<(char, char)>> {
        let is_negated = self.takes('^');
        let mut ranges = Vec::new();
        loop {
            let next = match self.0.next()? {
                ']' => break,
                '\\' => self.escaped()?,
                plain => vec![(plain, plain)],
            };
            let [(from, only)] = *next else {
                ranges.extend(next);
                continue;
            };
            let mut ahead = self.0.clone();
            if from == only && ahead.next() == Some('-') && ahead.next().is_some_and(|c| c != ']') {
                self.0.next();
                let to = match self.0.next()? {
                    '\\' => self.escaped()?,
                    plain => vec![(plain, plain)],
                };
                let [(to, _)] = *to else {
                    return None;
                };
                ranges.push((from, to));
            } else {
                ranges.push((from, only));
            }
        }
        if is_negated {
            let is_in = |c: &char| ranges.iter().any(|(from, to)| (from..=to).contains(&c));
            let others = (' '..='~').filter(|c| !is_in(c));
            ranges = others.map(|c| (c, c)).collect();
        }
        (ranges.iter().all(|(from, to)| from <= to) && !ranges.is_empty()).then_some(ranges)
    }

    /// How often what came before comes.
    fn times(&mut self) -> Option<(u32, u32)> {
        let (from, to) = match self.0.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.0.next();
                let from = self.number()?;
                let to = match self.takes(',') {
                    true if self.0.peek() == Some(&'}') => None,
                    true => Some(self.number()?),
                    false => Some(from),
                };
                (from, to)
            }
            _ => return Some((1, 1)),
        };
        // The last sign of each of them.
        self.0.next()?;
        // As few as can be is as good.
        self.takes('?');
        let to = to.unwrap_or_else(|| from.saturating_add(MORE));
        (from <= to).then_some((from, to))
    }

    fn number(&mut self) -> Option<u32> {
        let mut digits = String::new();
        while let Some(digit) = self.0.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_made_matches_and_what_is_not_understood_is_left() {
        let mut chance = Chance::of(1, &[]);
        for pattern in [
            "^#[0-9a-f]{6}$",
            r"^\d{1,3}(\.\d{1,3}){3}$",
            "^(?:left|right|(up|down)-[A-Z_]+)?$",
            r"^[^a-z\]]{2,}\w*$",
            "^ab|cd$",
            r"^[\w.-]+@[a-z]+?\.example$",
            "in the middle",
            "^[a-]$",
            "^$",
        ] {
            let schema = json!({"type": "string", "pattern": pattern});
            let validator = jsonschema::validator_for(&schema).unwrap();
            for _ in 0..100 {
                let text = matching(pattern, &mut chance).expect(pattern);
                assert!(validator.is_valid(&json!(text)), "{pattern}: {text}");
            }
        }
        let deep = "(".repeat(10_000) + &")".repeat(10_000);
        for pattern in [
            "^(?=a)b$",
            r"(a)\1",
            r"\bword",
            "a{",
            "[",
            "(",
            "[z-a]",
            "a**",
            "b^",
            "x{99999}",
            "[^ -~]",
            "(((((x{99}){99}){99}){99}){99})",
            "((((((){99}){99}){99}){99}){99})",
            r"\p{L}",
            "a)",
            &deep,
        ] {
            assert_eq!(matching(pattern, &mut chance), None, "{pattern}");
        }
    }
}
