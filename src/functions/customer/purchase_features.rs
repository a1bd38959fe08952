//! `__launch_purchase_features(...)`: what was known of users and candidates, for the macro `launch_purchase_features`.

use super::{MARKET, fit_purchase::between, market::Batch};
use crate::{customer::purchase::Pair, functions::prelude::*};

/// See [`Function::ABOUT`].
pub struct OfPairs;

/// The options as the caller gave them.
#[derive(Clone, PartialEq)]
pub struct Options {
    days: Option<i64>,
    active: Option<i64>,
    as_of: Option<i32>,
}

impl Function for OfPairs {
    const NAME: &'static str = "__launch_purchase_features";
    const ABOUT: &'static str = "
        What was known of users and candidates before a day; launch_purchase_features shows it as a table.

        @market
        @param days: BIGINT = 30  days from a launch within which a purchase counts
        @param active: BIGINT = 90  days before it within which a user has done something
        @param as_of: DATE = NULL  the day; NULL for the launch
        @returns product: VARCHAR  the candidate
        @returns user: VARCHAR  the user
        @returns as_of: DATE  the day
        @returns active: BOOLEAN  whether the user did something of late
        @returns days_since_purchase: DOUBLE  see launch_purchase_features
        @returns recent_purchase_days: DOUBLE  see launch_purchase_features
        @returns purchase_days: DOUBLE  see launch_purchase_features
        @returns spend: DOUBLE  see launch_purchase_features
        @returns basket_size: DOUBLE  see launch_purchase_features
        @returns activity_trend: DOUBLE  see launch_purchase_features
        @returns main_channel_share: DOUBLE  see launch_purchase_features
        @returns launches_bought: DOUBLE  see launch_purchase_features
        @returns launch_share: DOUBLE  see launch_purchase_features
        @returns alike_purchases: DOUBLE  see launch_purchase_features
        @returns alike_purchases_wide: DOUBLE  see launch_purchase_features
        @returns alike_share: DOUBLE  see launch_purchase_features
        @returns most_alike: DOUBLE  see launch_purchase_features
        @returns alike_views: DOUBLE  see launch_purchase_features
        @returns alike_launches_bought: DOUBLE  see launch_purchase_features
        @returns category_purchases: DOUBLE  see launch_purchase_features
        @returns category_share: DOUBLE  see launch_purchase_features
        @returns category_affinity: DOUBLE  see launch_purchase_features
        @returns category_days: DOUBLE  see launch_purchase_features
        @returns days_since_category: DOUBLE  see launch_purchase_features
        @returns category_rhythm: DOUBLE  see launch_purchase_features
        @returns category_due: DOUBLE  see launch_purchase_features
        @returns brand_share: DOUBLE  see launch_purchase_features
        @returns brand_affinity: DOUBLE  see launch_purchase_features
        @returns attribute_affinity: DOUBLE  see launch_purchase_features
        @returns best_affinity: DOUBLE  see launch_purchase_features
        @returns price_distance: DOUBLE  see launch_purchase_features
        @returns price_level_distance: DOUBLE  see launch_purchase_features
        @returns launch_take_up: DOUBLE  see launch_purchase_features
        @returns alike_buyers: DOUBLE  see launch_purchase_features
        @returns category_buyers: DOUBLE  see launch_purchase_features
        @returns price_level: DOUBLE  see launch_purchase_features
        @example SELECT __launch_purchase_features(u, NULL, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL)
            FROM (VALUES ('Ann')) t(u)
    ";
    const SHARED: &'static [Shared] = MARKET;

    type Answer = Vec<Row>;
}

macro_rules! row {
    ($($name:ident),+ $(,)?) => {
        /// A pair.
        #[derive(AsDuckDB, Debug)]
        pub struct Row {
            product: String,
            user: String,
            as_of: DateValue,
            active: bool,
            $($name: Option<f64>),+
        }

        impl Row {
            fn of(product: String, user: String, day: i32, pair: &Pair) -> Self {
                let known = |value: f64| value.is_finite().then_some(value);
                Self {
                    product,
                    user,
                    as_of: DateValue(day),
                    active: pair.eligible,
                    $($name: known(pair.features.$name)),+
                }
            }
        }
    };
}

// The fields of `Features`, in their order.
row! {
    days_since_purchase,
    recent_purchase_days,
    purchase_days,
    spend,
    basket_size,
    activity_trend,
    main_channel_share,
    launches_bought,
    launch_share,
    alike_purchases,
    alike_purchases_wide,
    alike_share,
    most_alike,
    alike_views,
    alike_launches_bought,
    category_purchases,
    category_share,
    category_affinity,
    category_days,
    days_since_category,
    category_rhythm,
    category_due,
    brand_share,
    brand_affinity,
    attribute_affinity,
    best_affinity,
    price_distance,
    price_level_distance,
    launch_take_up,
    alike_buyers,
    category_buyers,
    price_level,
}

impl Gather for OfPairs {
    type Batch = Batch;
    type Options = Options;

    fn read(arguments: &mut Arguments) -> Result<(Batch, Vec<Options>), Failure> {
        let batch = Batch::read(arguments)?;
        let (days, active, as_of) = (arguments.whole()?, arguments.whole()?, arguments.days()?);
        let options = |row: usize| Options {
            days: days[row],
            active: active[row],
            as_of: as_of[row],
        };
        Ok((batch, (0..arguments.rows()).map(options).collect()))
    }

    fn answer(query: &Query, rows: &Rows<Batch>, options: &Options) -> Result<Self::Answer, Failure> {
        let days = between(options.days, "days", 1, 3_650)? as i32;
        let active = between(options.active, "active", 1, 3_650)? as i32;
        let market = Batch::market(rows.batches())?;
        let found = query.run(|| market.pairs(days, active, options.as_of))?;
        let rows = found.into_iter().flat_map(|(product, day, pairs)| {
            let market = &market;
            let row = move |pair: Pair| Row::of(product.clone(), market.user(pair.user).key.clone(), day, &pair);
            pairs.into_iter().map(row)
        });
        Ok(rows.collect())
    }
}
