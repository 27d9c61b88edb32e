//! Sums over many columns: inner products with one vector of weights, and linear combinations of columns.

use rayon::prelude::*;

use crate::field::F;
use crate::vector::{Kernel, Word};

/// Rows of one task of a combination.
const ROWS: usize = 512;

/// [`inner_products`] over the widest words where `wide`; the weights fill whole words or the domain.
pub(super) fn inner_products_by(wide: bool, weights: &[F], columns: &[&[F]]) -> Vec<F> {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::vector::ifma::Eight;
        if wide && weights.len().is_multiple_of(Eight::WIDTH) {
            return inner_products::<Eight>(weights, columns);
        }
    }
    let _ = wide;
    inner_products::<F>(weights, columns)
}

/// ⟨weights, column⟩ for each column; columns may be shorter than the weights.
pub(super) fn inner_products<W: Word>(weights: &[F], columns: &[&[F]]) -> Vec<F> {
    // SAFETY: the caller has an engine of these words, so the processor has their instructions.
    let words = unsafe { W::call(Raised { weights }) };
    // SAFETY: as above.
    columns.par_iter().map(|column| unsafe { W::call(Inner { weights: &words, column }) }).collect()
}

/// Σ_j factors_j·columns_j over `rows` rows; columns may be shorter.
pub(super) fn combine<W: Word>(factors: &[F], columns: &[&[F]], rows: usize) -> Vec<F> {
    let mut out = vec![F::default(); rows];
    // SAFETY: as above.
    let factors = unsafe { W::call(Splats { factors }) };
    out.par_chunks_mut(ROWS).enumerate().for_each(|(index, out)| {
        // SAFETY: as above.
        unsafe { W::call(Combine { factors: &factors, columns, start: index * ROWS, out }) };
    });
    out
}

/// `WIDTH` values from `start`, 0 past the end; divided by `RAW_SCALE`.
#[inline(always)]
unsafe fn padded<W: Word>(column: &[F], start: usize) -> W {
    match column.get(start..start + W::WIDTH) {
        Some(values) => W::load_raw(values),
        None => {
            let rest = column.get(start..).unwrap_or(&[]);
            let mut values = [F::default(); MAX_WIDTH];
            values[..rest.len()].copy_from_slice(rest);
            W::load_raw(&values)
        }
    }
}

/// The widest word.
pub(super) const MAX_WIDTH: usize = 8;

/// Weights times RAW_SCALE.
struct Raised<'a> {
    weights: &'a [F],
}

impl<W: Word> Kernel<W> for Raised<'_> {
    type Output = Vec<W>;
    #[inline(always)]
    unsafe fn run(self) -> Vec<W> {
        let scale = W::splat(F::from(W::RAW_SCALE));
        let mut out = Vec::with_capacity(self.weights.len() / W::WIDTH);
        for chunk in self.weights.chunks_exact(W::WIDTH) {
            out.push(W::load(chunk).mul(scale));
        }
        out
    }
}

struct Splats<'a> {
    factors: &'a [F],
}

impl<W: Word> Kernel<W> for Splats<'_> {
    type Output = Vec<W>;
    #[inline(always)]
    unsafe fn run(self) -> Vec<W> {
        let mut out = Vec::with_capacity(self.factors.len());
        for factor in self.factors {
            out.push(W::splat(*factor * F::from(W::RAW_SCALE)));
        }
        out
    }
}

struct Inner<'a, W> {
    weights: &'a [W],
    column: &'a [F],
}

impl<W: Word> Kernel<W> for Inner<'_, W> {
    type Output = F;
    #[inline(always)]
    unsafe fn run(self) -> F {
        let mut sum = W::splat(F::default());
        let words = self.column.len().div_ceil(W::WIDTH);
        for (i, weight) in self.weights[..words].iter().enumerate() {
            sum = sum.add(padded::<W>(self.column, i * W::WIDTH).mul(*weight));
        }
        let mut parts = [F::default(); MAX_WIDTH];
        sum.store(&mut parts);
        parts.iter().sum()
    }
}

struct Combine<'a, W> {
    factors: &'a [W],
    columns: &'a [&'a [F]],
    start: usize,
    out: &'a mut [F],
}

impl<W: Word> Kernel<W> for Combine<'_, W> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        for (i, out) in self.out.chunks_exact_mut(W::WIDTH).enumerate() {
            let mut sum = W::splat(F::default());
            for (factor, column) in self.factors.iter().zip(self.columns) {
                sum = sum.add(padded::<W>(column, self.start + i * W::WIDTH).mul(*factor));
            }
            sum.store(out);
        }
    }
}
