//! What a report is written of: the plan, and the other tables as they are there.

use super::rows::Rows;

/// The tables, each `None` where it was not given.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// As `launch_plan` returns it.
    pub plan: Rows,
    /// As `launch_forecast` returns it.
    pub forecast: Option<Rows>,
    /// As `launch_total` returns it for the whole horizon.
    pub total: Option<Rows>,
    /// As `launch_comparables` returns it.
    pub comparables: Option<Rows>,
    /// As `launch_timing` returns it.
    pub timing: Option<Rows>,
    /// As `launch_pricing` returns it.
    pub pricing: Option<Rows>,
    /// As `launch_stock` returns it.
    pub stock: Option<Rows>,
    /// As `launch_channels` returns it.
    pub channels: Option<Rows>,
    /// As `launch_calendar` returns it.
    pub calendar: Option<Rows>,
    /// What `launch_audience` returns, counted by product and channel.
    pub audience: Option<Rows>,
    /// As `launch_evaluate` or `launch_backtest` returns it.
    pub evaluation: Option<Rows>,
    /// As `launch_review` returns it.
    pub review: Option<Rows>,
    /// As `launch_doctor` returns it.
    pub doctor: Option<Rows>,
}

/// What a report is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// The heading; `None` for the one that says what it is.
    pub title: Option<String>,
    /// Products shown in full, at most.
    pub full: usize,
    /// The column of products in all tables.
    pub product_id: String,
    /// What `launch_model_info` says of the model, if one was given.
    pub model: Option<String>,
    /// The version of the extension.
    pub version: String,
}
