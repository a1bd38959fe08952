//! Effects of users, products, attributes and time on what is thought of a product.

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::{
    effect::{Effect, Family, Part, effect},
    rows::Rows,
};
use crate::statistics::ridge::{Sparse, dot};

/// Passes over the reviews at most, for a first fit and for one without some products.
const SWEEPS: usize = 40;
const SWEEPS_AGAIN: usize = 8;
/// Changes below this one are none.
const NEAR: f64 = 1e-3;
/// What is believed before: a variance as of two effects, on the scale of log-odds.
const BELIEF: f64 = 2.0;
const OF_EFFECTS: f64 = 0.2;
const OF_SLOPES: f64 = 0.02;
/// Variance of the logistic distribution, by which ratings are brought to that scale.
const UNIT: f64 = 3.3;
/// Variances between which all are.
const LEAST: f64 = 1e-4;
const LEAST_SLOPES: f64 = 1e-5;
const MOST: f64 = 4.0;
/// Variance of what is believed of how the variance falls with the reviews of a product, and the largest power.
const FALL_BELIEF: f64 = 0.25;
const MOST_FALL: f64 = 1.5;

/// Attributes of products as columns, the constant first; of each column the group that shares a variance, 0 for the
/// constant.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub rows: Vec<Sparse>,
    pub group: Vec<usize>,
    pub groups: usize,
}

/// Estimates of all effects.
///
/// *Model*: log-odds of a positive review (or its rating) = constant + x_p b + u_user + v_product + l_time, with
/// b ~ N(0, s_g^2) by attribute g, u ~ N(0, s_u^2), l a random walk with steps N(0, s_t^2), and
/// v_p ~ N(0, s^2 n_p^-c): the variance between products may fall with the number n_p of their reviews, as it often does,
/// for what many review is liked in the middle. By turns: effects of products and users given the others, integrated by
/// quadrature; slopes by Newton's method on the likelihood with the effects of products integrated out; levels likewise;
/// variances so that they are those of the effects found, less what the reviews did not tell (fixed points of MacKay,
/// with the uncertainty of slopes as in restricted likelihood), with a weak belief of two effects. Column 0 is the
/// constant.
///
/// *Shapes*: columns x columns for `covariance`; one [`Effect`] by product and user.
///
/// *Determinism*: sums in the order of rows and groups, for any number of threads.
///
/// *References*: MacKay 1992, Bayesian interpolation; Breslow, Clayton 1993, Approximate inference in generalized linear
/// mixed models; Gelman, Hill 2007, Data analysis using regression and multilevel models.
#[derive(Debug, Clone)]
pub(super) struct Crossed {
    pub slopes: Vec<f64>,
    pub covariance: DMatrix<f64>,
    /// Variance of the slopes, by group.
    pub of_slopes: Vec<f64>,
    /// Variance of products of a middling number of reviews, the power by which it falls, and what follows for each.
    pub of_products: f64,
    pub fall: f64,
    pub scatter: Vec<f64>,
    pub of_users: f64,
    pub of_steps: f64,
    /// Variance of ratings around their mean.
    pub noise: f64,
    pub products: Vec<Effect>,
    pub users: Vec<Effect>,
    pub levels: Vec<f64>,
    /// Scale of variances: 1 of log-odds.
    scale: f64,
    center: f64,
}

impl Crossed {
    /// Of reviews. With a start near by the variances are those of it.
    pub fn fit(is_rating: bool, rows: &Rows, columns: &Columns, start: Option<&Self>) -> Self {
        let mut fit = start.map_or_else(|| Self::start(is_rating, rows, columns), Self::clone);
        fit.users.resize(rows.users(), Effect::default());
        let counts = rows.counts();
        let logs = centred_logs(&counts);
        let sweeps = if start.is_some() { SWEEPS_AGAIN } else { SWEEPS };
        let mut last = (0.0, 0.0, 0.0);
        for sweep in 0..sweeps {
            let family = if is_rating {
                Family::Linear(fit.noise)
            } else {
                Family::Binary
            };
            let learn = start.is_none();
            if learn {
                fit.scatter = logs
                    .iter()
                    .map(|log| fit.of_products * (-fit.fall * log).exp())
                    .collect();
            }
            let means = fit.products_and_slopes(family, rows, columns, &counts, learn.then_some(&logs));
            let means = fit.level(family, rows, means, learn);
            fit.people(family, rows, &means, learn);
            if learn && is_rating {
                fit.rest(rows, &means);
            }
            let now = (
                fit.of_products.ln(),
                fit.of_users.ln(),
                fit.slopes[0] / fit.scale.sqrt(),
            );
            let change = (now.0 - last.0)
                .abs()
                .max((now.1 - last.1).abs())
                .max((now.2 - last.2).abs());
            if sweep > 3 && change < NEAR {
                break;
            }
            last = now;
        }
        fit
    }

