//! Segments by plain rules.

use super::Outlook;

/// Below this probability of being there still, a user who came back is lost.
const LOST: f64 = 0.5;
/// Below this one, at risk.
const AT_RISK: f64 = 0.8;
/// Without a model: so many times the longest gap between two purchases of a user.
const LOST_GAPS: u32 = 4;
const AT_RISK_GAPS: u32 = 2;
/// The share of those who came back and are neither lost nor at risk who are champions, and who are loyal at least.
const CHAMPIONS: f64 = 0.2;
const LOYAL: f64 = 0.5;

/// What a user is to the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// The first purchase is of late, and there is no other.
    New,
    /// One purchase, longer ago.
    OneTime,
    /// Came back, and is there.
    Active,
    /// The same, and among the better half by spend.
    Loyal,
    /// The same, and among the best fifth.
    Champion,
    /// Came back, and may have left.
    AtRisk,
    /// Came back, and has most probably left.
    Lost,
}

impl Segment {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::OneTime => "one-time",
            Self::Active => "active",
            Self::Loyal => "loyal",
            Self::Champion => "champion",
            Self::AtRisk => "at risk",
            Self::Lost => "lost",
        }
    }
}

/// What the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing {
    /// Purchase days.
    pub frequency: u32,
    /// Days since the last one.
    pub recency: u32,
    /// The longest gap between two of them.
    pub longest_gap: u32,
    /// What all of them brought.
    pub value: f64,
    /// What the model says.
    pub outlook: Option<Outlook>,
}

impl Standing {
    fn falls_below(&self, probability: f64, gaps: u32) -> bool {
        match &self.outlook {
            Some(outlook) => outlook.alive < probability,
            None => self.recency > self.longest_gap.saturating_mul(gaps),
        }
    }

    fn is_lost(&self) -> bool {
        self.falls_below(LOST, LOST_GAPS)
    }

    fn is_there(&self) -> bool {
        self.frequency > 1 && !self.falls_below(AT_RISK, AT_RISK_GAPS)
    }
}

/// The segment of each user, whatever their order. A user whose only purchase is at most `new_days` ago is new.
pub fn segments(users: &[Standing], new_days: u32) -> Vec<Segment> {
    let mut values: Vec<f64> = users
        .iter()
        .filter(|user| user.is_there())
        .map(|user| user.value)
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    // Users of one value are in one segment: that of the better half must be above the one in the middle.
    let place = |share: f64| values.get((values.len() as f64 * share).floor() as usize).copied();
    let (champion, loyal) = (place(CHAMPIONS), place(LOYAL));
    let above = |value: f64, place: Option<f64>| place.is_some_and(|place| value > place);
    let of = |user: &Standing| match user {
        user if user.frequency <= 1 && user.recency <= new_days => Segment::New,
        user if user.frequency <= 1 => Segment::OneTime,
        user if user.is_lost() => Segment::Lost,
        user if !user.is_there() => Segment::AtRisk,
        user if above(user.value, champion) => Segment::Champion,
        user if above(user.value, loyal) => Segment::Loyal,
        _ => Segment::Active,
    };
    users.iter().map(of).collect()
}
