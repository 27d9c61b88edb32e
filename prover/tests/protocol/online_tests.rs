//! Cheats against the online relation, and what it cannot see without enrolment.

use ff::Field;
use zkapex_prover::field::F;
use zkapex_prover::online::statement::rules;

use crate::enrolment_run;
use crate::online_run::*;
use crate::twin::*;
use crate::world::world;

fn accepted(client: &Client, outcome: &Outcome) -> bool {
    match verify(&statement(client), &binding(), &outcome.message) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), "refused", "{error}");
            false
        }
    }
}

fn refused(name: &str, client: &Client, broken: &[usize], run: Run) {
    let outcome = run.prove();
    assert_eq!(outcome.broken, broken, "{name}");
    assert!(!accepted(client, &outcome), "{name}");
}

fn unchanged(_: &mut Lanes, _: &mut [F]) {}

#[test]
fn honest_updates_are_accepted() {
    for seed in 0..2 {
        let client = Client::honest(seed);
        let outcome = Run::start(&client, unchanged).prove();
        assert!(outcome.broken.is_empty() && accepted(&client, &outcome));
    }
}

/// A witness for each of the seven sums that breaks it alone.
#[test]
fn one_sum_broken_alone() {
    let client = Client::honest(3);
    let slack = |index: usize| {
        let mut run = Run::start(&client, unchanged);
        run.slacks[index] += F::ONE;
        run
    };
    refused("slack of D", &client, &[0], slack(2));
    refused("slack of T1", &client, &[8], slack(0));
    refused("slack of T2", &client, &[11], slack(1));
    let masked = client.free[1].iter().position(|f| !f).unwrap();
    refused("y on a masked weight", &client, &[5], Run::start(&client, |y, _| y[1][masked] += F::ONE));
    let mut larger = client.clone();
    larger.limits[1] = Some(1 << 20);
    refused("e, p and slack follow", &larger, &[6], Run::start(&larger, |_, e| e[2] += F::ONE));
    let mut run = Run::start(&client, unchanged);
    run.change_q = Some(|q, sigma| {
        q[0] += sigma[1];
        q[1] -= sigma[0];
    });
    refused("q along what sigma does not see", &client, &[7], run);
    let mut run = Run::start(&client, unchanged);
    run.p[3] += F::ONE;
    refused("p", &client, &[10], run);
}

#[test]
fn limits_end_at_the_sums() {
    let client = Client::honest(4);
    let sums = client.limits();
    for (index, power) in [(0, 8), (1, 11), (2, 0)] {
        let mut above = client.clone();
        above.limits[index] = Some(sums[index] + 1);
        assert!(accepted(&above, &Run::start(&above, unchanged).prove()));
        let mut below = client.clone();
        below.limits[index] = Some(sums[index] - 1);
        refused("one below", &below, &[power], Run::start(&below, unchanged));
    }
}

/// A second request's mask does not matter for what an earlier one forgot: f is the product, and the gate sees theta_u.
#[test]
fn masked_weights_stay_zero() {
    let mut client = Client::honest(5);
    let cell = client.free[2].iter().position(|f| !f).unwrap();
    client.theta_u[2][cell] = F::ONE;
    let outcome = Run::start(&client, unchanged).prove();
    assert!(outcome.broken.is_empty(), "only the gate fold.mask is violated");
    assert!(!accepted(&client, &outcome));
}

