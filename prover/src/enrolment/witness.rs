//! The secret integers of one chunk's enrolment. Exact or refused, never wrapped.

use super::layout::Layout;
use crate::chunk::Rows;
use crate::error::{Error, Result};

/// A chunk's witness, by lane where it is per weight.
pub struct Witness {
    /// The client's gradient rows.
    pub rows: Rows,
    /// Δ = θ̂p − f_cum∘θ̂0.
    pub delta: Vec<Vec<i64>>,
    /// θ̂p less the ledger's θ̂, for a re-enrolment.
    pub tie: Option<Vec<Vec<i64>>>,
    /// ΣΔ².
    pub distance: u128,
}

impl Witness {
    /// Derives Δ and its square sum. `free` is the statement's; `theta_current` belongs to a re-enrolment.
    ///
    /// # Errors
    /// `Error::Internal` where the parts differ in size.
    pub fn derive(
        layout: &Layout,
        (theta_p, theta_0): (&[i32], &[i32]),
        theta_current: Option<&[i32]>,
        rows: Rows,
        free: &[Vec<bool>],
    ) -> Result<Self> {
        let sizes = [Some(theta_0.len()), theta_current.map(<[i32]>::len)];
        if sizes.iter().flatten().any(|size| *size != theta_p.len()) || rows.count() != layout.client_rows {
            return Err(Error::internal("the parts of the witness differ in size"));
        }
        let difference = |other: &[i32]| -> Result<Vec<Vec<i64>>> {
            let values: Vec<i64> = theta_p.iter().zip(other).map(|(a, b)| i64::from(*a) - i64::from(*b)).collect();
            layout.to_lanes(&values, 0)
        };
        let masked: Vec<i32> = theta_0
            .iter()
            .enumerate()
            .map(|(i, t)| if free[i % layout.lanes][i / layout.lanes] { *t } else { 0 })
            .collect();
        let delta = difference(&masked)?;
        let tie = theta_current.map(difference).transpose()?;
        let distance = delta.iter().flatten().map(|d| u128::from(d.unsigned_abs()).pow(2)).sum();
        Ok(Witness { rows, delta, tie, distance })
    }

    /// Refuses a witness whose zeros are missing, before a proof is tried.
    ///
    /// # Errors
    /// `Error::Input` that says what must be zero.
    pub fn check(&self, layout: &Layout, free: &[Vec<bool>]) -> Result<()> {
        let refuse = |field: &str, message: &str, (lane, row): (usize, usize)| {
            Err(Error::input(message).at_field(field).with_value(layout.weight_name(lane, row)))
        };
        for (lane, free) in free.iter().enumerate() {
            for row in (0..layout.active_rows).filter(|row| !free[*row]) {
                if self.delta[lane][row] != 0 {
                    return refuse("theta", "a weight that was forgotten before is not zero", (lane, row));
                }
                if (0..layout.client_rows).any(|k| self.rows.lane(k, lane)[row] != 0) {
                    let message = "a gradient row is not zero on a weight that was forgotten before";
                    return refuse("gradients", message, (lane, row));
                }
            }
        }
        let lanes = self.tie.iter().flatten().enumerate();
        let moved = lanes.filter_map(|(lane, tie)| Some((lane, tie.iter().position(|d| *d != 0)?))).next();
        match moved {
            Some(place) => refuse("theta", "a re-enrolment must keep the weights that the ledger holds", place),
            None => Ok(()),
        }
    }
}
