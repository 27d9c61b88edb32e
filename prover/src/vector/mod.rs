//! Field arithmetic on several elements at once.
//!
//! [`Word`] is what the kernels of the prover are written over: [`F`] itself, one element, on every machine, and eight
//! elements in 52-bit limbs where the processor has AVX-512 IFMA ([`ifma`]). Both give the same elements, so that proofs do
//! not depend on the machine; tests run every kernel over both.
//!
//! Kernels are unsafe as a whole: the one thing that their callers must see to is that the processor has the instructions.

#![allow(unsafe_op_in_unsafe_fn)]

#[cfg(target_arch = "x86_64")]
pub(crate) mod ifma;
mod scalar;

use crate::field::F;

/// Some field elements that are worked on together.
///
/// # Safety
/// The functions may only be called where the processor has the features of the implementation, within [`Word::call`].
pub(crate) trait Word: Copy + Send + Sync + 'static {
    /// Elements in a word.
    const WIDTH: usize;
    /// What [`Word::load_raw`] divides by.
    const RAW_SCALE: u64;
    /// Each element the same.
    unsafe fn splat(x: F) -> Self;
    /// The first `WIDTH` elements of a slice.
    unsafe fn load(values: &[F]) -> Self;
    /// The same, divided by `RAW_SCALE`: cheaper where a factor follows anyway.
    unsafe fn load_raw(values: &[F]) -> Self;
    /// Writes `WIDTH` elements.
    unsafe fn store(self, out: &mut [F]);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// Transposes `WIDTH` words as a square matrix of elements.
    unsafe fn transpose(words: &mut [Self]);
    /// Runs a kernel with the instructions of this word.
    ///
    /// # Safety
    /// The processor must have them.
    unsafe fn call<K: Kernel<Self>>(kernel: K) -> K::Output;
}

/// Whether the processor has what [`ifma`] needs. `ZKAPEX_PORTABLE=1` says no, to measure and test the other path.
pub(crate) fn wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::sync::OnceLock;
        static WIDE: OnceLock<bool> = OnceLock::new();
        *WIDE.get_or_init(|| {
            let wanted = std::env::var_os("ZKAPEX_PORTABLE").is_none_or(|value| value != "1");
            wanted && ifma::available()
        })
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// A computation over words of one kind.
///
/// Implementations mark `run` and all that it calls `#[inline(always)]`, so that [`Word::call`] compiles it with the
/// instructions of the word.
pub(crate) trait Kernel<W: Word> {
    type Output;
    /// # Safety
    /// As [`Word`].
    unsafe fn run(self) -> Self::Output;
}

#[cfg(test)]
mod tests;
