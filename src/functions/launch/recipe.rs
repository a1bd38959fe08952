//! The options of networks, which all aggregates that train share.

use duckdb_neo::{
    bind_arguments::BindArguments,
    data_chunk::VectorCollection,
    signature::{FunctionParameter, FunctionParameterKind, SignatureBuilder},
    types::List,
};

use super::launches::{constant, required};
use crate::{
    functions::{documentation::ParameterText, guard::Failure, vectors},
    neural::{Recipe, RecipeOptions},
};

/// Their texts, in the order of [`declare`].
pub const PARAMETERS: [ParameterText; 9] = [
    text(
        "hidden",
        "BIGINT[]",
        "networks: units of each hidden layer, [128, 64] if NULL",
    ),
    text(
        "epochs",
        "BIGINT",
        "networks: passes over the launches at most, 100 if NULL",
    ),
    text(
        "batch_size",
        "BIGINT",
        "networks: launches per step of the optimiser, 32 if NULL",
    ),
    text(
        "learning_rate",
        "DOUBLE",
        "networks: learning rate of Adam, 0.001 if NULL",
    ),
    text(
        "loss",
        "VARCHAR",
        "networks: what is minimised, quantile or mse; quantile if NULL",
    ),
    text(
        "dropout",
        "DOUBLE",
        "networks: share of hidden units left out at random in training, 0.4 if NULL",
    ),
    text(
        "networks",
        "BIGINT",
        "networks: how many are trained from different seeds and averaged, 3 if NULL",
    ),
    text(
        "patience",
        "BIGINT",
        "networks: epochs without a lower held-out loss until it stops, 10 if NULL",
    ),
    text(
        "context_length",
        "BIGINT",
        "networks: latest steps of own sales looked at, all if NULL",
    ),
];

const fn text(name: &'static str, sql_type: &'static str, text: &'static str) -> ParameterText<'static> {
    ParameterText {
        name,
        sql_type,
        default: Some("NULL"),
        text,
    }
}

/// Add them to a signature, by name only.
pub fn declare(signature: SignatureBuilder) -> SignatureBuilder {
    let named = |parameter: FunctionParameter| parameter.kind(FunctionParameterKind::Named);
    let whole = |name| named(FunctionParameter::with_default(name, None::<i64>));
    signature
        .param(named(FunctionParameter::with_default("hidden", None::<List<i64>>)))
        .param(whole("epochs"))
        .param(whole("batch_size"))
        .param(named(FunctionParameter::with_default("learning_rate", None::<f64>)))
        .param(named(FunctionParameter::with_default("loss", None::<String>)))
        .param(named(FunctionParameter::with_default("dropout", None::<f64>)))
        .param(whole("networks"))
        .param(whole("patience"))
        .param(whole("context_length"))
}

/// Check those that are known when a query is bound.
pub fn check(arguments: &BindArguments<'_>) -> Result<(), Failure> {
    Recipe::try_new(&RecipeOptions {
        hidden: constant::<List<i64>>(arguments, "hidden")?
            .map(|layers| whole_layers(layers.0))
            .transpose()?,
        epochs: constant(arguments, "epochs")?,
        batch_size: constant(arguments, "batch_size")?,
        learning_rate: constant(arguments, "learning_rate")?,
        loss: constant(arguments, "loss")?,
        dropout: constant(arguments, "dropout")?,
        networks: constant(arguments, "networks")?,
        patience: constant(arguments, "patience")?,
        context_length: constant(arguments, "context_length")?,
        seed: None,
    })?;
    Ok(())
}

/// Those of each row, checked; the first is argument `first`. The seed is left open.
pub fn read(vectors: &mut VectorCollection, first: usize, rows: usize) -> Result<Vec<RecipeOptions>, Failure> {
    let hidden = vectors::values::<List<i64>, Vec<Option<i64>>>(vectors, first, rows, |layers| {
        layers.iter().map(|v| v.copied()).collect()
    })?;
    let mut whole = |offset: usize| vectors::values::<i64, _>(vectors, first + offset, rows, |v| *v);
    let (epochs, batch_size) = (whole(1)?, whole(2)?);
    let (networks, patience, context_length) = (whole(6)?, whole(7)?, whole(8)?);
    let learning_rate = vectors::values::<f64, _>(vectors, first + 3, rows, |v| *v)?;
    let dropout = vectors::values::<f64, _>(vectors, first + 5, rows, |v| *v)?;
    let loss = vectors::texts(vectors, first + 4, rows)?;
    let mut out: Vec<RecipeOptions> = Vec::with_capacity(rows);
    for (row, (hidden, loss)) in hidden.into_iter().zip(loss).enumerate() {
        let options = RecipeOptions {
            hidden: hidden.map(whole_layers).transpose()?,
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

fn whole_layers(layers: Vec<Option<i64>>) -> Result<Vec<i64>, Failure> {
    let layer = |units| required(units, "each number of hidden");
    layers.into_iter().map(layer).collect()
}
