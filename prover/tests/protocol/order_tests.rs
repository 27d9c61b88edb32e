//! Orders of the rounds that forge, each against a verifier that plays it and against the right one.

use ff::Field;
use midnight_curves::G1Projective;
use zkapex_prover::chunk::Message;
use zkapex_prover::enrolment::columns::{self, Derived};
use zkapex_prover::enrolment::Statement;
use zkapex_prover::error::Result;
use zkapex_prover::field::{self, F};
use zkapex_prover::ternary::Ternary;

use crate::enrolment_run::*;
use crate::twin::*;
use crate::world::world;

/// The verifier with another order of challenges, otherwise the library's steps.
fn verify_in(order: Order, statement: &mut Statement, bytes: &[u8]) -> Result<()> {
    let side = &world().enrol;
    let layout = &side.layout;
    let message = Message::parse(&layout.sections(), bytes.to_vec())?;
    let (mut transcript, seed_b, seed_a) = open(order, statement, &binding());
    let challenges = draw(order, layout, &mut transcript, message.bytes(0));
    let outer = transcript.squeeze("inner");
    let c = Ternary::expand(&seed_b, &layout.projected_cells(), layout.projections).combine(challenges.eta);
    let a = Ternary::expand(&seed_a, &[layout.products()], layout.projections).combine(challenges.zeta);
    let plain = columns::plain(layout, statement, &challenges, &c, &a[0]);
    let derived = Derived::new(layout, statement, &challenges)?;
    let committed: Vec<G1Projective> = [derived.delta.as_slice(), &derived.fold, message.points(0)].concat();
    side.verifier.verify(&committed, &plain, &outer, message.proof())
}

fn large_entry() -> Client {
    let mut client = Client::honest(1);
    let cell = client.cell(2, true);
    client.rows[5][2][cell] += power_of_two(28);
    client
}

#[test]
fn the_right_order_is_the_librarys() {
    let client = Client::honest(1);
    let message = Run::start(&client, Order::Right, &binding()).prove().message;
    verify_in(Order::Right, &mut client.statement(0), &message).unwrap();
    verify(&client.statement(0), &binding(), &message).unwrap();
}

/// With η, ζ and ρ known, two cells of t are enough to make both sums that hold t come right.
fn repaired_t(client: &Client) -> Outcome {
    let mut run = Run::start(client, Order::ChallengesFirst, &binding());
    let (layout, cell) = (run.layout(), client.cell(2, true));
    let width = layout.tested_rows();
    let true_t = run.t.clone();
    for j in 0..layout.projections {
        run.t[j * width + 5] -= signed(run.b[2][cell][j], power_of_two(28));
    }
    run.follow();
    let [eta, zeta, rho] = draw_first(&mut run.transcript.clone());
    let (eta, zeta, rho) =
        (field::powers(eta, layout.projections), field::powers(zeta, layout.projections), field::powers(rho, width));
    let weight = |index: usize| eta[index / width] * rho[index % width];
    let level = |index: usize| -> F { run.a[index].iter().zip(&zeta).map(|(a, z)| signed(*a, *z)).sum() };
    let missing: F = true_t.iter().zip(&run.t).enumerate().map(|(i, (want, have))| weight(i) * (*want - have)).sum();
    // Σ weight·d = missing and Σ level·d = 0 over the two cells.
    let (one, two) = (0, 3 * width + 5);
    let determinant = (weight(one) * level(two) - weight(two) * level(one)).invert().unwrap();
    let (first, second) = (missing * level(two) * determinant, -(missing * level(one)) * determinant);
    run.t[one] += first;
    run.t[two] += second;
    run.prove()
}

#[test]
fn t_must_be_bound_before_the_challenges() {
    let client = large_entry();
    let forged = repaired_t(&client);
    assert!(forged.broken.is_empty() && forged.closes && forged.bits);
    verify_in(Order::ChallengesFirst, &mut client.statement(0), &forged.message)
        .expect("the wrong order accepts a forgery");
    assert_eq!(verify(&client.statement(0), &binding(), &forged.message).unwrap_err().code(), "refused");
}

/// A vector that every b_j annihilates, over the first J + 1 free cells of a lane.
fn annihilated(b: &[Vec<i8>], free: &[bool], projections: usize) -> Vec<F> {
    let cells: Vec<usize> = (0..free.len()).filter(|i| free[*i]).take(projections + 1).collect();
    let mut matrix: Vec<Vec<F>> =
        (0..projections).map(|j| cells.iter().map(|i| field::fi(b[*i][j].into())).collect()).collect();
    let mut pivots: Vec<usize> = vec![];
    for column in 0..cells.len() {
        let Some(row) = (pivots.len()..projections).find(|r| matrix[*r][column] != F::ZERO) else { continue };
        let top = pivots.len();
        matrix.swap(top, row);
        let inverse = matrix[top][column].invert().unwrap();
        matrix[top].iter_mut().for_each(|x| *x *= inverse);
        for other in (0..projections).filter(|r| *r != top) {
            let factor = matrix[other][column];
            let pivot = matrix[top].clone();
            matrix[other].iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
        pivots.push(column);
    }
    let open = (0..cells.len()).find(|c| !pivots.contains(c)).unwrap();
    let mut out = vec![F::ZERO; free.len()];
    out[cells[open]] = power_of_two(100);
    for (row, column) in pivots.iter().enumerate() {
        out[cells[*column]] = -matrix[row][open] * power_of_two(100);
    }
    out
}

#[test]
fn gradient_rows_must_be_bound_before_b() {
    let mut client = Client::honest(2);
    let run = Run::start(&client, Order::ProjectionsFirst, &binding());
    let kernel = annihilated(&run.b[2], &client.free[2], run.layout().projections);
    client.rows[0][2].iter_mut().zip(&kernel).for_each(|(g, x)| *g += x);
    assert!(kernel.contains(&power_of_two(100)));
    let forged = Run::start(&client, Order::ProjectionsFirst, &binding()).prove();
    assert!(forged.broken.is_empty() && forged.closes && forged.bits);
    verify_in(Order::ProjectionsFirst, &mut client.statement(0), &forged.message)
        .expect("the wrong order accepts a forgery");
    assert_eq!(verify(&client.statement(0), &binding(), &forged.message).unwrap_err().code(), "refused");
    // The same rows in the right order: their projections leave the window.
    let honest = Run::start(&client, Order::Right, &binding()).prove();
    assert_eq!(honest.broken, [3]);
    assert!(verify(&client.statement(0), &binding(), &honest.message).is_err());
}
