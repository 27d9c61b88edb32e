//! The enrolment prover step by step, over field elements; every intermediate value may be replaced between the steps.

use ff::{Field, PrimeField};
use midnight_curves::G1Projective;
use rayon::prelude::*;
use zkapex_prover::chunk::opening;
use zkapex_prover::enrolment::columns::{self, Challenges, Derived};
use zkapex_prover::enrolment::statement::{Binding, Statement};
use zkapex_prover::enrolment::{assign, Layout};
use zkapex_prover::error::Result;
use zkapex_prover::field::{self, F};
use zkapex_prover::plonk::{Committed, Randomness};
use zkapex_prover::ternary::Ternary;
use zkapex_prover::transcript::OuterTranscript;

pub use crate::enrolment_client::{binding, Client};
use crate::twin::*;
use crate::world::{world, World};

/// In which order the verifier draws its challenges. Only the first is the protocol's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Right,
    /// η, ζ and ρ before the cells are bound.
    ChallengesFirst,
    /// b before the gradient rows are bound.
    ProjectionsFirst,
}

/// Transcript, b and a.
pub fn open(order: Order, statement: &mut Statement, binding: &Binding) -> (OuterTranscript, [u8; 64], [u8; 64]) {
    if order != Order::ProjectionsFirst {
        let mut transcript = statement.transcript(binding);
        let (b, a) = (transcript.squeeze("b"), transcript.squeeze("a"));
        return (transcript, b, a);
    }
    let gradients = std::mem::take(&mut statement.bytes.gradients);
    let mut transcript = statement.transcript(binding);
    statement.bytes.gradients = gradients;
    let b = transcript.squeeze("b");
    transcript.absorb("gradients", &statement.bytes.gradients);
    let a = transcript.squeeze("a");
    (transcript, b, a)
}

/// η, ζ and ρ of the wrong order, known before the cells.
pub fn draw_first(transcript: &mut OuterTranscript) -> [F; 3] {
    ["eta", "zeta", "rho"].map(|label| transcript.challenge(label))
}

/// Challenges after the cells, which are absorbed where the order says.
pub fn draw(order: Order, layout: &Layout, transcript: &mut OuterTranscript, cells: &[u8]) -> Challenges {
    if order != Order::ChallengesFirst {
        transcript.absorb("cells", cells);
        return Challenges::draw(layout, transcript).unwrap();
    }
    let [eta, zeta, rho] = draw_first(transcript);
    transcript.absorb("cells", cells);
    let mu = transcript.nonzero_challenge("mu").unwrap();
    Challenges { eta, zeta, rho: field::powers(rho, layout.tested_rows() + 1), mu: field::powers(mu, 4) }
}

/// One proof in the making.
pub struct Run<'a> {
    pub world: &'static World,
    pub client: &'a Client,
    pub statement: Statement,
    pub b: Vec<Vec<Vec<i8>>>,
    pub a: Vec<Vec<i8>>,
    seeds: ([u8; 64], [u8; 64]),
    order: Order,
    pub transcript: OuterTranscript,
    /// t_jk at j·(n + 1) + k.
    pub t: Vec<F>,
    pub v: Vec<F>,
    pub slack: F,
    pub cells: Vec<F>,
    /// Added to the columns and commitments of F that the prover uses, by lane; a verifier derives its own.
    pub own_fold: Option<Lanes>,
    /// Changes the plain columns that the prover uses; a verifier derives its own.
    pub own_plain: Option<fn(&Layout, &mut [Vec<F>])>,
}

/// A message and what is wrong with it.
pub struct Outcome {
    pub message: Vec<u8>,
    /// Powers of μ whose sums do not vanish.
    pub broken: Vec<usize>,
    /// Every cell of the bit columns is 0 or 1.
    pub bits: bool,
    /// The running sum over the prover's own columns closes.
    pub closes: bool,
}