    fn start(is_rating: bool, rows: &Rows, columns: &Columns) -> Self {
        let (count, sum): (f64, f64) = (rows.count.iter().sum(), rows.sum.iter().sum());
        let mean = sum / count.max(1.0);
        let spread = (rows.square / count.max(1.0) - mean * mean).max(1e-6);
        let share = (sum + 0.5) / (count + 1.0);
        let scale = if is_rating { spread / UNIT } else { 1.0 };
        let center = if is_rating { mean } else { (share / (1.0 - share)).ln() };
        let mut slopes = vec![0.0; columns.group.len()];
        slopes[0] = center;
        Self {
            covariance: DMatrix::zeros(slopes.len(), slopes.len()),
            slopes,
            of_slopes: vec![0.05 * scale; columns.groups + 1],
            of_products: OF_EFFECTS * scale,
            fall: 0.0,
            scatter: Vec::new(),
            of_users: OF_EFFECTS * scale,
            of_steps: 0.02 * scale,
            noise: spread,
            products: vec![Effect::default(); rows.products()],
            users: Vec::new(),
            levels: vec![0.0; rows.bins],
            scale,
            center,
        }
    }

    /// What each product adds up to, without users and time, after effects of products and slopes were found anew.
    fn products_and_slopes(
        &mut self,
        family: Family,
        rows: &Rows,
        columns: &Columns,
        counts: &[f64],
        learn: Option<&Vec<f64>>,
    ) -> Vec<f64> {
        let before: Vec<f64> = columns.rows.par_iter().map(|x| dot(x, &self.slopes)).collect();
        let found: Vec<Effect> = (0..rows.products())
            .into_par_iter()
            .map_init(Vec::new, |parts: &mut Vec<Part>, product| {
                parts.clear();
                for &row in rows.of_product(product) {
                    let row = row as usize;
                    let user = rows.user.get(row).map_or(0.0, |user| self.users[*user as usize].mean);
                    parts.push(rows.part(row, before[product] + self.levels[rows.bin[row] as usize] + user));
                }
                effect(family, parts, self.scatter[product], self.products[product].mode)
            })
            .collect();
        self.products = found;
        let size = self.slopes.len();
        let mut matrix = DMatrix::<f64>::zeros(size, size);
        let mut right = vec![0.0; size];
        let mut share = vec![0.0; rows.products()];
        for (product, x) in columns.rows.iter().enumerate() {
            if counts[product] <= 0.0 {
                continue;
            }
            let (variance, effect) = (self.scatter[product], self.products[product]);
            let information = 1.0 / (variance + 1.0 / effect.weight.max(1e-9));
            share[product] = variance * information;
            for &(a, v) in x {
                right[a as usize] += v * effect.mean / variance;
                for &(b, w) in x {
                    matrix[(a as usize, b as usize)] += v * w * information;
                }
            }
        }
        for column in 0..size {
            let (penalty, at) = match columns.group[column] {
                // The constant is near that of all reviews, so that there is one where all products agree.
                0 => (0.25 / self.scale, self.center),
                group => (1.0 / self.of_slopes[group], 0.0),
            };
            matrix[(column, column)] += penalty + 1e-9;
            right[column] -= penalty * (self.slopes[column] - at);
        }
        if let Some(factor) = matrix.cholesky() {
            self.covariance = factor.inverse();
            let right = nalgebra::DVector::from_vec(right);
            let step = &self.covariance * right;
            let longest = columns
                .rows
                .iter()
                .map(|x| dot(x, step.as_slice()).abs())
                .fold(0.0, f64::max);
            let shorter = match family {
                Family::Binary => longest.max(1.0),
                Family::Linear(_) => 1.0,
            };
            self.slopes
                .iter_mut()
                .zip(step.iter())
                .for_each(|(b, s)| *b += s / shorter);
        }
        let after: Vec<f64> = columns.rows.par_iter().map(|x| dot(x, &self.slopes)).collect();
        if let Some(logs) = learn {
            self.variances(columns, counts, &share, logs);
        }
        // What a product adds up to stays, as far as its reviews say so.
        for product in 0..rows.products() {
            let moved = share[product] * (after[product] - before[product]);
            self.products[product].mode -= moved;
            self.products[product].mean -= moved;
        }
        after
            .iter()
            .zip(&self.products)
            .map(|(mu, effect)| mu + effect.mean)
            .collect()
    }

