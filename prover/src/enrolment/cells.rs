//! Round 2: the products t, the ranges of their projections v, and the slack of D0, cut into columns of cells.

use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::statement::Statement;
use super::witness::Witness;
use crate::chunk::bits;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::field::{self, F};
use crate::ternary::Ternary;

/// Name of the limit of ΣΔ², as errors and reports use it.
pub const DISTANCE: &str = "D0";

/// Cells in table order: bits first, then integers.
pub struct Cells {
    bits: Vec<bool>,
    products: Vec<i64>,
}

/// t_jk = ⟨b_j, row_k⟩ for the client's rows and Δ, at index j·(n + 1) + k.
///
/// # Errors
/// `Error::Input` where Δ is so large that an i64 sum could wrap.
pub fn products(layout: &Layout, witness: &Witness, b: &Ternary) -> Result<Vec<i64>> {
    let own = b.product(&witness.rows);
    let delta: Vec<&[i64]> = witness.delta.iter().map(Vec::as_slice).collect();
    let last = b.project(&delta)?;
    let rows = own.chunks(layout.client_rows).zip(last);
    Ok(rows.flat_map(|(own, last)| own.iter().copied().chain([last])).collect())
}

impl Cells {
    /// The slack of D0, v_l = ⟨a_l, t⟩ in bits of v_l + 2^(r−1), and t.
    ///
    /// # Errors
    /// With `checked`, `Error::Input` where an honest proof is impossible: Δ too large, or a v_l outside its window.
    pub fn new(
        layout: &Layout,
        statement: &Statement,
        witness: &Witness,
        (a, t): (&Ternary, Vec<i64>),
        checked: bool,
    ) -> Result<Self> {
        let slack = bits::slack(Some(witness.distance), statement.distance, layout.distance_bits, checked, DISTANCE);
        Self::claim(layout, slack.map_err(|e| e.at_field("theta"))?, &a.project(&[&t])?, t, checked)
    }

    /// The cells of a slack, v and t as somebody claims them.
    ///
    /// # Errors
    /// With `checked`, `Error::Input` where a v_l is outside its window.
    pub fn claim(layout: &Layout, slack: u128, v: &[i64], t: Vec<i64>, checked: bool) -> Result<Self> {
        let mut bits = Vec::with_capacity(layout.bit_cells());
        bits::push(&mut bits, slack, layout.distance_bits);
        for v in v {
            let what =
                "a gradient row or a difference to the base model is too large: a projection of their projections";
            let shifted = bits::windowed(*v, layout.range_bits, checked, what).map_err(|e| e.at_field("gradients"))?;
            bits::push(&mut bits, shifted, layout.range_bits);
        }
        if bits.len() != layout.bit_cells() || t.len() != layout.products() {
            return Err(Error::internal("the cells are not those of the layout"));
        }
        Ok(Cells { bits, products: t })
    }

    /// Bits and integers of one column; the integers follow the bits.
    fn column(&self, layout: &Layout, column: usize) -> (&[bool], &[i64]) {
        let (cells, split) = (layout.cells_of(column), self.bits.len());
        let bits = &self.bits[cells.start.min(split)..cells.end.min(split)];
        (bits, &self.products[cells.start.max(split) - split..cells.end.max(split) - split])
    }

    /// Commits the columns: bits are a sum of bases, integers a short multi-exponentiation.
    pub fn commit(&self, layout: &Layout, committer: &Committer, blinding: &[Vec<F>]) -> Result<Vec<G1Projective>> {
        let commit = |(column, blind): (usize, &Vec<F>)| {
            let (bits, integers) = self.column(layout, column);
            let ones: Vec<usize> = (0..bits.len()).filter(|i| bits[*i]).collect();
            Ok(committer.ones(&ones)? + committer.small(bits.len(), integers)? + committer.blind(blind)?)
        };
        blinding.par_iter().enumerate().map(|(column, blind)| commit((column, blind))).collect()
    }

    /// One column as field elements, without blinding.
    pub fn values<'a>(&'a self, layout: &Layout, column: usize) -> impl Iterator<Item = F> + 'a {
        let (bits, integers) = self.column(layout, column);
        bits.iter().map(|b| F::from(u64::from(*b))).chain(integers.iter().map(|t| field::fi((*t).into())))
    }
}
