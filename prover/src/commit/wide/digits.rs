//! Scalars as signed digits, window by window.

use crate::field::{self, F};

/// Widest window: digits are 16-bit.
const MAX_WIDTH: usize = 13;

/// Digits −2^(width−1) ≤ d ≤ 2^(width−1) of each scalar: Σ_t d_t 2^(width·t).
pub(super) struct Windows {
    pub width: usize,
    /// By window, then scalar.
    digits: Vec<Vec<i16>>,
}

/// Additions of one window: one a point, and for each bit of a bucket's number those buckets that have it.
fn cost(points: usize, width: usize) -> usize {
    points + (width << width) / 4
}

/// The width whose windows cost least in all.
fn width_for(points: usize, bits: usize) -> usize {
    let windows = |width: usize| bits.div_ceil(width);
    (2..=MAX_WIDTH).min_by_key(|width| windows(*width) * cost(points, *width)).unwrap_or(8)
}

impl Windows {
    /// Of field elements.
    pub(super) fn full(scalars: &[F]) -> Self {
        // One bit for the carry of the signed digits.
        const BITS: usize = 256;
        let width = width_for(scalars.len(), BITS);
        let count = BITS.div_ceil(width);
        let mut digits = vec![Vec::with_capacity(scalars.len()); count];
        for scalar in scalars {
            let bytes = field::to_le_bytes(scalar);
            let mut padded = [0u8; 40];
            padded[..32].copy_from_slice(&bytes);
            let mut carry = 0i32;
            for (t, window) in digits.iter_mut().enumerate() {
                let bit = t * width;
                let word = u32::from_le_bytes([
                    padded[bit / 8],
                    padded[bit / 8 + 1],
                    padded[bit / 8 + 2],
                    padded[bit / 8 + 3],
                ]);
                let raw = (word >> (bit % 8) & ((1 << width) - 1)) as i32 + carry;
                carry = i32::from(raw > 1 << (width - 1));
                window.push((raw - (carry << width)) as i16);
            }
            debug_assert_eq!(carry, 0, "a canonical element leaves no carry");
        }
        Windows { width, digits }
    }

    /// Of integers −2^(bits−1) ≤ v < 2^(bits−1), in ⌈bits/width⌉ windows: here a digit is never +2^(width−1).
    pub(super) fn signed(values: &[i64], bits: usize) -> Self {
        let width = width_for(values.len(), bits);
        let mut rest: Vec<i128> = values.iter().map(|v| i128::from(*v)).collect();
        let mut digits = Vec::new();
        while rest.iter().any(|v| *v != 0) {
            let half = 1i128 << (width - 1);
            digits.push(
                rest.iter_mut()
                    .map(|v| {
                        let low = *v & (2 * half - 1);
                        let digit = if low >= half { low - 2 * half } else { low };
                        *v = (*v - digit) >> width;
                        digit as i16
                    })
                    .collect(),
            );
        }
        Windows { width, digits }
    }

    pub(super) fn count(&self) -> usize {
        self.digits.len()
    }

    pub(super) fn window(&self, index: usize) -> &[i16] {
        &self.digits[index]
    }
}
