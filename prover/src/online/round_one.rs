//! Round 1: commit θ̂u, and ŷ with σ̂ and e in its tail rows.

use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::witness::Witness;
use crate::chunk::ChunkLayout;
use crate::commit::Committer;
use crate::error::Result;
use crate::field::F;

/// Commits θ̂ by lane: integers on the active rows, blinding below.
pub fn commit_theta(
    layout: &ChunkLayout,
    committer: &Committer,
    theta: &[Vec<i64>],
    blinding: &[Vec<F>],
) -> Result<Vec<G1Projective>> {
    theta
        .par_iter()
        .zip(blinding)
        .map(|(lane, blind)| Ok(committer.small(layout.active_start, lane)? + committer.blind(blind)?))
        .collect()
}

/// Commits ŷ. On free weights ŷ is small and on masked ones it carries the multiplier, so each kind is summed by itself.
pub fn commit_y(
    layout: &Layout,
    committer: &Committer,
    witness: &Witness,
    free: &[Vec<bool>],
    blinding: &[Vec<F>],
) -> Result<Vec<G1Projective>> {
    let mut lanes: Vec<G1Projective> = witness
        .y
        .par_iter()
        .zip(free)
        .zip(blinding)
        .map(|((y, free), blind)| {
            let small: Vec<i64> = y.iter().zip(free).map(|(y, f)| if *f { *y } else { 0 }).collect();
            let masked: Vec<(usize, i64)> =
                (0..y.len()).filter(|i| !free[*i] && y[*i] != 0).map(|i| (layout.active_start + i, y[i])).collect();
            Ok(committer.small(layout.active_start, &small)? + committer.gather(&masked)? + committer.blind(blind)?)
        })
        .collect::<Result<_>>()?;
    lanes[0] += committer.small(0, &witness.sigma)?;
    lanes[1] += committer.small(0, &witness.e)?;
    Ok(lanes)
}
