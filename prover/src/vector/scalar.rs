//! One element: the field's own arithmetic.

use super::{Kernel, Word};
use crate::field::F;

impl Word for F {
    const WIDTH: usize = 1;
    const RAW_SCALE: u64 = 1;

    #[inline(always)]
    unsafe fn splat(x: F) -> Self {
        x
    }
    #[inline(always)]
    unsafe fn load(values: &[F]) -> Self {
        values[0]
    }
    #[inline(always)]
    unsafe fn load_raw(values: &[F]) -> Self {
        values[0]
    }
    #[inline(always)]
    unsafe fn store(self, out: &mut [F]) {
        out[0] = self;
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    unsafe fn transpose(_: &mut [Self]) {}
    unsafe fn call<K: Kernel<Self>>(kernel: K) -> K::Output {
        kernel.run()
    }
}
