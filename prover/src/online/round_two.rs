//! Round 2: the projections p_j and the bits that show them, and the three slacks, to be in range.

use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::statement::Statement;
use super::witness::Witness;
use crate::chunk::bits;
use crate::commit::Committer;
use crate::error::Result;
use crate::field::F;
use crate::ternary::Ternary;

/// Names of the three sums, as errors and reports use them.
pub const SUM_NAMES: [&str; 3] = ["T1", "T2", "D"];

/// Bits in table order, cut into columns.
pub struct Bits {
    pub columns: Vec<Vec<bool>>,
}

/// Projects (δ̂, e) and writes the bits of p_j + 2^(b−1) and of the slacks.
///
/// # Errors
/// With `checked`, `Error::Input` where an honest proof is impossible: a projection outside its window or a sum above its
/// limit. Without it the low bits are written all the same, and the proof that results is refused by every verifier.
pub fn bits(
    layout: &Layout,
    statement: &Statement,
    witness: &Witness,
    ternary: &Ternary,
    checked: bool,
) -> Result<Bits> {
    let mut lanes: Vec<&[i64]> = witness.delta.iter().map(Vec::as_slice).collect();
    lanes.push(&witness.e);
    let mut slacks = [0; SUM_NAMES.len()];
    for (index, slack) in slacks.iter_mut().enumerate() {
        let (sum, limit, width) = (witness.sums[index], statement.limits[index], layout.slack_bits[index]);
        *slack = bits::slack(sum, limit, width, checked, SUM_NAMES[index])?;
    }
    Bits::claim(layout, &ternary.project(&lanes)?, slacks, checked)
}

impl Bits {
    /// The bits of projections and slacks as somebody claims them.
    ///
    /// # Errors
    /// With `checked`, `Error::Input` for a projection outside its window.
    pub fn claim(layout: &Layout, p: &[i64], slacks: [u128; SUM_NAMES.len()], checked: bool) -> Result<Self> {
        let mut bits = Vec::with_capacity(layout.bit_count());
        for p in p {
            let what = "the update is too large: a projection of it";
            let shifted = bits::windowed(*p, layout.window_bits, checked, what).map_err(|e| e.at_field("update"))?;
            bits::push(&mut bits, shifted, layout.window_bits);
        }
        slacks.into_iter().zip(layout.slack_bits).for_each(|(slack, width)| bits::push(&mut bits, slack, width));
        Ok(Bits { columns: bits.chunks(layout.bits_per_column).map(<[bool]>::to_vec).collect() })
    }
}

/// Commits the bit columns: a sum of bases, no multiplication.
pub fn commit(committer: &Committer, bits: &Bits, blinding: &[Vec<F>]) -> Result<Vec<G1Projective>> {
    bits.columns
        .par_iter()
        .zip(blinding)
        .map(|(column, blind)| {
            let rows: Vec<usize> = (0..column.len()).filter(|i| column[*i]).collect();
            Ok(committer.ones(&rows)? + committer.blind(blind)?)
        })
        .collect()
}
