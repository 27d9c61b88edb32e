//! Every column of the relation from witness and challenges: the committed ones, the running sum, and what they commit to.

use ff::Field;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::cells::Cells;
use super::columns::{Challenges, Derived};
use super::layout::Layout;
use super::witness::Witness;
use crate::chunk::blinding::wipe;
use crate::chunk::columns::{active, head, lanes, running_sum};
use crate::chunk::fold;
use crate::field::F;
use crate::plonk::Committed;

/// Blinding rows of the commitments that the statement holds.
pub struct LongLived {
    pub theta_p: Vec<Vec<F>>,
    /// Of the ledger's θ̂, for a re-enrolment.
    pub theta_current: Option<Vec<Vec<F>>>,
    /// By client row, then lane.
    pub gradients: Vec<Vec<Vec<F>>>,
}

impl Drop for LongLived {
    fn drop(&mut self) {
        wipe(&mut self.theta_p);
        self.theta_current.iter_mut().for_each(|columns| wipe(columns));
        self.gradients.iter_mut().for_each(|row| wipe(row));
    }
}

/// Columns as the circuit sees them, by group.
pub struct Assignment {
    pub delta: Vec<Vec<F>>,
    pub fold: Vec<Vec<F>>,
    pub cells: Vec<Vec<F>>,
    /// See [`super::columns::plain`].
    pub plain: Vec<Vec<F>>,
    pub acc: Vec<F>,
}

impl Assignment {
    /// Fills the columns; `blinds` are those of the cells.
    pub fn new(
        layout: &Layout,
        witness: &Witness,
        challenges: &Challenges,
        long: &LongLived,
        (cells, blinds): (&Cells, &[Vec<F>]),
        plain: Vec<Vec<F>>,
    ) -> Self {
        let delta = lanes(layout, &witness.delta, &long.theta_p);
        let fold = fold_columns(layout, witness, challenges, long, &delta);
        let cells: Vec<Vec<F>> = blinds
            .iter()
            .enumerate()
            .map(|(column, blind)| head(layout, cells.values(layout, column), blind))
            .collect();
        let acc = accumulate(layout, &delta, &fold, &cells, &plain);
        Assignment { delta, fold, cells, plain, acc }
    }

    /// Pairs every committed column with its commitment, in table order; plain columns and the running sum follow.
    pub fn committed(self, derived: &Derived, com_cells: &[G1Projective]) -> (Vec<Committed>, Vec<Vec<F>>, Vec<F>) {
        let groups = [(self.delta, derived.delta.as_slice()), (self.fold, &derived.fold), (self.cells, com_cells)];
        let pairs = groups.into_iter().flat_map(|(values, points)| values.into_iter().zip(points.iter().copied()));
        let committed = pairs.map(|(values, commitment)| Committed { values, commitment }).collect();
        (committed, self.plain, self.acc)
    }
}

/// F = Σ_k ρ^k Ĝ_k + ρ^n Δ, and ρ^(n+1) times the tie of a re-enrolment; blinding rows likewise.
fn fold_columns(
    layout: &Layout,
    witness: &Witness,
    ch: &Challenges,
    long: &LongLived,
    delta: &[Vec<F>],
) -> Vec<Vec<F>> {
    let (own, last) = ch.rho.split_at(layout.client_rows);
    let tie = witness.tie.as_ref().zip(long.theta_current.as_ref()).map(|(tie, current)| {
        let difference = |(new, old): (&Vec<F>, &Vec<F>)| new.iter().zip(old).map(|(new, old)| *new - old).collect();
        lanes(layout, tie, &long.theta_p.iter().zip(current).map(difference).collect::<Vec<_>>())
    });
    let folded = |lane: usize| {
        let blind = fold::folded_blinding(&long.gradients, lane, own, layout.blinding_rows);
        let mut column = active(layout, fold::folded_lane(&witness.rows, lane, own).into_iter(), &blind);
        add_scaled(&mut column, &delta[lane], last[0]);
        if let Some(tie) = &tie {
            add_scaled(&mut column, &tie[lane], last[1]);
        }
        column
    };
    (0..layout.lanes).into_par_iter().map(folded).collect()
}

fn add_scaled(column: &mut [F], other: &[F], scale: F) {
    column.iter_mut().zip(other).for_each(|(x, y)| *x += scale * y);
}

/// The running sum of Σ_j (c̃_j F_j + s·Δ_j²) + Σ_l w_l·cells_l + the constant.
pub fn accumulate(layout: &Layout, delta: &[Vec<F>], fold: &[Vec<F>], cells: &[Vec<F>], plain: &[Vec<F>]) -> Vec<F> {
    let (c, rest) = plain.split_at(layout.lanes);
    let (weights, constant) = rest.split_at(layout.cell_columns);
    running_sum(layout, |row| {
        let mut sum = constant[0].get(row).copied().unwrap_or(F::ZERO);
        for (weights, cells) in weights.iter().zip(cells) {
            sum += weights.get(row).map_or(F::ZERO, |w| *w * cells[row]);
        }
        if row >= layout.active_start {
            for ((c, fold), delta) in c.iter().zip(fold).zip(delta) {
                sum += c[row] * fold[row] + delta[row].square();
            }
        }
        sum
    })
}
