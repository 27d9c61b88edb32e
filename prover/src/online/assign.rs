//! Every column of the relation from witness and challenges: the committed ones, the running sum, and what they commit to.

use ff::Field;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::columns::{Challenges, Derived};
use super::layout::Layout;
use super::round_two::Bits;
use super::running_sum::{self, Cells};
use super::statement::Statement;
use super::witness::Witness;
use crate::chunk::blinding::wipe;
use crate::chunk::columns::{active, head, lanes};
use crate::chunk::fold;
use crate::field::{self, F};
use crate::plonk::Committed;

/// Blinding rows that outlive the proof: θ̂p of the ledger's commitment, the client's rows, and θ̂u, the next θ̂p.
pub struct LongLived {
    pub theta_p: Vec<Vec<F>>,
    pub theta_u: Vec<Vec<F>>,
    /// By client row, then lane.
    pub gradients: Vec<Vec<Vec<F>>>,
}

impl Drop for LongLived {
    fn drop(&mut self) {
        wipe(&mut self.theta_p);
        wipe(&mut self.theta_u);
        self.gradients.iter_mut().for_each(|row| wipe(row));
    }
}

/// Blinding rows of all secret columns.
pub struct Blinds<'a> {
    pub long: &'a LongLived,
    pub y: &'a [Vec<F>],
    pub bits: &'a [Vec<F>],
    pub q: &'a [F],
}

/// What the rounds send: bits and q = ⟨c, Ĝ_k⟩.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    pub bits: &'a Bits,
    pub q: &'a [F],
}

/// Commitments of the rounds, as the message holds them.
pub struct Commitments<'a> {
    pub theta_u: &'a [G1Projective],
    pub bits: &'a [G1Projective],
    pub q: G1Projective,
}

/// Columns as the circuit sees them.
pub struct Assignment {
    /// Committed columns in table order.
    pub committed: Vec<Vec<F>>,
    /// See [`super::columns::plain`].
    pub plain: Vec<Vec<F>>,
    pub acc: Vec<F>,
}

impl Assignment {
    /// Fills the columns.
    pub fn new(
        layout: &Layout,
        (statement, witness): (&Statement, &Witness),
        challenges: &Challenges,
        sent: Sent,
        blinds: &Blinds,
        plain: Vec<Vec<F>>,
    ) -> Self {
        let v = challenges.v(statement.gamma);
        let y = y_columns(layout, witness, challenges, blinds.y);
        let fold = fold_columns(layout, witness, challenges, &blinds.long.gradients);
        let theta_p = lanes(layout, &witness.theta_p, &blinds.long.theta_p);
        let theta_u = lanes(layout, &witness.theta_u, &blinds.long.theta_u);
        let q = head(layout, sent.q.iter().copied(), blinds.q);
        let (free, bits) = (&statement.free, &sent.bits.columns);
        let acc = running_sum::accumulate(
            layout,
            &Cells { theta_p: &theta_p, theta_u: &theta_u, y: &y, fold: &fold, free, bits, q: &q, v, plain: &plain },
        );
        let mut v_column = vec![F::ZERO; layout.blinding_start()];
        v_column[layout.active_start..].fill(v);
        let (free, bits) = (free_columns(layout, statement), bit_columns(layout, sent.bits, blinds.bits));
        let groups = [theta_p, theta_u, y, fold, free, bits, vec![q, v_column]];
        let committed = groups.into_iter().flatten().collect();
        Assignment { committed, plain, acc }
    }

    /// Pairs every committed column with its commitment; plain columns and the running sum follow.
    pub fn committed(
        self,
        statement: &Statement,
        derived: &Derived,
        sent: &Commitments,
    ) -> (Vec<Committed>, Vec<Vec<F>>, Vec<F>) {
        let (theta_p, free) = (statement.theta_p.as_slice(), statement.com_free.as_slice());
        let points = [theta_p, sent.theta_u, &derived.y, &derived.fold, free, sent.bits, &[sent.q, derived.v]].concat();
        let pairs = self.committed.into_iter().zip(points);
        (pairs.map(|(values, commitment)| Committed { values, commitment }).collect(), self.plain, self.acc)
    }
}

/// μ⁴ŷ, with μ⁴σ̂_k and μ⁴e_k in the tail of lanes 0 and 1.
fn y_columns(layout: &Layout, witness: &Witness, challenges: &Challenges, blinds: &[Vec<F>]) -> Vec<Vec<F>> {
    let mut y = lanes(layout, &witness.y, blinds);
    for k in 0..layout.rows() {
        y[0][k] = field::fi(witness.sigma[k].into());
        y[1][k] = field::fi(witness.e[k].into());
    }
    y.par_iter_mut().flatten().for_each(|cell| *cell *= challenges.mu[4]);
    y
}

/// F̃ = μ⁶Σρ^k Ĝ_k; blinding rows likewise, the request's rows have none.
fn fold_columns(layout: &Layout, witness: &Witness, challenges: &Challenges, gradients: &[Vec<Vec<F>>]) -> Vec<Vec<F>> {
    let weights = challenges.fold_weights();
    let folded = |lane: usize| {
        let blind = fold::folded_blinding(gradients, lane, &weights, layout.blinding_rows);
        active(layout, fold::folded_lane(&witness.rows, lane, &weights).into_iter(), &blind)
    };
    (0..layout.lanes).into_par_iter().map(folded).collect()
}

fn free_columns(layout: &Layout, statement: &Statement) -> Vec<Vec<F>> {
    let column = |lane: &Vec<bool>| {
        let ones = lane.iter().map(|f| if *f { F::ONE } else { F::ZERO });
        std::iter::repeat_n(F::ZERO, layout.active_start).chain(ones).collect()
    };
    statement.free.iter().map(column).collect()
}

fn bit_columns(layout: &Layout, bits: &Bits, blinds: &[Vec<F>]) -> Vec<Vec<F>> {
    let pairs = bits.columns.iter().zip(blinds);
    pairs.map(|(b, blind)| head(layout, b.iter().map(|b| F::from(u64::from(*b))), blind)).collect()
}
