//! The pace of a user: one of a few levels, from which it wanders day by day.

/// Levels of the pace.
pub const LEVELS: usize = 28;
/// Days without a purchase that are gone over at one stroke.
const STRIDE: usize = 512;
/// The fastest pace: odds of a purchase on a day.
const FASTEST: f64 = 200.0;
/// The slowest pace is one purchase in so many times the longest time that a user was watched.
const SLOWEST: f64 = 10.0;

/// A number for each level.
pub type Levels = [f64; LEVELS];

/// A pace that wanders.
///
/// *Model*: on each day a user buys with the probability of the level that the user is at; the levels are evenly apart in
/// log-odds, from once in ten times the longest history to nearly every day. Before a day the level moves to a
/// neighbour, up and down with probabilities that leave the expected pace as it is (a martingale) and give the log-odds a
/// variance of `wander`² a day. The outermost levels are kept. With probability `renewed` the level is drawn anew instead, from
/// `fresh`: who was silent for long may be as any other again.
///
/// *References*: Fader, Hardie, Shang 2010, Customer-base analysis in a discrete-time noncontractual setting, for the days;
/// Netzer, Lattin, Srinivasan 2008, A hidden Markov model of customer relationship dynamics, for levels that change.
pub struct Chain {
    /// Probability of a purchase on a day.
    pub buys: Levels,
    up: Levels,
    down: Levels,
    /// Probability that the level is drawn anew before a day.
    pub renewed: f64,
    /// The shares of levels it is then drawn from.
    pub fresh: Levels,
    /// By number of days, up to [`STRIDE`]: from level to level without a purchase.
    silent: Vec<[Levels; LEVELS]>,
}

impl Chain {
    /// For histories of up to `longest` days. With `renewed` above 0 the shares `fresh` must sum to 1.
    pub fn new(longest: u32, wander: f64, renewed: f64, fresh: &Levels) -> Self {
        let low = -(SLOWEST * f64::from(longest.max(2))).ln();
        let step = (FASTEST.ln() - low) / (LEVELS - 1) as f64;
        let buys: Levels = std::array::from_fn(|level| 1.0 / (1.0 + (-(low + step * level as f64)).exp()));
        let moves = (wander / step).powi(2).min(0.5);
        let (mut up, mut down) = ([0.0; LEVELS], [0.0; LEVELS]);
        for level in 1..LEVELS - 1 {
            let (above, below) = (buys[level + 1] - buys[level], buys[level] - buys[level - 1]);
            up[level] = moves * below / (above + below);
            down[level] = moves * above / (above + below);
        }
        let mut chain = Self {
            buys,
            up,
            down,
            renewed,
            fresh: *fresh,
            silent: Vec::new(),
        };
        let mut table = Vec::with_capacity(STRIDE + 1);
        let mut now: [Levels; LEVELS] =
            std::array::from_fn(|from| std::array::from_fn(|to| if from == to { 1.0 } else { 0.0 }));
        for _ in 0..=STRIDE.min(longest as usize) {
            table.push(now);
            for from in &mut now {
                *from = chain.no_purchase(&chain.moved(from));
            }
        }
        chain.silent = table;
        chain
    }

    /// Where users at `from` are after the move before a day.
    pub fn moved(&self, from: &Levels) -> Levels {
        let anew = self.renewed * from.iter().sum::<f64>();
        let keep = 1.0 - self.renewed;
        std::array::from_fn(|level| {
            let stay = from[level] * (1.0 - self.up[level] - self.down[level]);
            let below = if level > 0 {
                from[level - 1] * self.up[level - 1]
            } else {
                0.0
            };
            let above = from.get(level + 1).map_or(0.0, |above| above * self.down[level + 1]);
            keep * (stay + below + above) + anew * self.fresh[level]
        })
    }

    /// What a move makes of a value of each level: its expectation before the move.
    pub fn before(&self, value: &Levels) -> Levels {
        let anew = self.renewed * value.iter().zip(&self.fresh).map(|(v, share)| v * share).sum::<f64>();
        let keep = 1.0 - self.renewed;
        std::array::from_fn(|level| {
            let stay = value[level] * (1.0 - self.up[level] - self.down[level]);
            let below = if level > 0 {
                value[level - 1] * self.down[level]
            } else {
                0.0
            };
            let above = value.get(level + 1).map_or(0.0, |above| above * self.up[level]);
            keep * (stay + below + above) + anew
        })
    }

    fn no_purchase(&self, at: &Levels) -> Levels {
        std::array::from_fn(|level| at[level] * (1.0 - self.buys[level]))
    }

    /// Where users at `from` are after so many days without a purchase; the sum is the probability of that.
    pub fn silence(&self, from: &Levels, days: u32) -> Levels {
        let mut at = *from;
        self.strides(days, |table| at = times(&at, table));
        at
    }

    /// Where users at `from` are on the day of a purchase that is the first in so many days.
    pub fn purchase(&self, from: &Levels, days: u32) -> Levels {
        let at = self.moved(&self.silence(from, days.saturating_sub(1)));
        std::array::from_fn(|level| at[level] * self.buys[level])
    }

    /// The expectation, `days` before, of several values of each level on the day of a purchase that is the first since.
    pub fn before_purchase<const N: usize>(&self, values: &[[f64; N]; LEVELS], days: u32) -> [[f64; N]; LEVELS] {
        let bought: [[f64; N]; LEVELS] = std::array::from_fn(|level| values[level].map(|v| v * self.buys[level]));
        let mut anew = [0.0; N];
        for (values, share) in bought.iter().zip(&self.fresh) {
            for (sum, value) in anew.iter_mut().zip(values) {
                *sum += self.renewed * share * value;
            }
        }
        let keep = 1.0 - self.renewed;
        let mut at = [[0.0; N]; LEVELS];
        for level in 0..LEVELS {
            let stay = 1.0 - self.up[level] - self.down[level];
            for n in 0..N {
                let mut sum = bought[level][n] * stay;
                if level > 0 {
                    sum += bought[level - 1][n] * self.down[level];
                }
                if level + 1 < LEVELS {
                    sum += bought[level + 1][n] * self.up[level];
                }
                at[level][n] = keep * sum + anew[n];
            }
        }
        self.strides(days.saturating_sub(1), |table| {
            let mut earlier = [[0.0; N]; LEVELS];
            for (sums, row) in earlier.iter_mut().zip(table) {
                for (weight, values) in row.iter().zip(&at) {
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += weight * value;
                    }
                }
            }
            at = earlier;
        });
        at
    }

    /// Hands over the tables that together make so many days.
    fn strides(&self, days: u32, mut go: impl FnMut(&[Levels; LEVELS])) {
        let mut left = days as usize;
        let longest = self.silent.len() - 1;
        while left > 0 {
            let stride = left.min(longest);
            if stride == 0 {
                return;
            }
            go(&self.silent[stride]);
            left -= stride;
        }
    }
}

/// A row times a table.
fn times(from: &Levels, table: &[Levels; LEVELS]) -> Levels {
    let mut to = [0.0; LEVELS];
    for (weight, row) in from.iter().zip(table) {
        for (sum, value) in to.iter_mut().zip(row) {
            *sum += weight * value;
        }
    }
    to
}
