//! The secret integers of one chunk and what follows from them: δ̂, e, ŷ and the three sums. Exact or refused, never wrapped.

use rayon::prelude::*;

use super::layout::{Layout, SLACKS};
use crate::chunk::Rows;
use crate::error::{Error, Result};

/// Integers of the witness and of ŷ stay below this, so that i64 arithmetic cannot wrap.
const LIMIT: u128 = 1 << 62;

/// A chunk's witness, by lane where it is per weight.
pub struct Witness {
    pub theta_u: Vec<Vec<i64>>,
    pub theta_p: Vec<Vec<i64>>,
    pub rows: Rows,
    pub sigma: Vec<i64>,
    /// δ̂ = θ̂u − θ̂p.
    pub delta: Vec<Vec<i64>>,
    /// e_k = σ̂_k − ⟨Ĝ_k, δ̂⟩.
    pub e: Vec<i64>,
    /// ŷ = γ̂δ̂ + Ĝᵀσ̂.
    pub y: Vec<Vec<i64>>,
    /// Σ f ŷ², Σ e², Σ f δ̂²; `None` where the sum exceeds 128 bits.
    pub sums: [Option<u128>; SLACKS],
}

impl Witness {
    /// Derives the residuals and sums. `free` is the statement's.
    pub fn derive(
        layout: &Layout,
        (theta_p, theta_u): (&[i32], &[i32]),
        rows: Rows,
        sigma: Vec<i64>,
        gamma: u64,
        free: &[Vec<bool>],
    ) -> Result<Self> {
        if theta_p.len() != theta_u.len() || sigma.len() != layout.rows() || rows.count() != layout.rows() {
            return Err(Error::internal("the parts of the witness differ in size"));
        }
        let wide = |values: &[i32]| layout.to_lanes(&values.iter().map(|v| i64::from(*v)).collect::<Vec<_>>(), 0);
        let (theta_p, theta_u) = (wide(theta_p)?, wide(theta_u)?);
        let delta: Vec<Vec<i64>> =
            theta_u.iter().zip(&theta_p).map(|(u, p)| u.iter().zip(p).map(|(u, p)| u - p).collect()).collect();
        check_range(&delta, &sigma, gamma)?;
        let e = residual_rows(&rows, &delta, &sigma);
        let y = residual_weights(&rows, &delta, &sigma, gamma as i64);
        let sums =
            [sum_squares(&y, Some(free)), sum_squares(std::slice::from_ref(&e), None), sum_squares(&delta, Some(free))];
        Ok(Witness { theta_u, theta_p, rows, sigma, delta, e, y, sums })
    }
}

/// |γ̂δ̂ + Ĝᵀσ̂| and |σ̂ − Ĝδ̂| stay below 2^62, from the largest entries.
fn check_range(delta: &[Vec<i64>], sigma: &[i64], gamma: u64) -> Result<()> {
    let largest = delta.iter().flatten().map(|d| d.unsigned_abs()).max().unwrap_or(0);
    let l1: u128 = delta.iter().flatten().map(|d| u128::from(d.unsigned_abs())).sum();
    let sigma_l1: u128 = sigma.iter().map(|s| u128::from(s.unsigned_abs())).sum();
    let y = u128::from(gamma) * u128::from(largest) + 128 * sigma_l1;
    let e = sigma_l1 + 128 * l1;
    if y >= LIMIT || e >= LIMIT {
        let message =
            "the update is too large for exact 64-bit arithmetic; check damping and scale of the gradient rows";
        return Err(Error::input(message).at_field("update").with_value(y.max(e)));
    }
    Ok(())
}

fn residual_rows(rows: &Rows, delta: &[Vec<i64>], sigma: &[i64]) -> Vec<i64> {
    let inner = |k: usize| -> i64 {
        delta
            .iter()
            .enumerate()
            .map(|(lane, d)| d.iter().zip(rows.lane(k, lane)).map(|(d, g)| d * i64::from(*g)).sum::<i64>())
            .sum()
    };
    sigma.par_iter().enumerate().map(|(k, s)| s - inner(k)).collect()
}

/// Blocks of rows that stay in the first-level cache while all curvature rows pass over them.
const BLOCK: usize = 512;

fn residual_weights(rows: &Rows, delta: &[Vec<i64>], sigma: &[i64], gamma: i64) -> Vec<Vec<i64>> {
    delta
        .par_iter()
        .enumerate()
        .map(|(lane, delta)| {
            let mut y: Vec<i64> = delta.iter().map(|d| gamma * d).collect();
            for (block, out) in y.chunks_mut(BLOCK).enumerate() {
                for (k, s) in sigma.iter().enumerate() {
                    let g = &rows.lane(k, lane)[block * BLOCK..];
                    out.iter_mut().zip(g).for_each(|(y, g)| *y += s * i64::from(*g));
                }
            }
            y
        })
        .collect()
}

fn sum_squares(values: &[Vec<i64>], free: Option<&[Vec<bool>]>) -> Option<u128> {
    values.iter().enumerate().try_fold(0u128, |total, (lane, values)| {
        values.iter().enumerate().try_fold(total, |total, (row, v)| {
            if free.is_some_and(|free| !free[lane][row]) {
                return Some(total);
            }
            let v = u128::from(v.unsigned_abs());
            total.checked_add(v * v)
        })
    })
}
