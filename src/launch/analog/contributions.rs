//! What each past launch, and each difference in attributes, adds to a forecast by analogy.

use rayon::prelude::*;

use super::groups::grouped;
use super::{FittedAnalog, NEGLIGIBLE};
use crate::panel::Candidates;

/// What a forecast is made of, each in the unit of the factors it was asked with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnalogParts {
    /// Product, units and contribution of the past launches with the largest contributions.
    pub comparables: Vec<(String, f64, f64)>,
    /// Kinds of launches that are not among them, and their contributions.
    pub groups: Vec<(String, f64)>,
    /// Name and contribution of the attributes that have a slope.
    pub attributes: Vec<(String, f64)>,
}

impl FittedAnalog {
    /// Split sum_s factor_s (location_s - baseline_s) into what past launches and attributes contribute.
    ///
    /// With the shares w_js of launch j among those observed at step s, launch j contributes
    /// sum_s factor_s w_js (y_js - baseline_s), and attribute k, whose slopes are beta_k,
    /// sum_s factor_s sum_j w_js beta_k . (z_ik - z_jk). Over all launches and attributes they add up to the whole;
    /// listed are the `k` launches with the largest contributions, then the others by the level of the category that tells
    /// most.
    ///
    /// `baseline` and `factors` have one row per candidate and one entry per step; a step with factor 0 is left out.
    pub fn contributions(
        &self,
        candidates: &Candidates,
        baseline: &[Vec<f64>],
        factors: &[Vec<f64>],
        k: usize,
    ) -> Vec<AnalogParts> {
        let located = self.locate(candidates);
        let everyone: Vec<u32> = (0..self.points.len() as u32).collect();
        let levels = self.levels();
        let (h, linear) = (self.horizon, self.linear.len());
        let past: Vec<f64> = (0..self.points.len())
            .flat_map(|j| self.linear.iter().map(move |f| f.value(self.points.columns(), j)))
            .collect();
        (0..candidates.len())
            .into_par_iter()
            .map_init(
                || vec![0f32; everyone.len() * self.weights.len()],
                |distances, i| {
                    let weights = self.attention(&located, i, &everyone, distances);
                    let used = || weights.iter().enumerate().filter(|(_, w)| **w > NEGLIGIBLE);
                    let curve = |j: usize| &self.log_units[j * h..(j + 1) * h];
                    let mut totals = vec![0.0; h];
                    for (j, w) in used() {
                        let steps = totals.iter_mut().zip(curve(j));
                        steps.filter(|(_, y)| y.is_some()).for_each(|(total, _)| *total += w);
                    }
                    let mut launches = Vec::new();
                    let (mut all, mut features) = (0.0, vec![0.0; linear]);
                    for (j, w) in used() {
                        let (mut own, mut mass) = (0.0, 0.0);
                        for (s, y) in curve(j).iter().enumerate().filter(|(s, _)| factors[i][*s] != 0.0) {
                            if let Some(y) = y {
                                let share = factors[i][s] * w / totals[s];
                                own += share * (y - baseline[i][s]);
                                mass += share;
                            }
                        }
                        launches.push((j, own));
                        all += mass;
                        let of_launch = features.iter_mut().zip(&past[j * linear..(j + 1) * linear]);
                        of_launch.for_each(|(sum, z)| *sum += mass * z);
                    }
                    launches.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
                    let others = launches.split_off(launches.len().min(k));
                    let groups = grouped(&levels, others.into_iter());
                    let groups = groups.into_iter().filter(|group| group.name.is_some());
                    let mut attributes: Vec<(String, f64)> = Vec::new();
                    for (column, (name, _)) in self.encoder.columns.iter().enumerate() {
                        let of_column = |p: &usize| self.linear[*p].column == column;
                        let amount = |p: usize| {
                            let own = self.linear[p].value(located.points.columns(), i);
                            self.slopes[p] * (all * own - features[p])
                        };
                        attributes.push((name.clone(), (0..linear).filter(of_column).map(amount).sum()));
                    }
                    let named = |(j, own): (usize, f64)| (self.ids[j].clone(), self.units[j], own);
                    AnalogParts {
                        comparables: launches.into_iter().map(named).collect(),
                        groups: groups.map(|group| (group.text(), group.amount)).collect(),
                        attributes,
                    }
                },
            )
            .collect()
    }
}
