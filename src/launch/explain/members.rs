//! Shapley values of the members that are not made of past launches.

use super::baseline::{Baseline, Input};
use super::{Kind, Steps, kind_of, shapley, value_of};
use crate::error::Result;
use crate::forecast::FittedForecaster;
use crate::launch::{Fitted, LaunchModel, Member};
use crate::panel::{Candidates, format_date};

/// Attributes that get a contribution of their own: those with the largest learned weights.
const MAX_ATTRIBUTES: usize = 12;

/// Inputs that become known together.
pub struct Group {
    pub kind: Kind,
    pub name: String,
    inputs: Vec<Input>,
}

impl Group {
    /// The value of a candidate.
    pub fn value(&self, candidates: &Candidates, row: usize) -> Option<String> {
        let date = || format_date(candidates.launch_days[row]);
        match self.inputs[..] {
            [Input::Season] => Some(date()),
            [Input::Year] => Some(date().chars().take_while(|c| *c != '-').collect()),
            [Input::Attribute(_)] => value_of(&candidates.attributes, &self.name, row),
            _ => None,
        }
    }
}

impl LaunchModel {
    /// What each group of inputs contributes in units, by candidate; no groups if no member needs them.
    pub(super) fn shapley(
        &self,
        candidates: &Candidates,
        baseline: &Baseline,
        steps: &[Steps],
        shares: &[Vec<Vec<f64>>],
    ) -> Result<(Vec<Group>, Vec<Vec<f64>>)> {
        // Past launches explain themselves, and the category mean curve is the baseline.
        let explains_itself = |member: &Member| matches!(member.fitted, Fitted::Analog(_) | Fitted::Naive(_));
        let members: Vec<(usize, &Member)> = (self.members.iter().enumerate())
            .filter(|(m, member)| self.weights.cold[*m] > 0.0 && !explains_itself(member))
            .collect();
        if members.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let value = |mixed: &Candidates, owners: &[usize]| {
            let means = baseline.curve.forecast(mixed)?;
            let mut values = vec![0.0; owners.len()];
            for (m, member) in &members {
                for (row, forecast) in member.fitted.forecast(mixed)?.iter().enumerate() {
                    let factors = steps[owners[row]].of_member(&shares[owners[row]][*m]);
                    let differences = forecast.location.iter().zip(&means[row].location);
                    let amounts = factors.iter().zip(differences).map(|(f, (a, b))| f * (a - b));
                    values[row] += amounts.filter(|v| v.is_finite()).sum::<f64>();
                }
            }
            Ok(values)
        };
        let groups = self.groups(&members, baseline);
        let inputs: Vec<Vec<Input>> = groups.iter().map(|g| g.inputs.clone()).collect();
        let found = shapley::contributions(baseline, candidates, &inputs, self.seed, value)?;
        Ok((groups, found))
    }

    /// The attributes that some member or the baseline looks at, the important ones by themselves, then season and
    /// year of the launch.
    fn groups(&self, members: &[(usize, &Member)], baseline: &Baseline) -> Vec<Group> {
        let encoders = members.iter().map(|(_, member)| member.fitted.encoder());
        let looked_at: Vec<&String> = encoders
            .chain([baseline.curve.grouping().encoder()])
            .flat_map(|e| e.columns.iter().map(|(name, _)| name))
            .collect();
        let importance = |name: &str| self.training.importance.get(name).copied().unwrap_or(0.0);
        let mut columns: Vec<(usize, &str)> = (baseline.names().enumerate())
            .filter(|(_, name)| looked_at.iter().any(|n| *n == name))
            .collect();
        columns.sort_by(|a, b| importance(b.1).total_cmp(&importance(a.1)));
        let others = columns.split_off(columns.len().min(MAX_ATTRIBUTES));
        let group = |kind: Kind, name: &str, inputs: Vec<Input>| Group {
            kind,
            name: name.to_owned(),
            inputs,
        };
        let mut groups: Vec<Group> = columns
            .iter()
            .map(|&(column, name)| group(kind_of(name), name, vec![Input::Attribute(column)]))
            .collect();
        if !others.is_empty() {
            let inputs = others.iter().map(|&(column, _)| Input::Attribute(column)).collect();
            groups.push(group(Kind::Attribute, "other attributes", inputs));
        }
        groups.push(group(Kind::Season, "launch season", vec![Input::Season]));
        groups.push(group(Kind::Season, "launch year", vec![Input::Year]));
        groups
    }
}