impl<'a> Run<'a> {
    /// Plays up to t, v and the slack, all of them honest. Sums run over free cells: what lies elsewhere should be zero.
    pub fn start(client: &'a Client, order: Order, binding: &Binding) -> Self {
        let (world, layout) = (world(), &world().enrol.layout);
        let mut statement = client.statement(0);
        let (transcript, seed_b, seed_a) = open(order, &mut statement, binding);
        let b = ternary(&seed_b, &layout.projected_cells(), layout.projections);
        let a = ternary(&seed_a, &[layout.products()], layout.projections).remove(0);
        let mut run = Run {
            world,
            client,
            b,
            a,
            seeds: (seed_b, seed_a),
            order,
            transcript,
            t: vec![],
            v: vec![],
            cells: vec![],
            own_fold: None,
            own_plain: None,
            slack: F::from_u128(statement.distance) - client.square_sum(),
            statement,
        };
        run.t = run.honest_t();
        run.follow();
        run
    }

    pub fn layout(&self) -> &'static Layout {
        &self.world.enrol.layout
    }

    fn honest_t(&self) -> Vec<F> {
        let delta = self.client.delta();
        let product = |index: usize| {
            let (j, k) = (index / self.layout().tested_rows(), index % self.layout().tested_rows());
            let row = self.client.rows.get(k).unwrap_or(&delta);
            let mut sum = F::ZERO;
            for (lane, cells) in row.iter().enumerate() {
                for (i, value) in cells.iter().enumerate().filter(|(i, _)| self.client.free[lane][*i]) {
                    sum += signed(self.b[lane][i][j], *value);
                }
            }
            sum
        };
        (0..self.layout().products()).into_par_iter().map(product).collect()
    }

    /// v_l = ⟨a_l, t⟩ of t as it stands.
    pub fn follow(&mut self) {
        let project = |l: usize| self.t.iter().zip(&self.a).map(|(t, a)| signed(a[l], *t)).sum();
        self.v = (0..self.layout().projections).map(project).collect();
    }

    /// Writes the cells: low bits of the slack and of v_l + 2^(r−1), then t.
    pub fn write(&mut self) {
        let layout = self.layout();
        let half = power_of_two(layout.range_bits as u64 - 1);
        self.cells = low_bits(self.slack, layout.distance_bits);
        self.v.iter().for_each(|v| self.cells.extend(low_bits(*v + half, layout.range_bits)));
        self.cells.extend(&self.t);
    }

    /// Writes the cells and finishes.
    pub fn prove(mut self) -> Outcome {
        self.write();
        self.finish()
    }

    /// Commits the cells as they stand, draws the challenges, proves.
    pub fn finish(mut self) -> Outcome {
        let (layout, world) = (self.layout(), self.world);
        let cell_blinds = blinds(layout, &mut rng(99), layout.cell_columns);
        let cells: Vec<Vec<F>> = (0..layout.cell_columns)
            .map(|i| column(layout, &self.cells[layout.cells_of(i)], &[], &cell_blinds[i]))
            .collect();
        let com_cells: Vec<G1Projective> = cells.iter().map(|c| world.commit(c)).collect();
        let mut message = vec![];
        opening::send(&mut OuterTranscript::new(), &mut message, "cells", &com_cells);
        let challenges = draw(self.order, layout, &mut self.transcript, &message);
        let outer = self.transcript.squeeze("inner");

        let c = Ternary::expand(&self.seeds.0, &layout.projected_cells(), layout.projections).combine(challenges.eta);
        let a =
            Ternary::expand(&self.seeds.1, &[layout.products()], layout.projections).combine(challenges.zeta).remove(0);
        let delta = self.client.delta();
        let delta_columns: Vec<Vec<F>> =
            delta.iter().zip(&self.client.theta_blind).map(|(d, b)| column(layout, &[], d, b)).collect();
        let (mut fold, mut derived) = (
            self.fold_columns(&challenges, &delta_columns),
            Derived::new(layout, &self.statement, &challenges).unwrap(),
        );
        if let Some(own) = &self.own_fold {
            for (lane, own) in own.iter().enumerate() {
                fold[lane].iter_mut().skip(layout.active_start).zip(own).for_each(|(f, x)| *f += x);
                derived.fold[lane] = world.commit(&fold[lane]);
            }
        }
        let mut plain = columns::plain(layout, &self.statement, &challenges, &c, &a);
        if let Some(change) = self.own_plain {
            change(layout, &mut plain);
        }
        let acc = assign::accumulate(layout, &delta_columns, &fold, &cells, &plain);
        let closes = bool::from(acc.last().unwrap().is_zero());
        let broken = self.broken(&challenges, (&c, &a), &delta, &fold);
        if self.own_plain.is_none() {
            let total: F = broken.iter().zip(&challenges.mu).map(|(sum, mu)| *sum * mu).sum();
            assert_eq!(total, *acc.last().unwrap(), "the running sum is the stated polynomial in mu");
        }
        let columns = [delta_columns, fold, cells].concat();
        let commitments = [derived.delta, derived.fold, com_cells].concat();
        let committed: Vec<Committed> =
            columns.into_iter().zip(commitments).map(|(values, commitment)| Committed { values, commitment }).collect();
        for column in &committed {
            assert_eq!(world.commit(&column.values), column.commitment, "every column is that of its commitment");
        }
        message.extend(world.enrol.prover.prove(committed, &plain, vec![acc], &outer, &Randomness::System).unwrap());
        let bits = self.cells[..layout.bit_cells()].iter().all(|b| *b == F::ZERO || *b == F::ONE);
        let broken = (0..broken.len()).filter(|i| broken[*i] != F::ZERO).collect();
        Outcome { message, broken, bits, closes }
    }

    fn fold_columns(&self, challenges: &Challenges, delta: &[Vec<F>]) -> Vec<Vec<F>> {
        let (layout, client) = (self.layout(), self.client);
        let tie = client.tie().map(|tie| (tie, minus(&client.theta_blind, &client.current_blind)));
        let lane = |lane: usize| {
            let mut sum = vec![F::ZERO; layout.blinding_end()];
            let mut add = |column: &[F], weight: F| sum.iter_mut().zip(column).for_each(|(s, x)| *s += weight * x);
            for (k, (row, blind)) in client.rows.iter().zip(&client.row_blinds).enumerate() {
                add(&column(layout, &[], &row[lane], &blind[lane]), challenges.rho[k]);
            }
            add(&delta[lane], challenges.rho[layout.client_rows]);
            if let Some((tie, blind)) = &tie {
                add(&column(layout, &[], &tie[lane], &blind[lane]), challenges.rho[layout.client_rows + 1]);
            }
            sum
        };
        (0..layout.lanes).map(lane).collect()
    }

    /// The four sums, from what is committed and not from the running sum.
    fn broken(&self, ch: &Challenges, (c, a): (&Lanes, &[F]), delta: &Lanes, fold: &[Vec<F>]) -> [F; 4] {
        let layout = self.layout();
        let active: Lanes = fold.iter().map(|f| f[layout.active_start..layout.blinding_start()].to_vec()).collect();
        let (slack, rest) = self.cells.split_at(layout.distance_bits);
        let (ranges, t) = rest.split_at(layout.projections * layout.range_bits);
        let half = power_of_two(layout.range_bits as u64 - 1);
        let (eta, zeta) = (field::powers(ch.eta, layout.projections), field::powers(ch.zeta, layout.projections));
        let folded: F = t
            .iter()
            .enumerate()
            .map(|(i, t)| eta[i / layout.tested_rows()] * ch.rho[i % layout.tested_rows()] * t)
            .sum();
        let ranged: F =
            ranges.chunks(layout.range_bits).zip(&zeta).map(|(bits, z)| *z * (from_bits(bits) - half)).sum();
        let free = |lane: usize, row: usize| self.client.free[lane][row];
        [
            inner(delta, delta, |_, _| true) + from_bits(slack) - F::from_u128(self.statement.distance),
            inner(c, &active, free) - folded,
            inner(c, &active, |lane, row| !free(lane, row)),
            a.iter().zip(t).map(|(a, t)| *a * t).sum::<F>() - ranged,
        ]
    }
}

/// The library's verifier.
pub fn verify(statement: &Statement, binding: &Binding, message: &[u8]) -> Result<()> {
    let side = &world().enrol;
    zkapex_prover::enrolment::verify::verify(&side.verifier, &side.layout, binding, statement, message.to_vec())
}
