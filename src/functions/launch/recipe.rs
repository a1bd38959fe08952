//! The options of networks, which all aggregates that train share.

use crate::{
    functions::prelude::*,
    neural::{Recipe, RecipeOptions},
};

/// Their lines of a header, in the order of [`read`].
pub const HEADER: &str = "@param hidden: BIGINT[] = NULL  networks: units of each hidden layer, [128, 64] if NULL
    @param epochs: BIGINT = NULL  networks: passes over the launches at most, 100 if NULL
    @param batch_size: BIGINT = NULL  networks: launches per step of the optimiser, 32 if NULL
    @param learning_rate: DOUBLE = NULL  networks: learning rate of Adam, 0.004 if NULL
    @param loss: VARCHAR = NULL  networks: what is minimised, quantile or mse; quantile if NULL
    @param dropout: DOUBLE = NULL  networks: share of hidden units left out at random in training, 0.4 if NULL
    @param networks: BIGINT = NULL  networks: how many are trained from different seeds and averaged, 3 if NULL
    @param patience: BIGINT = NULL  networks: epochs without a lower held-out loss until it stops, 10 if NULL
    @param context_length: BIGINT = NULL  networks: latest steps of own sales looked at, all if NULL";

/// Check those that are known when a query is bound.
///
/// # Errors
/// An option that is not allowed.
pub fn check(known: &Known<'_>) -> Result<(), Failure> {
    Recipe::try_new(&RecipeOptions {
        hidden: known
            .value::<List<i64>>("hidden")?
            .map(|list| layers(list.0))
            .transpose()?,
        epochs: known.value("epochs")?,
        batch_size: known.value("batch_size")?,
        learning_rate: known.value("learning_rate")?,
        loss: known.value("loss")?,
        dropout: known.value("dropout")?,
        networks: known.value("networks")?,
        patience: known.value("patience")?,
        context_length: known.value("context_length")?,
        seed: None,
    })?;
    Ok(())
}

/// Those of each row. The seed is left open.
///
/// # Errors
/// An option that is not allowed.
pub fn read(arguments: &mut Arguments) -> Result<Vec<RecipeOptions>, Failure> {
    let hidden = arguments.lists::<i64>()?;
    let (epochs, batch_size) = (arguments.whole()?, arguments.whole()?);
    let (learning_rate, loss, dropout) = (arguments.numbers()?, arguments.texts()?, arguments.numbers()?);
    let (networks, patience, context_length) = (arguments.whole()?, arguments.whole()?, arguments.whole()?);
    let mut out: Vec<RecipeOptions> = Vec::with_capacity(hidden.len());
    for (row, (hidden, loss)) in hidden.into_iter().zip(loss).enumerate() {
        let options = RecipeOptions {
            hidden: hidden.map(layers).transpose()?,
            epochs: epochs[row],
            batch_size: batch_size[row],
            learning_rate: learning_rate[row],
            loss,
            dropout: dropout[row],
            networks: networks[row],
            patience: patience[row],
            context_length: context_length[row],
            seed: None,
        };
        // Mostly the same in all rows.
        if out.last() != Some(&options) {
            Recipe::try_new(&options)?;
        }
        out.push(options);
    }
    Ok(out)
}

fn layers(given: Vec<Option<i64>>) -> Result<Vec<i64>, Failure> {
    let layer = |units| required(units, "each number of hidden");
    given.into_iter().map(layer).collect()
}