#[test]
fn a_proof_serves_one_statement() {
    let client = Client::honest(6);
    let message = Run::start(&client, unchanged).prove().message;
    verify(&statement(&client), &binding(), &message).unwrap();
    type Change = fn(&mut zkapex_prover::online::Statement, &mut zkapex_prover::online::statement::Binding);
    let changes: [(&str, Change); 13] = [
        ("client", |_, b| b.opening.client = "client-2".into()),
        ("enrolment", |_, b| b.opening.enrolment[31] ^= 1),
        ("request", |_, b| b.request[0] ^= 1),
        ("state", |_, b| b.state[0] ^= 1),
        ("chunk", |s, _| s.chunk = 1),
        ("gamma zero", |s, _| s.gamma = 0),
        ("gamma", |s, _| s.gamma *= 2),
        ("largest gamma", |s, _| s.gamma = u64::MAX),
        ("T1", |s, _| s.limits[0] += 1),
        ("largest T1", |s, _| s.limits[0] = u128::MAX),
        ("lanes of a row swapped", |s, _| {
            let point = s.rows_by_lane[0][3];
            s.rows_by_lane[0][3] = std::mem::replace(&mut s.rows_by_lane[1][3], point);
        }),
        ("lanes of theta swapped", |s, _| s.theta_p.swap(0, 1)),
        ("masks of lanes swapped", |s, _| s.com_free.swap(0, 1)),
    ];
    for (name, change) in changes {
        let (mut other, mut names) = (statement(&client), binding());
        change(&mut other, &mut names);
        assert_eq!(verify(&other, &names, &message).unwrap_err().code(), "refused", "{name}");
    }
}

/// Exponent of the crafted rows.
const EXPONENT: u64 = 15;

/// Rows 2^t and i·2^t, i² = −1 mod p, on dummy weights: their curvature 2^2t(1 + i²) is zero, and ŷ = i·2^t·e on a dummy adds
/// −2^2t·e² to Σŷ². So any update has a sum as small as the client likes.
fn crafted() -> Client {
    let layout = &world().online.layout;
    let mut client = Client::honest(7);
    client.gamma = 1 << 24;
    let (dummies, lane): (Vec<usize>, usize) = ((0..64).collect(), 3);
    for row in &mut client.rows[..2] {
        row.iter_mut().flatten().for_each(|g| *g = F::ZERO);
    }
    for row in &mut client.rows {
        dummies.iter().for_each(|i| row[lane][*i] = F::ZERO);
    }
    for i in &dummies {
        client.free[lane][*i] = true;
        client.theta_u[lane][*i] = client.theta_p[lane][*i];
        client.rows[0][lane][*i] = power_of_two(EXPONENT);
        client.rows[1][lane][*i] = imaginary() * power_of_two(EXPONENT);
    }
    client.e.iter_mut().for_each(|e| *e = F::ZERO);
    let (t1, t2) = rules(client.gamma, client.weights, layout.rows());
    let honest_sum = to_u128(client.sums()[0]).expect("dummies add nothing yet");
    assert!(honest_sum > 100 * t1, "the update is far from any optimum: {honest_sum} against {t1}");
    let unit = dummies.len() as u128 * (1u128 << (2 * EXPONENT));
    let e = (1..1u128 << 20).take_while(|e| unit * e * e <= honest_sum).last().unwrap();
    client.e[1] = F::from(u64::try_from(e).unwrap());
    client.limits = [Some(t1), Some(t2), None];
    client
}

#[test]
fn crafted_rows_pass_online_alone_and_are_refused_at_enrolment() {
    let client = crafted();
    let (t1, t2) = rules(client.gamma, client.weights, world().online.layout.rows());
    let sums = client.sums().map(|sum| to_u128(sum).unwrap());
    assert!(sums[0] <= t1 && sums[1] <= t2, "{sums:?} against {t1}, {t2}");
    let outcome = Run::start(&client, unchanged).prove();
    assert!(outcome.broken.is_empty());
    assert!(accepted(&client, &outcome), "the certificate alone cannot see crafted rows");

    let mut enrolled = enrolment_run::Client::honest(7);
    let rows = world().enrol.layout.client_rows;
    enrolled.rows = client.rows[..rows].iter().map(|row| masked(row, &enrolled.free)).collect();
    let proof = enrolment_run::Run::start(&enrolled, enrolment_run::Order::Right, &enrolment_run::binding()).prove();
    assert_eq!(proof.broken, [3], "projections of the rows leave their window");
    let verdict = enrolment_run::verify(&enrolled.statement(0), &enrolment_run::binding(), &proof.message);
    assert_eq!(verdict.unwrap_err().code(), "refused");
}
