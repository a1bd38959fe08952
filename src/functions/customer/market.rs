//! The rows of users and of products that functions of purchases read.

use arrow_array::{RecordBatch, UInt32Array, new_null_array};
use arrow_schema::Schema;
use arrow_select::{concat::concat_batches, take::take_record_batch};
use std::sync::Arc;

use crate::{
    customer::{
        Classifier,
        purchase::{Event, Market, Product, User},
    },
    functions::{prelude::*, query::Decoded},
    model::{self, Stored},
};

/// The rows of one vector.
pub struct Batch {
    users: Vec<Option<(User, Vec<Option<i64>>)>>,
    products: Vec<Option<Listed>>,
    attributes: RecordBatch,
    models: Vec<Option<Vec<u8>>>,
}

/// A row of a product.
#[derive(Clone)]
struct Listed {
    code: i64,
    is_candidate: bool,
    product: Product,
}

impl Batch {
    /// Reads the arguments that `@market` declares.
    ///
    /// # Errors
    /// As the readings of [`Arguments`].
    pub fn read(arguments: &mut Arguments) -> Result<Self, Failure> {
        let keys = arguments.texts()?;
        let events = arguments.tables()?;
        let (asked, excluded) = (arguments.flags()?, arguments.lists::<String>()?);
        let mut users = Vec::with_capacity(keys.len());
        for (((key, events), asked), excluded) in keys.into_iter().zip(events).zip(asked).zip(excluded) {
            let Some(key) = key else {
                users.push(None);
                continue;
            };
            let (events, codes) = events.map_or_else(|| Ok((Vec::new(), Vec::new())), read_events)?;
            let user = User {
                key,
                events,
                asked: asked.unwrap_or(false),
                excluded: excluded.unwrap_or_default(),
            };
            users.push(Some((user, codes)));
        }
        let (codes, keys, launches) = (arguments.whole()?, arguments.texts()?, arguments.days()?);
        let (prices, categories, brands) = (arguments.numbers()?, arguments.texts()?, arguments.texts()?);
        let attributes = arguments.attributes()?;
        let candidates = arguments.flags()?;
        let unread = arguments.texts()?;
        let listed = |row: usize| {
            let product = Product {
                key: keys[row].clone().unwrap_or_default(),
                launch: launches[row],
                price: prices[row],
                category: categories[row].clone(),
                brand: brands[row].clone(),
                unread: unread[row].clone(),
            };
            Some(Listed {
                code: codes[row]?,
                is_candidate: candidates[row].unwrap_or(false),
                product,
            })
        };
        let products = (0..arguments.rows()).map(listed).collect();
        let models = arguments
            .blobs()?
            .iter()
            .map(|bytes| bytes.map(<[u8]>::to_vec))
            .collect();
        Ok(Self {
            users,
            products,
            attributes,
            models,
        })
    }

    /// The market that the rows of a group make.
    ///
    /// # Errors
    /// Attributes too large for an array.
    pub fn market<'a>(rows: impl Iterator<Item = (&'a Self, &'a [u32])>) -> Result<Market, Failure> {
        let (mut users, mut listed, mut batches) = (Vec::new(), Vec::new(), Vec::new());
        for (batch, rows) in rows {
            let rows = || rows.iter().map(|row| *row as usize);
            users.extend(rows().filter_map(|row| batch.users[row].clone()));
            let own: Vec<usize> = rows().filter(|row| batch.products[*row].is_some()).collect();
            if !own.is_empty() {
                listed.extend(own.iter().filter_map(|row| batch.products[*row].clone()));
                let indices = UInt32Array::from_iter_values(own.iter().map(|row| *row as u32));
                batches.push(take_record_batch(&batch.attributes, &indices)?);
            }
        }
        let schema = batches
            .first()
            .map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        // The last one is the product of events of which nothing is known.
        let columns = schema.fields().iter().map(|field| new_null_array(field.data_type(), 1));
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(1));
        batches.push(RecordBatch::try_new_with_options(
            schema.clone(),
            columns.collect(),
            &options,
        )?);
        let attributes = concat_batches(&schema, &batches)?;
        let mut order: Vec<usize> = (0..listed.len()).collect();
        order.sort_by(|a, b| {
            let key = |l: &Listed| (l.code, l.is_candidate, l.product.launch);
            key(&listed[*a]).cmp(&key(&listed[*b]))
        });
        let indices = order.iter().copied().chain([listed.len()]).map(|row| row as u32);
        let attributes = take_record_batch(&attributes, &UInt32Array::from_iter_values(indices))?;
        let codes: Vec<i64> = order.iter().map(|row| listed[*row].code).collect();
        let candidates = (0..order.len())
            .filter(|place| listed[order[*place]].is_candidate)
            .collect();
        let unknown = order.len();
        let place = |code: Option<i64>| {
            // Of a candidate that is among the products too, events are those of the product, which comes first.
            let found = code.map(|code| codes.partition_point(|c| *c < code));
            let found = found.filter(|place| codes.get(*place) == code.as_ref());
            found.unwrap_or(unknown) as u32
        };
        let users = users.into_iter().map(|(mut user, codes)| {
            user.events
                .iter_mut()
                .zip(codes)
                .for_each(|(event, code)| event.product = place(code));
            user
        });
        let users = users.collect();
        let mut products: Vec<Product> = order.iter().map(|row| listed[*row].product.clone()).collect();
        products.push(Product::default());
        Ok(Market::new(products, &attributes, candidates, users))
    }

    /// The one model among the rows.
    ///
    /// # Errors
    /// Bytes that are no classifier, and none at all.
    pub fn model<'a>(
        query: &Query,
        mut rows: impl Iterator<Item = (&'a Self, &'a [u32])>,
    ) -> Result<Arc<Decoded<Classifier>>, Failure> {
        let bytes = rows.find_map(|(batch, rows)| rows.iter().find_map(|row| batch.models[*row as usize].as_deref()));
        let bytes = bytes.ok_or_else(|| Failure::new("the model is NULL: train one with launch_train_purchase"))?;
        let kind = model::open(bytes)?.0.kind;
        if kind != Classifier::KIND {
            return Err(Failure::new(format!(
                "this is a model of kind '{kind}': train one with launch_train_purchase"
            )));
        }
        query.model::<Classifier>(bytes)
    }
}

type Events = (Vec<Event>, Vec<Option<i64>>);

fn read_events(mut table: Arguments) -> Result<Events, Failure> {
    let (codes, days) = (table.whole()?, table.days()?);
    let (units, prices) = (table.numbers()?, table.numbers()?);
    let (channels, bought) = (table.whole()?, table.flags()?);
    let mut events = Vec::with_capacity(codes.len());
    let mut known = Vec::with_capacity(codes.len());
    for row in 0..codes.len() {
        let Some(day) = days[row] else { continue };
        events.push(Event {
            day,
            product: u32::MAX,
            units: units[row].unwrap_or(1.0) as f32,
            price: prices[row].unwrap_or(f64::NAN) as f32,
            channel: channels[row].and_then(|c| i32::try_from(c).ok()).unwrap_or(-1),
            bought: bought[row].unwrap_or(false),
        });
        known.push(codes[row]);
    }
    Ok((events, known))
}
