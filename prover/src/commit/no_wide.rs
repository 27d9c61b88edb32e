//! Machines without the vector kernels of `wide`: there are no points for them.

use group::Group;
use midnight_curves::G1Projective;

use crate::field::F;

/// Never made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WidePoint {}

impl WidePoint {
    pub(crate) fn new(_: &blst::blst_p1_affine) -> Option<Self> {
        None
    }
}

/// The empty sum: no point of this kind exists.
pub(super) fn full(_: &[WidePoint], _: &[F], _: bool) -> G1Projective {
    G1Projective::identity()
}

/// The empty sum: no point of this kind exists.
pub(super) fn signed(_: &[WidePoint], _: &[i64], _: usize) -> G1Projective {
    G1Projective::identity()
}

/// The empty sum: no point of this kind exists.
pub(super) fn sum(_: &[WidePoint], _: impl Iterator<Item = (usize, bool)>) -> G1Projective {
    G1Projective::identity()
}

/// Never done here: the callers add one by one.
pub(super) fn fold_lanes(_: &[&[blst::blst_p1_affine]], _: &[F]) -> Option<Vec<G1Projective>> {
    None
}