    /// Variances of slopes and products.
    fn variances(&mut self, columns: &Columns, counts: &[f64], share: &[f64], logs: &[f64]) {
        for group in 1..=columns.groups {
            let (mut squares, mut told) = (0.0, 0.0);
            for (column, _) in columns.group.iter().enumerate().filter(|(_, g)| **g == group) {
                squares += self.slopes[column].powi(2);
                told += 1.0 - self.covariance[(column, column)] / self.of_slopes[group];
            }
            let found = (squares + BELIEF * OF_SLOPES * self.scale) / (told.max(0.0) + BELIEF);
            self.of_slopes[group] = found.clamp(LEAST_SLOPES * self.scale, 25.0 * self.scale);
        }
        let errors = self.errors(columns);
        let (mut squares, mut told) = (BELIEF * OF_EFFECTS * self.scale / self.of_products, 0.0);
        let (mut slope, mut curve) = (-self.fall / FALL_BELIEF, 1.0 / FALL_BELIEF);
        for product in (0..counts.len()).filter(|p| counts[*p] > 0.0) {
            let effect = self.products[product];
            let unsure = (effect.variance + share[product].powi(2) * errors[product]) / self.scatter[product];
            let square = effect.mean.powi(2) / self.scatter[product];
            squares += square;
            told += 1.0 - unsure;
            slope += (1.0 - square - unsure) * logs[product] / 2.0;
            curve += (square + unsure) * logs[product].powi(2) / 2.0;
        }
        let factor = (squares / (told.max(0.0) + BELIEF)).clamp(0.5, 2.0);
        self.of_products = (self.of_products * factor).clamp(LEAST * self.scale, MOST * self.scale);
        self.fall = (self.fall + (slope / curve).clamp(-0.2, 0.2)).clamp(0.0, MOST_FALL);
    }

    /// Variance of what the attributes of each product add up to.
    pub fn errors(&self, columns: &Columns) -> Vec<f64> {
        columns.rows.par_iter().map(|x| self.error(x)).collect()
    }

    /// Variance of what the attributes of a product add up to.
    pub fn error(&self, x: &Sparse) -> f64 {
        let row = |(a, v): &(u32, f64)| -> f64 {
            let products = x.iter().map(|(b, w)| w * self.covariance[(*a as usize, *b as usize)]);
            v * products.sum::<f64>()
        };
        x.iter().map(row).sum::<f64>().max(0.0)
    }

