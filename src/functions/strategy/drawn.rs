//! The worlds of candidates that are given as a list, drawn in blocks so that not all of them are held at a time.

use rayon::prelude::*;

use crate::{
    functions::{
        launch::candidates::{Asked, Refused},
        prelude::*,
    },
    launch::{Scenarios, reason},
};

/// Worlds of candidates that are drawn at a time.
const BLOCK: usize = 256_000;

/// What seeds the worlds that a plan is judged in, where it was chosen in others.
const JUDGED: &str = " judged";

/// Candidates that are asked about.
pub struct Candidates<'a> {
    /// The query.
    pub query: &'a Query,
    /// The candidates, all of one model.
    pub asked: &'a Asked,
    /// What each is called: it seeds the draw.
    pub keys: &'a [String],
    /// Worlds.
    pub n: i64,
    /// Whether they are drawn a second time.
    pub twice: bool,
}

/// A candidate whose worlds have been drawn.
pub struct Drawn {
    /// Its place in the list, from 0.
    pub place: usize,
    /// Its launch, in days since 1970-01-01.
    pub launch: i32,
    /// Its worlds.
    pub scenarios: Scenarios,
    /// The same drawn anew, where that was asked for.
    pub judged: Option<Scenarios>,
    /// What the forecast rests on.
    pub reason: String,
}

impl Candidates<'_> {
    /// The answer to each candidate: `answer` to one that has a forecast, `refuse` to the reason of another.
    ///
    /// # Errors
    /// What ends the query: wrong arguments.
    pub fn each<A: Default + Send>(
        &self,
        answer: impl Fn(Drawn) -> A + Sync,
        refuse: impl Fn(String) -> A,
    ) -> Result<Vec<A>, Failure> {
        let size = (BLOCK / (self.n.max(1) as usize)).max(1);
        let refuse = |refused: Refused<'_>| Ok(refuse(refused.into_parts().1));
        self.asked.answer(
            self.query,
            |row| Ok(row / size),
            refuse,
            |batch, _| {
                let model = &batch.model.model;
                let draw = |suffix: &str| {
                    let keys: Vec<String> = batch.rows.iter().map(|&row| self.keys[row].clone() + suffix).collect();
                    model.scenarios(&batch.candidates, &keys, &batch.own_units, self.n)
                };
                let drawn = draw("")?;
                let judged: Vec<Option<Scenarios>> = match self.twice {
                    true => draw(JUDGED)?.into_iter().map(Some).collect(),
                    false => vec![None; drawn.len()],
                };
                let unknown = model.lacking(&batch.candidates);
                let launches = &batch.candidates.launch_days;
                let each = drawn
                    .into_par_iter()
                    .zip(judged)
                    .zip(batch.rows)
                    .zip(&unknown)
                    .zip(launches);
                Ok(each
                    .map(|((((scenarios, judged), &place), unknown), &launch)| {
                        let mut reason = reason(&scenarios.reason, scenarios.own_weight, unknown);
                        let unseen = scenarios.steps.iter().filter(|step| step.mean.is_none()).count();
                        if unseen > 0 && unseen < scenarios.steps.len() {
                            reason += &format!("; the last {unseen} steps cannot be forecast and count as 0");
                        }
                        answer(Drawn {
                            place,
                            launch,
                            scenarios,
                            judged,
                            reason,
                        })
                    })
                    .collect())
            },
        )
    }
}
