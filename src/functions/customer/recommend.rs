//! `__launch_recommend(...)`: candidates for users, for the macro `launch_recommend`.

use super::{MARKET, audience::Row, fit_purchase::between, market::Batch};
use crate::{customer::purchase::recommend, functions::prelude::*};

/// See [`Function::ABOUT`].
pub struct Chosen;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    k: Option<i64>,
    /// Its bits: a number that is none would not be the same as itself.
    diversity: Option<u64>,
    as_of: Option<i32>,
}

impl Function for Chosen {
    const NAME: &'static str = "__launch_recommend";
    const ABOUT: &'static str = "
        Candidates for users; launch_recommend shows them as a table.

        @market
        @param k: BIGINT = 5  candidates of a user at most
        @param diversity: DOUBLE = 0.0  how far apart they are, 0 to 1
        @param as_of: DATE = NULL  the day; NULL for the launch
        @returns product: VARCHAR  the candidate
        @returns user: VARCHAR  the user
        @returns rank: BIGINT  from 1
        @returns probability: DOUBLE  that the user buys
        @returns expected_units: DOUBLE  units expected
        @returns channel: BIGINT  number of the channel
        @returns is_control: BOOLEAN  NULL
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the user did, or why there is none
        @example SELECT __launch_recommend(NULL, NULL, true, NULL, 1, 'N', NULL, 5.0, 'C1', 'B1', g, false, NULL, model)
            FROM purchase_model, (SELECT * EXCLUDE (product_id, launch_date) FROM goods LIMIT 1) g
    ";
    const SHARED: &'static [Shared] = MARKET;

    type Answer = Vec<Row>;
}

impl Gather for Chosen {
    type Batch = Batch;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch::read(arguments)?;
        let (k, diversity, as_of) = (arguments.whole()?, arguments.numbers()?, arguments.days()?);
        let options = |row: usize| Options {
            k: k[row],
            diversity: diversity[row].map(f64::to_bits),
            as_of: as_of[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let diversity = f64::from_bits(required(options.diversity, "diversity")?);
        if !(0.0..=1.0).contains(&diversity) {
            return Err(Failure::new(format!("diversity must be from 0 to 1, got {diversity}")));
        }
        let k = between(options.k, "k", 1, i64::from(u32::MAX))? as usize;
        let model = Batch::model(query, rows.batches())?;
        let market = Batch::market(rows.batches())?;
        let found = query.run(|| recommend(&market, &model.model, k, diversity, options.as_of))??;
        Ok(found.into_iter().map(Row::from).collect())
    }
}