    /// Levels of time; what products add up to with the constant that follows.
    fn level(&mut self, family: Family, rows: &Rows, mut means: Vec<f64>, learn: bool) -> Vec<f64> {
        let bins = rows.bins;
        if bins < 2 {
            return means;
        }
        let (mut weights, mut rest) = (vec![0.0; bins], vec![0.0; bins]);
        for row in 0..rows.len() {
            let bin = rows.bin[row] as usize;
            let user = rows.user.get(row).map_or(0.0, |user| self.users[*user as usize].mean);
            let x = means[rows.product[row] as usize] + self.levels[bin] + user;
            let count = rows.count[row];
            match family {
                Family::Binary => {
                    let p = super::effect::logistic(x);
                    weights[bin] += count * p * (1.0 - p);
                    rest[bin] += rows.sum[row] - count * p;
                }
                Family::Linear(noise) => {
                    weights[bin] += count / noise;
                    rest[bin] += (rows.sum[row] - count * x) / noise;
                }
            }
        }
        let mut matrix = DMatrix::<f64>::zeros(bins, bins);
        for bin in 0..bins {
            matrix[(bin, bin)] += weights[bin] + 1e-6;
        }
        let stiff = 1.0 / self.of_steps;
        for bin in 1..bins {
            matrix[(bin, bin)] += stiff;
            matrix[(bin - 1, bin - 1)] += stiff;
            matrix[(bin, bin - 1)] -= stiff;
            matrix[(bin - 1, bin)] -= stiff;
            let pull = stiff * (self.levels[bin] - self.levels[bin - 1]);
            rest[bin] -= pull;
            rest[bin - 1] += pull;
        }
        let Some(factor) = matrix.cholesky() else {
            return means;
        };
        let inverse = factor.inverse();
        let step = &inverse * nalgebra::DVector::from_vec(rest);
        self.levels.iter_mut().zip(step.iter()).for_each(|(l, s)| *l += s);
        if learn {
            let squares = (1..bins).map(|b| {
                let unsure = inverse[(b, b)] + inverse[(b - 1, b - 1)] - 2.0 * inverse[(b, b - 1)];
                (self.levels[b] - self.levels[b - 1]).powi(2) + unsure
            });
            let found = squares.sum::<f64>() / (bins - 1) as f64;
            self.of_steps = found.clamp(1e-6 * self.scale, self.scale);
        }
        let whole: f64 = weights.iter().sum::<f64>().max(1e-12);
        let center = self.levels.iter().zip(&weights).map(|(l, w)| l * w).sum::<f64>() / whole;
        self.levels.iter_mut().for_each(|l| *l -= center);
        self.slopes[0] += center;
        means.iter_mut().for_each(|m| *m += center);
        means
    }

    fn people(&mut self, family: Family, rows: &Rows, means: &[f64], learn: bool) {
        if rows.users() == 0 {
            return;
        }
        let other = |row: usize| means[rows.product[row] as usize] + self.levels[rows.bin[row] as usize];
        let found: Vec<Effect> = (0..rows.users())
            .into_par_iter()
            .map_init(Vec::new, |parts: &mut Vec<Part>, user| {
                parts.clear();
                parts.extend(
                    rows.of_user(user)
                        .iter()
                        .map(|&row| rows.part(row as usize, other(row as usize))),
                );
                effect(family, parts, self.of_users, self.users[user].mode)
            })
            .collect();
        self.users = found;
        if learn {
            let (mut squares, mut told) = (BELIEF * OF_EFFECTS * self.scale, 0.0);
            let known = self
                .users
                .iter()
                .enumerate()
                .filter(|(user, _)| !rows.of_user(*user).is_empty());
            for (_, effect) in known {
                squares += effect.mean.powi(2);
                told += 1.0 - effect.variance / self.of_users;
            }
            let factor = (squares / (told.max(0.0) + BELIEF) / self.of_users).clamp(0.25, 4.0);
            self.of_users = (self.of_users * factor).clamp(LEAST * self.scale, MOST * self.scale);
        }
    }

    /// The variance of ratings that is left.
    fn rest(&mut self, rows: &Rows, means: &[f64]) {
        let mut squares = rows.square;
        for row in 0..rows.len() {
            let product = rows.product[row] as usize;
            let user = rows
                .user
                .get(row)
                .map(|user| self.users[*user as usize])
                .unwrap_or_default();
            let x = means[product] + self.levels[rows.bin[row] as usize] + user.mean;
            let unsure = self.products[product].variance + user.variance;
            squares += rows.count[row] * (x * x + unsure) - 2.0 * x * rows.sum[row];
        }
        let count: f64 = rows.count.iter().sum();
        self.noise = (squares / count.max(1.0)).max(1e-3 * self.scale);
    }
}

/// Logarithms of the numbers of reviews, less their mean over products with reviews; 0 of others.
fn centred_logs(counts: &[f64]) -> Vec<f64> {
    let known = || counts.iter().filter(|n| **n > 0.0);
    let mean = known().map(|n| n.ln()).sum::<f64>() / known().count().max(1) as f64;
    counts
        .iter()
        .map(|n| if *n > 0.0 { n.ln() - mean } else { 0.0 })
        .collect()
}
