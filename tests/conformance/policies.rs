//! What a policy must do: same bytes for any number of threads, what is stored says the same, no bytes break it, and the released
//! fixture stays readable.
//!
//! The fixture is written once: `cargo test --release --locked --test conformance -- --ignored write_policy_fixture`

use std::{fs, path::PathBuf};

use launchpad::{
    model::{ModelError, decode, encode, model_id, open},
    strategy::policy::{
        Action, Competition, Demand, Effort, Policy, Problem, Product, Promotion, Response, Setting, State,
    },
};
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

fn path(extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/models/policy_v1.{extension}"))
}

/// All there is to choose: prices, a promotion, spend and orders, under a competitor; one product of paths, one of Poisson numbers.
fn problem() -> Problem {
    let action = |price, promotion, spend, reorder| Action {
        price,
        promotion,
        spend,
        spend_lift: if spend > 0.0 { 1.2 } else { 1.0 },
        reorder,
    };
    let product = |key: &str, stock| Product {
        key: key.to_owned(),
        price: 10.0,
        cost: 4.0,
        salvage: 1.0,
        holding: 0.1,
        stock,
        pack: 5.0,
        expected: vec![10.0, 6.0, 4.0],
        elasticity: -2.0,
        elasticity_error: 0.3,
        competitor: Some(9.0),
    };
    Problem {
        setting: Setting {
            steps: 3,
            response: Response::Constant,
            actions: vec![
                action(0.8, false, 0.0, 0.0),
                action(1.0, false, 0.0, 0.0),
                action(1.0, true, 0.0, 0.0),
                action(1.0, false, 5.0, 0.0),
                action(1.2, false, 0.0, 0.0),
                action(1.0, false, 0.0, 0.5),
            ],
            price_step: Some(0.25),
            lead_time: 1,
            order_cost: 2.0,
            promotion: Some(Promotion {
                lift: 1.4,
                error: 0.1,
                cost: 6.0,
            }),
            competition: Some(Competition {
                elasticity: 0.5,
                change: 0.05,
            }),
        },
        products: vec![product("a", 15.0), product("b", 12.0)],
        demands: vec![
            Demand::Poisson(0.3),
            Demand::Paths(vec![vec![5.0, 3.0, 2.0], vec![10.0, 6.0, 4.0], vec![15.0, 9.0, 6.0]]),
        ],
    }
}

const EFFORT: Effort = Effort {
    rounds: 6,
    episodes: 64,
    draws: 2,
    hidden: 8,
    seed: 3,
};

fn trained(threads: usize) -> Policy {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| Policy::train(&problem(), &EFFORT, &mut |_| {}).unwrap())
}

fn states() -> Vec<(usize, State)> {
    let later = State {
        step: 1,
        sales: 6.0,
        forecast: 8.0,
        price: 0.8,
        competitor: 1.1,
        on_order: 10.0,
        arrival: 1,
        ..State::first(5.0)
    };
    vec![
        (0, State::first(15.0)),
        (1, State::first(12.0)),
        (0, later),
        (
            1,
            State {
                step: 2,
                on_order: 0.0,
                arrival: 0,
                ..later
            },
        ),
    ]
}

fn told(policy: &Policy) -> Vec<Vec<Value>> {
    let advice = policy.advise(&states()).unwrap();
    let row = |a: &launchpad::strategy::policy::Advice| {
        vec![
            json!(a.action.price),
            json!(a.value),
            json!(a.next.map(|(_, value)| value)),
            json!(a.expected),
        ]
    };
    advice.iter().map(row).collect()
}

#[test]
fn a_policy_has_the_same_bytes_for_any_number_of_threads() {
    let bytes = [1, 2, 8].map(|threads| encode(&trained(threads)).unwrap());
    assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
}

#[test]
fn a_stored_policy_says_the_same_and_other_states_change_nothing() {
    let policy = trained(2);
    let stored: Policy = decode(&encode(&policy).unwrap()).unwrap();
    assert_eq!(told(&policy), told(&stored));
    for (state, row) in states().iter().zip(told(&policy)) {
        let alone = stored.advise(&[*state]).unwrap();
        assert_eq!(json!(alone[0].value), row[1]);
    }
}

#[test]
fn what_may_not_be_done_is_not_advised() {
    let policy = trained(1);
    for state in [0.8, 1.0, 1.2].map(|price| State {
        step: 1,
        price,
        on_order: 5.0,
        arrival: 1,
        ..State::first(9.0)
    }) {
        let advice = policy.advise(&[(0, state)]).unwrap();
        let each = [Some(advice[0].action), advice[0].next.map(|(action, _)| action)];
        for action in each.into_iter().flatten() {
            assert!(
                action.reorder == 0.0 && (action.price / state.price - 1.0).abs() <= 0.25 + 1e-6,
                "{action:?}"
            );
        }
    }
}

#[test]
fn damaged_policies_are_refused() {
    let bytes = encode(&trained(1)).unwrap();
    let (_, payload) = open(&bytes).unwrap();
    let text = String::from_utf8(payload.to_vec()).unwrap();
    use launchpad::model::Stored;
    for (from, to) in [
        ("\"steps\":3", "\"steps\":4"),
        ("\"steps\":3", "\"steps\":0"),
        ("\"hidden\":8", "\"hidden\":9"),
        ("\"hidden\":8", "\"hidden\":4000000000"),
        ("\"price\":10.0", "\"price\":-10.0"),
        ("\"pack\":5.0", "\"pack\":0.0"),
        ("actor.dense.0.weight", "actor.dense.7.weight"),
        ("[10.0,6.0,4.0]", "[0.0,0.0,0.0]"),
    ] {
        assert!(text.contains(from), "{from}");
        let found = Policy::from_payload(1, text.replace(from, to).as_bytes());
        assert!(matches!(found, Err(ModelError::Unreadable(_))), "{from}");
    }
}

#[test]
fn the_released_policy_says_what_it_said() {
    let bytes = fs::read(path("bin")).unwrap();
    let stored: Value = serde_json::from_slice(&fs::read(path("json")).unwrap()).unwrap();
    assert_eq!(stored["model_id"], model_id(&bytes), "the fixture itself has changed");
    let found = told(&decode(&bytes).unwrap());
    for (found, expected) in found.iter().flatten().zip(
        stored["told"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row.as_array().unwrap()),
    ) {
        let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
        assert!(
            (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
            "{found} for {expected}"
        );
    }
}

#[test]
#[ignore = "writes the committed fixture"]
fn write_policy_fixture() {
    let policy = trained(1);
    let bytes = encode(&policy).unwrap();
    let stored = json!({ "model_id": model_id(&bytes), "told": told(&policy) });
    fs::write(path("bin"), bytes).unwrap();
    fs::write(path("json"), serde_json::to_vec_pretty(&stored).unwrap()).unwrap();
}
