//! Round 2: the projections p_j and the bits that show them, and the three slacks, to be in range.

use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::statement::Statement;
use super::witness::Witness;
use crate::commit::Committer;
use crate::error::{Error, Result};
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
pub fn bits(layout: &Layout, statement: &Statement, witness: &Witness, ternary: &Ternary, checked: bool) -> Result<Bits> {
    let mut lanes: Vec<&[i64]> = witness.delta.iter().map(Vec::as_slice).collect();
    lanes.push(&witness.e);
    let half = 1i64 << (layout.window_bits - 1);
    let mut bits = Vec::with_capacity(layout.bit_count());
    for p in ternary.project(&lanes)? {
        if checked && !(-half..half).contains(&p) {
            let message = format!("a projection of the update leaves its window of {} bits: the update is too large", layout.window_bits);
            return Err(Error::input(message).at_field("update").with_value(p));
        }
        push_bits(&mut bits, (p + half) as u128, layout.window_bits);
    }
    for index in 0..SUM_NAMES.len() {
        push_bits(&mut bits, slack(layout, statement, witness, index, checked)?, layout.slack_bits[index]);
    }
    Ok(Bits { columns: bits.chunks(layout.bits_per_column).map(<[bool]>::to_vec).collect() })
}

fn push_bits(bits: &mut Vec<bool>, value: u128, width: usize) {
    bits.extend((0..width).map(|i| value >> i & 1 == 1));
}

/// Limit less sum, which must fit its width.
fn slack(layout: &Layout, statement: &Statement, witness: &Witness, index: usize, checked: bool) -> Result<u128> {
    let (limit, width) = (statement.limits[index], layout.slack_bits[index]);
    let slack = witness.sums[index].and_then(|sum| limit.checked_sub(sum));
    match slack {
        Some(slack) if width == 128 || slack >> width == 0 => Ok(slack),
        _ if !checked => Ok(slack.unwrap_or(0)),
        Some(_) => Err(Error::input(format!("the slack of {} needs more than its {width} bits", SUM_NAMES[index]))),
        None => {
            let sum = witness.sums[index].map_or("more than 2^128".to_owned(), |sum| sum.to_string());
            let message = format!("the update's sum for {} is {sum}, above its limit {limit}", SUM_NAMES[index]);
            Err(Error::input(message).at_field(SUM_NAMES[index]).with_value(sum))
        }
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
