//! `__launch_option(option_name, chosen, allowed)`: an option that is one of a few words.

use crate::functions::prelude::*;

/// See [`Function::ABOUT`].
pub struct OneOf;

impl Function for OneOf {
    const NAME: &'static str = "__launch_option";
    // The caller knows another function, so an error must not begin with this one.
    const ASKED: &'static str = "";
    const ABOUT: &'static str = "
        Checks an option that is one of a few words.

        @param option_name: VARCHAR  the option's name, for the error
        @param chosen: VARCHAR  the word, in any case
        @param allowed: VARCHAR[]  the words there are, in lower case
        @returns VARCHAR  the word in lower case
        @example SELECT __launch_option('missing', 'Zero', ['zero', 'null'])
    ";

    type Answer = Option<String>;
}

impl PerChunk for OneOf {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let (names, chosen) = (arguments.texts()?, arguments.texts()?);
        let allowed = arguments.lists::<String>()?;
        let each = names.into_iter().zip(chosen).zip(allowed);
        each.map(|((name, chosen), allowed)| {
            let allowed: Vec<String> = allowed.into_iter().flatten().flatten().collect();
            one_of(&name.unwrap_or_default(), chosen.as_deref(), &allowed).map(Some)
        })
        .collect()
    }
}

fn one_of(name: &str, chosen: Option<&str>, allowed: &[String]) -> Result<String, Failure> {
    let word = chosen.map(str::to_lowercase);
    word.filter(|word| allowed.contains(word)).ok_or_else(|| {
        let got = chosen.map_or("NULL".to_owned(), |chosen| format!("'{chosen}'"));
        Failure::new(format!("{name} must be one of {}, got {got}", allowed.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_in_any_case() {
        let allowed = ["zero".to_owned(), "null".to_owned()];
        assert_eq!(one_of("missing", Some("ZERO"), &allowed).unwrap(), "zero");
        let wrong = |chosen| one_of("missing", chosen, &allowed).unwrap_err().to_string();
        assert_eq!(wrong(Some("None")), "missing must be one of zero, null, got 'None'");
        assert_eq!(wrong(None), "missing must be one of zero, null, got NULL");
    }
}
