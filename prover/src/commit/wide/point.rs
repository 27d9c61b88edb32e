//! Affine points as the vector kernels read them.

use blst::blst_p1_affine;

use crate::vector::ifma::{Coordinate, COORDINATE_LIMBS};

/// Limbs of x and of y, each one cache line. Never the point at infinity, which [`WidePoint::new`] leaves out.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct WidePoint {
    pub x: [u64; COORDINATE_LIMBS],
    pub y: [u64; COORDINATE_LIMBS],
}

impl WidePoint {
    /// None for the point at infinity.
    pub(crate) fn new(point: &blst_p1_affine) -> Option<Self> {
        // SAFETY: the pointer is valid for the call.
        let infinite = unsafe { blst::blst_p1_affine_is_inf(point) };
        (!infinite).then(|| WidePoint { x: Coordinate::limbs(&point.x), y: Coordinate::limbs(&point.y) })
    }

    /// (x, 2q − y)
    pub(super) fn negated(&self) -> Self {
        WidePoint { x: self.x, y: Coordinate::negated(&self.y) }
    }

    pub(super) fn affine(&self) -> blst_p1_affine {
        blst_p1_affine { x: Coordinate::element(&self.x), y: Coordinate::element(&self.y) }
    }
}
