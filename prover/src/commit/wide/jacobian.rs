//! Jacobian points (X/Z², Y/Z³) of eight lanes side by side, for Horner's rule.
//!
//! Formulas dbl-2009-l and madd-2007-bl of the Explicit-Formulas Database. Where they do not hold (a sum of equal or
//! opposite points), Z becomes zero and stays so, and [`Jacobian::points`] says so at the end.

use blst::blst_p1;

use super::side_by_side::LANES;
use crate::vector::ifma::Coordinate;

/// All coordinates below 2q.
#[derive(Clone, Copy)]
pub(super) struct Jacobian {
    x: Coordinate,
    y: Coordinate,
    z: Coordinate,
}

impl Jacobian {
    #[inline(always)]
    pub(super) unsafe fn from_affine(x: Coordinate, y: Coordinate) -> Self {
        Jacobian { x, y, z: Coordinate::one() }
    }

    #[inline(always)]
    pub(super) unsafe fn double(self) -> Self {
        let (a, b) = (self.x.mul(self.x), self.y.mul(self.y));
        let (c, half_d) = (b.mul(b), self.x.mul(b));
        let half_d = half_d.plus(half_d);
        // D = 4·X·Y² and 8·C, each as twice what is below 2q.
        let half_d = half_d.reduced();
        let four_c = c.plus(c).plus(c.plus(c)).reduced();
        let d = half_d.plus(half_d).reduced();
        let e = a.plus(a).plus(a);
        let x = e.mul(e).minus_sum(d.plus(d)).reduced();
        let y = e.mul(d.minus(x)).minus_sum(four_c.plus(four_c)).reduced();
        Jacobian { x, y, z: self.y.mul(self.z.plus(self.z)) }
    }

    /// The sum with affine points.
    #[inline(always)]
    pub(super) unsafe fn add(self, x2: Coordinate, y2: Coordinate) -> Self {
        let square = self.z.mul(self.z);
        let h = x2.mul(square).minus(self.x);
        let r = y2.mul(self.z.mul(square)).minus(self.y);
        let h2 = h.mul(h);
        let (h3, v) = (h.mul(h2), self.x.mul(h2));
        let x = r.mul(r).minus(h3).minus_sum(v.plus(v)).reduced();
        let y = r.mul(v.minus(x)).minus(self.y.mul(h3)).reduced();
        Jacobian { x, y, z: self.z.mul(h) }
    }

    /// The points; None where one is at infinity or the formulas did not hold.
    #[inline(always)]
    pub(super) unsafe fn points(self) -> Option<[blst_p1; LANES]> {
        let (x, y, z) = (self.x.reduced().rows(), self.y.reduced().rows(), self.z.reduced().rows());
        let mut out = [blst_p1::default(); LANES];
        for lane in 0..LANES {
            let element = |rows: &[_; LANES]| Coordinate::element(&rows[lane]);
            out[lane] = blst_p1 { x: element(&x), y: element(&y), z: element(&z) };
            if out[lane].z.l == [0; 6] {
                return None;
            }
        }
        Some(out)
    }
}
