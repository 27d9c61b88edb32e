//! Affine additions of eight lanes side by side: one register holds one coordinate of all lanes.
//!
//! (x1, y1) + (x2, y2) with λ = (y2 − y1)/(x2 − x1), or λ = 3x²/2y for a double: x3 = λ² − x1 − x2, y3 = λ(x1 − x3) − y1.
//! Denominators of many additions are inverted together (Montgomery's trick).

use blst::blst_fp;

use crate::vector::ifma::{Coordinate, COORDINATE_LIMBS};

/// Lanes of a group.
pub(super) const LANES: usize = 8;

/// One point of each lane.
#[derive(Clone, Copy)]
pub(super) struct Points {
    pub x: Coordinate,
    pub y: Coordinate,
}

/// A point of a list, or its negative, or either's image under the endomorphism.
#[derive(Clone, Copy)]
pub(super) struct Place {
    index: u32,
    image: bool,
    negative: bool,
}

impl Place {
    pub(super) fn new(index: usize, image: bool, negative: bool) -> Self {
        Place { index: index as u32, image, negative }
    }

    pub(super) fn plain(index: usize) -> Self {
        Place::new(index, false, false)
    }

    pub(super) fn index(self) -> usize {
        self.index as usize
    }

    #[inline(always)]
    unsafe fn x(self, source: &[Points], images: &[Coordinate]) -> Coordinate {
        if self.image {
            images[self.index()]
        } else {
            source[self.index()].x
        }
    }

    #[inline(always)]
    unsafe fn y(self, source: &[Points]) -> Coordinate {
        let y = source[self.index()].y;
        if self.negative {
            y.negate_where(0xff)
        } else {
            y
        }
    }

    #[inline(always)]
    pub(super) unsafe fn load(self, source: &[Points], images: &[Coordinate]) -> Points {
        Points { x: self.x(source, images), y: self.y(source) }
    }
}

/// Appends the sum of each pair; None where two points of a pair share their x in some lane.
#[inline(always)]
pub(super) unsafe fn add(
    source: &[Points],
    images: &[Coordinate],
    pairs: &[[Place; 2]],
    out: &mut Vec<Points>,
) -> Option<()> {
    let mut inverses = Vec::with_capacity(pairs.len());
    for [a, b] in pairs {
        inverses.push(b.x(source, images).minus(a.x(source, images)));
    }
    invert(&mut inverses)?;
    for ([a, b], inverse) in pairs.iter().zip(&inverses) {
        let (a, b) = (a.load(source, images), b.load(source, images));
        let slope = b.y.minus(a.y).mul(*inverse);
        out.push(through(slope, a, b.x));
    }
    Some(())
}

/// Twice each point.
#[inline(always)]
pub(super) unsafe fn doubled(points: &[Points]) -> Option<Vec<Points>> {
    let mut inverses = Vec::with_capacity(points.len());
    for point in points {
        inverses.push(point.y.plus(point.y));
    }
    invert(&mut inverses)?;
    let mut out = Vec::with_capacity(points.len());
    for (point, inverse) in points.iter().zip(&inverses) {
        let square = point.x.mul(point.x);
        let slope = square.plus(square).plus(square).mul(*inverse);
        out.push(through(slope, *point, point.x));
    }
    Some(out)
}

/// The negative of the third point on a line through `a` and a point with x = `other`.
#[inline(always)]
unsafe fn through(slope: Coordinate, a: Points, other: Coordinate) -> Points {
    let x = slope.mul(slope).minus_sum(a.x.plus(other)).reduced();
    let y = slope.mul(a.x.minus(x)).minus(a.y).reduced();
    Points { x, y }
}

/// Inverts every element of every lane; None where one is zero.
#[inline(always)]
unsafe fn invert(elements: &mut [Coordinate]) -> Option<()> {
    let mut before = Vec::with_capacity(elements.len());
    let mut product = Coordinate::one();
    for element in elements.iter() {
        before.push(product);
        product = product.mul(*element);
    }
    let rows = inverted(product.reduced().rows())?;
    let mut places = [std::ptr::null(); LANES];
    for lane in 0..LANES {
        places[lane] = rows[lane].as_ptr();
    }
    let mut inverse = Coordinate::gather(places);
    for (element, before) in elements.iter_mut().zip(&before).rev() {
        let own = inverse.mul(*before);
        inverse = inverse.mul(*element);
        *element = own;
    }
    Some(())
}

/// The inverses of eight elements by one inversion; None where one of them is zero.
fn inverted(rows: [[u64; COORDINATE_LIMBS]; LANES]) -> Option<[[u64; COORDINATE_LIMBS]; LANES]> {
    let elements = rows.map(|row| Coordinate::element(&row));
    let multiply = |a: &blst_fp, b: &blst_fp| {
        let mut out = blst_fp::default();
        // SAFETY: all pointers are valid for the call.
        unsafe { blst::blst_fp_mul(&mut out, a, b) };
        out
    };
    let mut before = [elements[0]; LANES];
    for i in 1..LANES {
        before[i] = multiply(&before[i - 1], &elements[i]);
    }
    if before[LANES - 1].l == [0; 6] {
        return None;
    }
    let mut inverse = blst_fp::default();
    // SAFETY: as above.
    unsafe { blst::blst_fp_eucl_inverse(&mut inverse, &before[LANES - 1]) };
    let mut out = [[0u64; COORDINATE_LIMBS]; LANES];
    for i in (1..LANES).rev() {
        out[i] = Coordinate::limbs(&multiply(&inverse, &before[i - 1]));
        inverse = multiply(&inverse, &elements[i]);
    }
    out[0] = Coordinate::limbs(&inverse);
    Some(out)
}
