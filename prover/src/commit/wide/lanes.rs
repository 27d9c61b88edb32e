//! Σ_i s_i·P_li for eight lanes l at once, with one list of scalars for all lanes: the fold of commitments.
//!
//! All lanes do the same additions, so that one register holds one coordinate of all eight and nothing is ever sorted or
//! transposed. Scalars are split by the curve's endomorphism ([`super::endomorphism`]) and recoded to sparse signed digits;
//! for each bit, the multiples that its digits name are added in affine form, in rounds that share an inversion over many
//! bits; Horner's rule joins the bits ([`super::jacobian`]).
//!
//! Two points that need another formula (equal ones, opposite ones, infinity) leave a zero where something is inverted:
//! then there is no result here, and the caller adds one by one.

use blst::{blst_p1, blst_p1_affine};
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::endomorphism::{self, Digit};
use super::jacobian::Jacobian;
use super::point::WidePoint;
use super::side_by_side::{add, doubled, Place, Points, LANES};
use crate::commit::point::projective;
use crate::field::F;
use crate::vector::ifma::{Coordinate, Eight};
use crate::vector::{Kernel, Word};

/// Bits whose additions share their inversions.
const BITS: usize = 44;
/// Odd multiples 1, 3, …, 15.
const MULTIPLES: usize = endomorphism::MULTIPLES;

/// The scalars of a fold, by bit: which multiple of which point is added or subtracted.
struct Digits {
    bits: Vec<Vec<Digit>>,
    count: usize,
}

impl Digits {
    fn new(scalars: &[F]) -> Self {
        let mut bits = vec![Vec::new(); endomorphism::BITS];
        for (index, scalar) in scalars.iter().enumerate() {
            endomorphism::recode(scalar, |bit, digit| bits[bit].push(Digit { point: index, ..digit }));
        }
        Digits { bits, count: scalars.len() }
    }
}

/// The sum of each lane, of as many points as there are scalars; None where another formula is needed. The lanes are spread
/// over the current rayon pool.
pub(in crate::commit) fn fold_lanes(lanes: &[&[blst_p1_affine]], scalars: &[F]) -> Option<Vec<G1Projective>> {
    let digits = Digits::new(scalars);
    let groups: Option<Vec<Vec<G1Projective>>> = lanes.par_chunks(LANES).map(|group| fold(group, &digits)).collect();
    Some(groups?.concat())
}

fn fold(lanes: &[&[blst_p1_affine]], digits: &Digits) -> Option<Vec<G1Projective>> {
    let mut wide = Vec::with_capacity(LANES * digits.count);
    for index in 0..digits.count {
        for lane in 0..LANES {
            // Lanes that are not there repeat the last.
            wide.push(WidePoint::new(&lanes[lane.min(lanes.len() - 1)][index])?);
        }
    }
    // SAFETY: the callers ask `vector::wide`.
    let sums = unsafe { Eight::call(Fold { points: &wide, digits }) }?;
    Some(sums[..lanes.len()].iter().map(|raw| projective(*raw)).collect())
}

struct Fold<'a> {
    points: &'a [WidePoint],
    digits: &'a Digits,
}

impl Kernel<Eight> for Fold<'_> {
    type Output = Option<[blst_p1; LANES]>;
    #[inline(always)]
    unsafe fn run(self) -> Self::Output {
        let table = Table::new(self.points, self.digits.count)?;
        let mut sum: Option<Jacobian> = None;
        let starts = (0..self.digits.bits.len()).step_by(BITS).rev();
        for start in starts {
            let bits = &self.digits.bits[start..(start + BITS).min(self.digits.bits.len())];
            let sums = table.sums(bits)?;
            for points in sums.iter().rev() {
                sum = match (sum, points) {
                    (None, None) => None,
                    (None, Some(p)) => Some(Jacobian::from_affine(p.x, p.y)),
                    (Some(s), None) => Some(s.double()),
                    (Some(s), Some(p)) => Some(s.double().add(p.x, p.y)),
                };
            }
        }
        sum?.points()
    }
}

/// Odd multiples of every point, and the x of their images under the endomorphism.
struct Table {
    points: Vec<Points>,
    images: Vec<Coordinate>,
    count: usize,
}

impl Table {
    #[inline(always)]
    unsafe fn new(raw: &[WidePoint], count: usize) -> Option<Self> {
        let mut points = Vec::with_capacity(MULTIPLES * count);
        for of_lanes in raw.chunks_exact(LANES) {
            let (mut xs, mut ys) = ([std::ptr::null(); LANES], [std::ptr::null(); LANES]);
            for lane in 0..LANES {
                xs[lane] = of_lanes[lane].x.as_ptr();
                ys[lane] = of_lanes[lane].y.as_ptr();
            }
            points.push(Points { x: Coordinate::gather(xs), y: Coordinate::gather(ys) });
        }
        let doubles = doubled(&points)?;
        for multiple in 1..MULTIPLES {
            let mut source = Vec::with_capacity(2 * count);
            source.extend_from_slice(&points[(multiple - 1) * count..]);
            source.extend_from_slice(&doubles);
            let mut pairs = Vec::with_capacity(count);
            for i in 0..count {
                pairs.push([Place::plain(i), Place::plain(count + i)]);
            }
            add(&source, &[], &pairs, &mut points)?;
        }
        let beta = Coordinate::splat(&Coordinate::limbs(endomorphism::beta()));
        let mut images = Vec::with_capacity(points.len());
        for point in &points {
            images.push(point.x.mul(beta));
        }
        Some(Table { points, images, count })
    }

    /// For each bit, the sum of what its digits name; None for a bit without digits.
    #[inline(always)]
    unsafe fn sums(&self, bits: &[Vec<Digit>]) -> Option<Vec<Option<Points>>> {
        let mut places: Vec<Vec<Place>> =
            bits.iter().map(|digits| digits.iter().map(|d| self.place(d)).collect()).collect();
        let mut owned: Option<Vec<Points>> = None;
        while places.iter().any(|of_bit| of_bit.len() > 1) || owned.is_none() {
            // Images are of the table's points alone.
            let (source, images) = match &owned {
                Some(sums) => (&sums[..], &[][..]),
                None => (&self.points[..], &self.images[..]),
            };
            let pairs: Vec<[Place; 2]> = places.iter().flat_map(|of_bit| of_bit.as_chunks().0).copied().collect();
            let mut sums = Vec::with_capacity(pairs.len() + places.len());
            add(source, images, &pairs, &mut sums)?;
            let mut start = 0;
            for of_bit in &mut places {
                let (added, single) = (of_bit.len() / 2, of_bit.as_chunks::<2>().1.first().copied());
                of_bit.clear();
                of_bit.extend((start..start + added).map(Place::plain));
                start += added;
                if let Some(place) = single {
                    of_bit.push(Place::plain(sums.len()));
                    sums.push(place.load(source, images));
                }
            }
            owned = Some(sums);
        }
        let sums = owned?;
        Some(places.iter().map(|of_bit| of_bit.first().map(|place| sums[place.index()])).collect())
    }

    fn place(&self, digit: &Digit) -> Place {
        Place::new(digit.multiple * self.count + digit.point, digit.image, digit.negative)
    }
}
