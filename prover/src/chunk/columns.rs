//! Columns of field elements: where their parts lie, and the running sum.

use ff::Field;
use rayon::prelude::*;

use super::layout::ChunkLayout;
use crate::field::{self, F};

/// A column with `active` on the active rows and `blind` on the blinding rows.
pub fn active(layout: &ChunkLayout, active: impl Iterator<Item = F>, blind: &[F]) -> Vec<F> {
    let mut out = vec![F::ZERO; layout.blinding_end()];
    out[layout.active_start..layout.blinding_start()].iter_mut().zip(active).for_each(|(o, x)| *o = x);
    out[layout.blinding_start()..].copy_from_slice(blind);
    out
}

/// A column that starts at row 0, with `blind` on the blinding rows.
pub fn head(layout: &ChunkLayout, values: impl Iterator<Item = F>, blind: &[F]) -> Vec<F> {
    let mut out = vec![F::ZERO; layout.blinding_end()];
    out[..layout.blinding_start()].iter_mut().zip(values).for_each(|(o, x)| *o = x);
    out[layout.blinding_start()..].copy_from_slice(blind);
    out
}

/// Columns of integers on the active rows, by lane.
pub fn lanes(layout: &ChunkLayout, values: &[Vec<i64>], blinds: &[Vec<F>]) -> Vec<Vec<F>> {
    values.par_iter().zip(blinds).map(|(v, b)| active(layout, v.iter().map(|x| field::fi((*x).into())), b)).collect()
}

/// acc_0 = 0, acc_{i+1} = acc_i + step(i) over the rows before the blinding; the last entry is what the sums leave over.
pub fn running_sum(layout: &ChunkLayout, step: impl Fn(usize) -> F + Sync + Send) -> Vec<F> {
    let steps: Vec<F> = (0..layout.blinding_start()).into_par_iter().with_min_len(256).map(step).collect();
    let mut acc = Vec::with_capacity(steps.len() + 1);
    acc.push(F::ZERO);
    acc.extend(steps.iter().scan(F::ZERO, |sum, step| {
        *sum += step;
        Some(*sum)
    }));
    acc
}

/// True where the running sum closes.
pub fn closes(acc: &[F]) -> bool {
    acc.last().is_some_and(|last| bool::from(last.is_zero()))
}
