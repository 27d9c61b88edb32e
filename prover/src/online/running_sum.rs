//! The one advice column: the running sum of `fold.step`, which must close at zero.

use super::layout::Layout;
use crate::chunk::columns;
use crate::field::F;
use ff::Field;

/// Columns by role, as slices of the values that the proof uses.
pub struct Cells<'a> {
    pub theta_p: &'a [Vec<F>],
    pub theta_u: &'a [Vec<F>],
    pub y: &'a [Vec<F>],
    pub fold: &'a [Vec<F>],
    pub free: &'a [Vec<bool>],
    pub bits: &'a [Vec<bool>],
    pub q: &'a [F],
    pub v: F,
    pub plain: &'a [Vec<F>],
}

/// acc_0 = 0, acc_{i+1} = acc_i + step_i; the last entry is what the sums leave over.
pub fn accumulate(layout: &Layout, cells: &Cells) -> Vec<F> {
    columns::running_sum(layout, |row| {
        let own =
            if row < layout.active_start { tail_step(layout, cells, row) } else { active_step(layout, cells, row) };
        own + bits_step(layout, cells, row)
    })
}

/// Σ_j F̃_j(δ_j + c̃_j) + c̃_j(Ỹ_j + vδ_j) + f_j(Ỹ_j² + δ_j²)
fn active_step(layout: &Layout, cells: &Cells, row: usize) -> F {
    let mut sum = F::ZERO;
    for lane in 0..layout.lanes {
        let (y, c, fold) = (&cells.y[lane][row], &cells.plain[lane][row], &cells.fold[lane][row]);
        let delta = cells.theta_u[lane][row] - cells.theta_p[lane][row];
        sum += *fold * (delta + c) + *c * (*y + cells.v * delta);
        if cells.free[lane][row - layout.active_start] {
            sum += y.square() + delta.square();
        }
    }
    sum
}

/// The tail's weights on Ỹ0, Ỹ1, q, Ỹ0·q, Ỹ1², and the constant.
fn tail_step(layout: &Layout, cells: &Cells, row: usize) -> F {
    let weight = |index: usize| cells.plain[layout.lanes + index].get(row).copied().unwrap_or(F::ZERO);
    let (y0, y1, q) = (cells.y[0][row], cells.y[1][row], cells.q[row]);
    weight(0) * y0 + weight(1) * y1 + weight(2) * q + weight(3) * y0 * q + weight(4) * y1.square() + weight(5)
}

fn bits_step(layout: &Layout, cells: &Cells, row: usize) -> F {
    let weights = &cells.plain[layout.lanes + 6..];
    cells
        .bits
        .iter()
        .zip(weights)
        .filter(|(bits, _)| bits.get(row).copied().unwrap_or(false))
        .map(|(_, w)| w[row])
        .sum()
}
