//! Planted shops whose truth is known, and odd ones.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A user: what was known at the end of the days watched, what came after, and whether the user was there still.
struct Planted {
    history: History,
    later: u32,
    there: bool,
}

/// Users who buy on a day with a probability of their own and leave on any day with one of their own.
fn planted(users: usize, watched: u32, ahead: u32, leaving: f64, seed: u64) -> Vec<Planted> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut found = Vec::new();
    for _ in 0..users {
        let pace = (-4.0 + 3.0 * random.random::<f64>()).exp();
        let leave = leaving * random.random::<f64>().powi(2);
        let first = random.random_range(0..watched);
        let (mut days, mut later, mut there, mut gone) = (vec![first as i32], 0, true, false);
        for day in first + 1..watched + ahead {
            gone |= random.random::<f64>() < leave;
            there &= !(gone && day < watched);
            if !gone && random.random::<f64>() < pace {
                if day < watched {
                    days.push(day as i32)
                } else {
                    later += 1
                }
            }
        }
        let history = History::of(&days, watched as i32).unwrap();
        found.push(Planted { history, later, there });
    }
    found.sort_by(|a, b| a.history.cmp(&b.history));
    found
}

fn told(users: &[Planted], days: u32, level: f64) -> Vec<Outlook> {
    let histories: Vec<History> = users.iter().map(|user| user.history.clone()).collect();
    outlooks(&fit(&histories).unwrap(), &histories, days, level, 1.0)
}

#[test]
fn totals_shares_and_intervals_are_those_planted() {
    for (leaving, seed) in [(0.05, 1), (0.01, 2), (0.0, 3)] {
        let users = planted(2000, 300, 60, leaving, seed);
        let found = told(&users, 60, 0.8);
        let later: f64 = users.iter().map(|user| f64::from(user.later)).sum();
        let expected: f64 = found.iter().map(|outlook| outlook.expected).sum();
        assert!(
            (expected / later - 1.0).abs() < 0.1,
            "{leaving}: {expected} for {later}"
        );
        let there = users.iter().filter(|user| user.there).count() as f64 / 2000.0;
        let alive = found.iter().map(|outlook| outlook.alive).sum::<f64>() / 2000.0;
        assert!((alive - there).abs() < 0.06, "{leaving}: {alive} of {there}");
        let inside = |(user, outlook): (&Planted, &Outlook)| (outlook.lower..=outlook.upper).contains(&user.later);
        let held = users.iter().zip(&found).filter(|pair| inside(*pair)).count() as f64 / 2000.0;
        assert!(held >= 0.78, "{leaving}: {held}");
    }
}

#[test]
fn what_is_said_is_in_bounds_whatever_the_history() {
    let mut users = planted(200, 100, 10, 0.02, 4);
    users.extend([1, 90_000].map(|silent| Planted {
        history: History { gaps: vec![], silent },
        later: 0,
        there: true,
    }));
    users.push(Planted {
        history: History {
            gaps: vec![1; 3000],
            silent: 0,
        },
        later: 0,
        there: true,
    });
    users.sort_by(|a, b| a.history.cmp(&b.history));
    for days in [1, 90] {
        for outlook in told(&users, days, 0.99) {
            assert!((0.0..=1.0).contains(&outlook.alive), "{outlook:?}");
            assert!((0.0..=1.0).contains(&outlook.any), "{outlook:?}");
            assert!((0.0..=f64::from(days)).contains(&outlook.expected), "{outlook:?}");
            assert!(outlook.lower <= outlook.upper && outlook.upper <= days, "{outlook:?}");
        }
    }
}

#[test]
fn few_users_are_refused() {
    let users = planted(20, 100, 10, 0.02, 5);
    let histories: Vec<History> = users.into_iter().map(|user| user.history).collect();
    assert!(fit(&histories).is_err_and(|error| error.to_string().contains("too few to learn from")));
    let once = vec![
        History {
            gaps: vec![],
            silent: 3
        };
        100
    ];
    assert!(fit(&once).is_err_and(|error| error.to_string().contains("nobody bought on a second day")));
    assert!(fit(&[]).is_err());
}

#[test]
fn the_order_of_users_does_not_matter() {
    let users = planted(300, 200, 30, 0.02, 6);
    let given: Vec<_> = users.iter().map(|user| (user.history.clone(), Some(1.0))).collect();
    let back: Vec<_> = given.iter().rev().cloned().collect();
    let (found, note) = verdicts(&given, 30, 0.8, 30).unwrap();
    let (mut other, same_note) = verdicts(&back, 30, 0.8, 30).unwrap();
    other.reverse();
    assert_eq!((found, note), (other, same_note));
}

#[test]
fn a_history_is_that_of_its_days() {
    let history = History::of(&[10, 3, 3, 5], 14).unwrap();
    assert_eq!(
        history,
        History {
            gaps: vec![2, 5],
            silent: 3
        }
    );
    assert_eq!(History::of(&[], 14), None);
    assert_eq!(History::of(&[14], 14), None);
    assert_eq!(History::of(&[i32::MIN], i32::MAX), None);
}

#[test]
fn rules_put_each_user_into_one_segment() {
    let outlook = |alive| {
        Some(Outlook {
            alive,
            ..Outlook::default()
        })
    };
    let user = |frequency, recency, value, alive| Standing {
        frequency,
        recency,
        longest_gap: 5,
        value,
        outlook: outlook(alive),
    };
    let mut users = vec![
        user(1, 30, 1.0, 0.1),
        user(1, 31, 1.0, 1.0),
        user(2, 1, 1.0, 0.49),
        user(2, 1, 1.0, 0.79),
    ];
    users.extend((0..10).map(|value| user(3, 1, f64::from(value), 0.9)));
    let names: Vec<&str> = segments(&users, 30).into_iter().map(Segment::name).collect();
    assert_eq!(names[..4], ["new", "one-time", "lost", "at risk"]);
    assert_eq!(
        names[4..],
        [
            "active", "active", "active", "active", "active", "loyal", "loyal", "loyal", "champion", "champion"
        ]
    );
    // Users of one value are in one segment.
    let alike = vec![user(3, 1, 2.0, 0.9); 10];
    assert!(segments(&alike, 30).iter().all(|segment| *segment == Segment::Active));
}

#[test]
fn a_decline_that_goes_on_is_corrected_and_told() {
    // The pace of all falls by the same share each month.
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut given, mut later) = (Vec::new(), 0.0);
    for _ in 0..3000 {
        let pace = 0.02 + 0.2 * random.random::<f64>();
        let mut days = vec![0];
        for day in 1..460 {
            if random.random::<f64>() < pace * (-f64::from(day) / 150.0).exp() {
                if day < 400 { days.push(day) } else { later += 1.0 }
            }
        }
        given.push((History::of(&days, 400).unwrap(), None));
    }
    let (found, note) = verdicts(&given, 60, 0.8, 30).unwrap();
    let expected: f64 = found
        .iter()
        .filter_map(|verdict| verdict.outlook)
        .map(|outlook| outlook.expected)
        .sum();
    assert!(
        (0.8..1.25).contains(&(expected / later)),
        "{expected} for {later}: {note}"
    );
}
