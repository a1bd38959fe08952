//! Tables in: the calendar, launches aligned on step 1 with the series beside them, attributes turned into numbers.

mod attributes;
mod calendar;
mod covariates;
mod launches;
mod scales;
mod text;
mod usable;

pub use attributes::{AttributeEncoder, EncodedColumn, Encoding, MISSING, UNSEEN};
pub(crate) use attributes::{find_column, numbers};
pub use calendar::{FIRST_DAY, Frequency, day_of_year_angle, format_date, last_day, parse_date};
pub(crate) use covariates::is_summary;
pub use covariates::{Covariates, LEAD, Series, SeriesName};
pub(crate) use launches::mean;
pub use launches::{Candidates, LaunchPanel, MAX_HORIZON, check_horizon};
pub use scales::{CovariateScales, ScaledCovariates};
pub(crate) use usable::is_infinite;
pub use usable::unusable;
