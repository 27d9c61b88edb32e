//! Multi-exponentiation by affine additions, eight at once.
//!
//! Signed digits sort the points into buckets; the buckets' points are added in pairs, round by round, in affine form with
//! one inversion for thousands of additions ([`pairs`]): six products an addition where projective formulas take ten or
//! more. Bucket m stands for m times its sum, which is found bit by bit of m by the same means ([`buckets`]).
//!
//! Two points of a pair with one x, which never happens among unrelated points, would need another formula: a whole batch
//! that holds one is added again by `blst`, point by point.

#![allow(unsafe_op_in_unsafe_fn)]

mod buckets;
mod digits;
mod endomorphism;
mod jacobian;
mod lanes;
mod pairs;
mod point;
mod side_by_side;
#[cfg(test)]
mod tests;

pub(super) use lanes::fold_lanes;
pub(crate) use point::WidePoint;

use group::Group;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::point::from_affine;
use crate::field::F;
use digits::Windows;
use pairs::Entry;

/// Entries of one task: enough to share inversions, few enough to stay in the cache.
const TASK: usize = 1 << 14;

/// Σ s_i·P_i over field elements, on the calling thread or on the current rayon pool.
pub(super) fn full(points: &[WidePoint], scalars: &[F], parallel: bool) -> G1Projective {
    multiply(points, &Windows::full(scalars), parallel)
}

/// Σ ±P_i, by index and whether negative, on the calling thread.
pub(super) fn sum(points: &[WidePoint], terms: impl Iterator<Item = (usize, bool)>) -> G1Projective {
    let entries: Vec<Entry> = terms.map(|(index, negative)| Entry::new(index, negative)).collect();
    let ends = vec![entries.len()];
    pairs::sum_groups(points, entries, ends).get(0).map_or_else(G1Projective::identity, |p| from_affine(&p.affine()))
}

/// Σ v_i·P_i over integers −2^(bits−1) ≤ v_i < 2^(bits−1), on the calling thread.
pub(super) fn signed(points: &[WidePoint], values: &[i64], bits: usize) -> G1Projective {
    multiply(points, &Windows::signed(values, bits), false)
}

fn multiply(points: &[WidePoint], windows: &Windows, parallel: bool) -> G1Projective {
    let group = (TASK / points.len().max(1)).max(1);
    let starts: Vec<usize> = (0..windows.count()).step_by(group).collect();
    let task = |start: &usize| buckets::sums(points, windows, *start..(*start + group).min(windows.count()));
    let sums: Vec<Vec<G1Projective>> =
        if parallel { starts.par_iter().map(task).collect() } else { starts.iter().map(task).collect() };
    let shift = |p: G1Projective| (0..windows.width).fold(p, |p, _| p.double());
    sums.into_iter().flatten().rev().fold(G1Projective::identity(), |sum, window| shift(sum) + window)
}
