//! `__launch_audience(...)`: whom to tell of candidates, for the macro `launch_audience`.

use super::{MARKET, fit_purchase::between, market::Batch};
use crate::{
    customer::purchase::{Advice, Audience, audience},
    functions::prelude::*,
};

/// See [`Function::ABOUT`].
pub struct Drawn;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    top: Option<i64>,
    /// Its bits: a number that is none would not be the same as itself.
    control: Option<u64>,
    contacts: Option<i64>,
    as_of: Option<i32>,
    seed: Option<i64>,
}

impl Function for Drawn {
    const NAME: &'static str = "__launch_audience";
    const ABOUT: &'static str = "
        The users to tell of candidates; launch_audience shows them as a table.

        @market
        @param top: BIGINT = 1000  users of a candidate at most
        @param control: DOUBLE = 0.1  share of them that is not told
        @param contacts: BIGINT = NULL  candidates of a user at most
        @param as_of: DATE = NULL  the day; NULL for the launch
        @param seed: BIGINT = 42  seed of the control group
        @returns product: VARCHAR  the candidate
        @returns user: VARCHAR  the user
        @returns rank: BIGINT  from 1
        @returns probability: DOUBLE  that the user buys
        @returns expected_units: DOUBLE  units expected
        @returns channel: BIGINT  number of the channel
        @returns is_control: BOOLEAN  whether the user is not told
        @returns status: VARCHAR  ok or refused
        @returns reason: VARCHAR  what the user did, or why there is none
        @example SELECT __launch_audience(NULL, NULL, true, NULL, 1, 'N', NULL, 5.0, 'C1', 'B1', g, false, NULL, model)
            FROM purchase_model, (SELECT * EXCLUDE (product_id, launch_date) FROM goods LIMIT 1) g
    ";
    const SHARED: &'static [Shared] = MARKET;

    type Answer = Vec<Row>;
}

/// A pair, or a candidate that cannot be asked about.
#[derive(AsDuckDB, Debug)]
pub struct Row {
    product: Option<String>,
    user: Option<String>,
    rank: Option<i64>,
    probability: Option<f64>,
    expected_units: Option<f64>,
    channel: Option<i64>,
    is_control: Option<bool>,
    status: String,
    reason: Option<String>,
}

impl From<Advice> for Row {
    fn from(advice: Advice) -> Self {
        Self {
            product: advice.product,
            user: advice.user,
            rank: advice.rank,
            probability: advice.probability,
            expected_units: advice.expected_units,
            channel: advice.channel,
            is_control: advice.is_control,
            status: if advice.refusal.is_some() { "refused" } else { "ok" }.to_owned(),
            reason: advice.refusal.or(advice.reason),
        }
    }
}

impl Gather for Drawn {
    type Batch = Batch;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch::read(arguments)?;
        let (top, control, contacts) = (arguments.whole()?, arguments.numbers()?, arguments.whole()?);
        let (as_of, seed) = (arguments.days()?, arguments.whole()?);
        let options = |row: usize| Options {
            top: top[row],
            control: control[row].map(f64::to_bits),
            contacts: contacts[row],
            as_of: as_of[row],
            seed: seed[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let control = f64::from_bits(required(options.control, "control")?);
        if !(0.0..1.0).contains(&control) {
            return Err(Failure::new(format!(
                "control must be from 0 to below 1, got {control}"
            )));
        }
        let contacts = options
            .contacts
            .map(|c| between(Some(c), "contacts", 1, i64::from(u32::MAX)));
        let wanted = Audience {
            top: between(options.top, "top", 1, i64::from(u32::MAX))? as usize,
            control,
            contacts: contacts.transpose()?.map(|c| c as usize),
            as_of: options.as_of,
            seed: required(options.seed, "seed")?,
        };
        let model = Batch::model(query, rows.batches())?;
        let market = Batch::market(rows.batches())?;
        let found = query.run(|| audience(&market, &model.model, &wanted))??;
        Ok(found.into_iter().map(Row::from).collect())
    }
}
