//! Tables in: the calendar, launches aligned on step 1 with the series beside them.

mod bounds;
mod calendar;
mod covariates;
mod demand;
mod launches;
mod scales;
mod usable;

pub(crate) use calendar::season;
pub use calendar::{FIRST_DAY, Frequency, day_of_year_angle, format_date, last_day, parse_date};
pub(crate) use covariates::is_summary;
pub use covariates::{Covariates, LEAD, Series, SeriesName};
pub use demand::Demand;
pub(crate) use demand::expected_above;
pub(crate) use launches::mean;
pub use launches::{Candidates, LaunchPanel, MAX_HORIZON, check_horizon, product_of};
pub use scales::{CovariateScales, ScaledCovariates};
pub use usable::unusable;
