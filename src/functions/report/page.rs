//! `__launch_report(...)`: the page of a plan, for the macro `launch_report`.

use super::given::{self, Given};
use crate::{functions::prelude::*, model::describe, report};

/// See [`Function::ABOUT`].
pub struct Page;

impl Function for Page {
    const NAME: &'static str = "__launch_report";
    const ABOUT: &'static str = "
        The page of a plan; launch_report reads the tables for it.

        @tables
        @param model: BLOB = NULL  the model column of launch_train
        @param title: VARCHAR = NULL  the heading
        @param most: BIGINT = 50  products shown in full
        @param key: VARCHAR = 'product_id'  the field of products
        @returns BLOB  the page
        @example SELECT __launch_report([{'product_id': 'N1', 'launch_date': '2024-10-07'}], NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL)
    ";
    const SHARED: &'static [Shared] = given::SHARED;

    type Answer = Option<BlobValue>;
}

impl PerChunk for Page {
    fn answer(_: &Query, mut arguments: Arguments) -> Result<Vec<Self::Answer>, Failure> {
        let rows = arguments.rows();
        let mut tables = Given::read(&mut arguments)?;
        let (models, titles) = (arguments.blobs()?, arguments.texts()?);
        let (mosts, keys) = (arguments.whole()?, arguments.texts()?);
        let mut models = models.iter();
        let mut pages = Vec::with_capacity(rows);
        for ((row, title), (most, key)) in titles.into_iter().enumerate().zip(mosts.into_iter().zip(&keys)) {
            let model = models.next().flatten().map(describe).transpose()?;
            let options = given::options(most, key.as_ref(), title, model)?;
            let page = report::write(&tables.row(row), &options)?;
            pages.push(Some(BlobValue(page.into_bytes())));
        }
        Ok(pages)
    }
}
