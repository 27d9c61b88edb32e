//! Sums of many groups of points by rounds of pairwise affine additions.
//!
//! (x1, y1) + (x2, y2) with λ = (y2 − y1)/(x2 − x1): x3 = λ² − x1 − x2, y3 = λ(x1 − x3) − y1. The denominators of a batch
//! are inverted together (Montgomery's trick), in eight chains side by side.

use blst::{blst_fp, blst_p1, blst_p1_affine};

use super::point::WidePoint;
use crate::vector::ifma::{Coordinate, Eight, COORDINATE_LIMBS};
use crate::vector::{Kernel, Word};

/// A point of a list, or its negative.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry(u32);

const NEGATIVE: u32 = 1 << 31;

impl Entry {
    pub(super) fn new(index: usize, negative: bool) -> Self {
        debug_assert!(index < NEGATIVE as usize);
        Entry(index as u32 | if negative { NEGATIVE } else { 0 })
    }

    pub(super) fn plus(index: usize) -> Self {
        Self::new(index, false)
    }

    fn index(self) -> usize {
        (self.0 & !NEGATIVE) as usize
    }

    fn negative(self) -> bool {
        self.0 & NEGATIVE != 0
    }

    fn point(self, points: &[WidePoint]) -> blst_p1_affine {
        let point = points[self.index()].affine();
        if self.negative() {
            crate::commit::point::negate(&point)
        } else {
            point
        }
    }
}

/// One sum a group; a group that is empty or sums to infinity has none.
pub(super) struct Sums {
    points: Vec<WidePoint>,
    places: Vec<Option<u32>>,
}

impl Sums {
    pub(super) fn points(&self) -> &[WidePoint] {
        &self.points
    }

    /// Where in [`Sums::points`] a group's sum lies.
    pub(super) fn place(&self, group: usize) -> Option<usize> {
        self.places[group].map(|p| p as usize)
    }

    pub(super) fn get(&self, group: usize) -> Option<&WidePoint> {
        self.place(group).map(|p| &self.points[p])
    }
}

/// An addition: two entries, and where the sum goes.
#[derive(Clone, Copy)]
struct Pair {
    a: Entry,
    b: Entry,
}

/// Sums each group of entries; `ends` says where each ends.
pub(super) fn sum_groups(points: &[WidePoint], entries: Vec<Entry>, ends: Vec<usize>) -> Sums {
    let (mut entries, mut ends, mut owned): (_, _, Option<Vec<WidePoint>>) = (entries, ends, None);
    loop {
        let source = owned.as_deref().unwrap_or(points);
        let mut round = Round::default();
        let mut start = 0;
        for end in &mut ends {
            for pair in entries[start..*end].chunks(2) {
                round.take(pair);
            }
            start = *end;
            *end = round.slots;
        }
        let last = round.pairs.is_empty();
        let (sums, infinite) = round.add(source);
        if last {
            return finish(sums, &ends, &infinite);
        }
        (entries, ends) = remaining(&ends, &infinite);
        owned = Some(sums);
    }
}

/// The next round's entries: every slot that is a point.
fn remaining(ends: &[usize], infinite: &[usize]) -> (Vec<Entry>, Vec<usize>) {
    let slots = ends.last().copied().unwrap_or(0);
    if infinite.is_empty() {
        return ((0..slots).map(Entry::plus).collect(), ends.to_vec());
    }
    let entries: Vec<Entry> = (0..slots).filter(|s| infinite.binary_search(s).is_err()).map(Entry::plus).collect();
    let lost = |end: usize| infinite.partition_point(|s| *s < end);
    (entries, ends.iter().map(|end| end - lost(*end)).collect())
}

fn finish(points: Vec<WidePoint>, ends: &[usize], infinite: &[usize]) -> Sums {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let place = |(start, end): (usize, usize)| (end > start && infinite.binary_search(&start).is_err()).then_some(start as u32);
    Sums { places: starts.zip(ends.iter().copied()).map(place).collect(), points }
}

/// What one round adds and what it only copies.
#[derive(Default)]
struct Round {
    pairs: Vec<Pair>,
    targets: Vec<u32>,
    singles: Vec<(Entry, u32)>,
    slots: usize,
}

/// Additions that share an inversion: their denominators and partial products stay in the second-level cache.
const BATCH: usize = 2048;

impl Round {
    fn take(&mut self, entries: &[Entry]) {
        match entries {
            [a, b] => {
                self.pairs.push(Pair { a: *a, b: *b });
                self.targets.push(self.slots as u32);
            }
            [a] => self.singles.push((*a, self.slots as u32)),
            _ => return,
        }
        self.slots += 1;
    }

    /// The sums by slot, and which slots are infinite, in order.
    fn add(&self, source: &[WidePoint]) -> (Vec<WidePoint>, Vec<usize>) {
        let mut out = vec![WidePoint::default(); self.slots];
        let mut infinite = Vec::new();
        for (single, slot) in &self.singles {
            out[*slot as usize] = if single.negative() {
                WidePoint::new(&single.point(source)).unwrap_or_default()
            } else {
                source[single.index()]
            };
        }
        for (pairs, targets) in self.pairs.chunks(BATCH).zip(self.targets.chunks(BATCH)) {
            let whole = pairs.len() / 8 * 8;
            // SAFETY: wide points exist only where the processor has the instructions (`WidePoint` is made by callers that
            // asked `vector::wide`).
            let added = whole > 0 && unsafe { Eight::call(Batch { source, pairs: &pairs[..whole], targets, out: &mut out }) };
            let done = if added { whole } else { 0 };
            for (pair, target) in pairs[done..].iter().zip(&targets[done..]) {
                match one_by_one(source, pair) {
                    Some(sum) => out[*target as usize] = sum,
                    None => infinite.push(*target as usize),
                }
            }
        }
        infinite.sort_unstable();
        (out, infinite)
    }
}

/// Any two points, by the complete formulas.
fn one_by_one(source: &[WidePoint], pair: &Pair) -> Option<WidePoint> {
    let (a, b) = (pair.a.point(source), pair.b.point(source));
    let (mut sum, mut affine) = (blst_p1::default(), blst_p1_affine::default());
    // SAFETY: all pointers are valid for the calls.
    unsafe {
        blst::blst_p1_from_affine(&mut sum, &a);
        blst::blst_p1_add_or_double_affine(&mut sum, &sum, &b);
        blst::blst_p1_to_affine(&mut affine, &sum);
    }
    WidePoint::new(&affine)
}

/// Adds pairs, a multiple of eight; false, with nothing written, where two points of a pair share their x.
struct Batch<'a> {
    source: &'a [WidePoint],
    pairs: &'a [Pair],
    targets: &'a [u32],
    out: &'a mut [WidePoint],
}

impl Kernel<Eight> for Batch<'_> {
    type Output = bool;
    #[inline(always)]
    unsafe fn run(self) -> bool {
        let groups = self.pairs.len() / 8;
        let mut denominators = Vec::with_capacity(groups);
        let mut products = Vec::with_capacity(groups);
        let mut product = Coordinate::one();
        for pairs in self.pairs.chunks_exact(8) {
            let denominator = second_x(self.source, pairs).minus(first_x(self.source, pairs));
            products.push(product);
            product = product.mul(denominator);
            denominators.push(denominator);
        }
        let Some(inverses) = inverted(product.reduced().rows()) else {
            return false;
        };
        let mut places = [std::ptr::null(); 8];
        for i in 0..8 {
            places[i] = inverses[i].as_ptr();
        }
        let mut inverse = Coordinate::gather(places);
        for index in (0..groups).rev() {
            let pairs = &self.pairs[8 * index..8 * index + 8];
            let own = inverse.mul(products[index]);
            inverse = inverse.mul(denominators[index]);
            let (x1, x2) = (first_x(self.source, pairs), second_x(self.source, pairs));
            let (y1, y2) = (first_y(self.source, pairs), second_y(self.source, pairs));
            let slope = y2.minus(y1).mul(own);
            let x3 = slope.mul(slope).minus_sum(x1.plus(x2)).reduced();
            let y3 = slope.mul(x1.minus(x3)).minus(y1).reduced();
            let (xs, ys) = (x3.rows(), y3.rows());
            for i in 0..8 {
                let slot = &mut self.out[self.targets[8 * index + i] as usize];
                slot.x = xs[i];
                slot.y = ys[i];
            }
        }
        true
    }
}

#[inline(always)]
unsafe fn first_x(source: &[WidePoint], pairs: &[Pair]) -> Coordinate {
    let mut places = [std::ptr::null(); 8];
    for i in 0..8 {
        places[i] = source[pairs[i].a.index()].x.as_ptr();
    }
    Coordinate::gather(places)
}

#[inline(always)]
unsafe fn second_x(source: &[WidePoint], pairs: &[Pair]) -> Coordinate {
    let mut places = [std::ptr::null(); 8];
    for i in 0..8 {
        places[i] = source[pairs[i].b.index()].x.as_ptr();
    }
    Coordinate::gather(places)
}

#[inline(always)]
unsafe fn first_y(source: &[WidePoint], pairs: &[Pair]) -> Coordinate {
    let (mut places, mut signs) = ([std::ptr::null(); 8], 0u8);
    for i in 0..8 {
        places[i] = source[pairs[i].a.index()].y.as_ptr();
        signs |= u8::from(pairs[i].a.negative()) << i;
    }
    Coordinate::gather(places).negate_where(signs)
}

#[inline(always)]
unsafe fn second_y(source: &[WidePoint], pairs: &[Pair]) -> Coordinate {
    let (mut places, mut signs) = ([std::ptr::null(); 8], 0u8);
    for i in 0..8 {
        places[i] = source[pairs[i].b.index()].y.as_ptr();
        signs |= u8::from(pairs[i].b.negative()) << i;
    }
    Coordinate::gather(places).negate_where(signs)
}

/// The inverses of eight elements by one inversion; None where one of them is zero.
fn inverted(rows: [[u64; COORDINATE_LIMBS]; 8]) -> Option<[[u64; COORDINATE_LIMBS]; 8]> {
    let elements = rows.map(|row| Coordinate::element(&row));
    let multiply = |a: &blst_fp, b: &blst_fp| {
        let mut out = blst_fp::default();
        // SAFETY: all pointers are valid for the call.
        unsafe { blst::blst_fp_mul(&mut out, a, b) };
        out
    };
    let mut before = [elements[0]; 8];
    for i in 1..8 {
        before[i] = multiply(&before[i - 1], &elements[i]);
    }
    if before[7].l == [0; 6] {
        return None;
    }
    let mut inverse = blst_fp::default();
    // SAFETY: as above.
    unsafe { blst::blst_fp_eucl_inverse(&mut inverse, &before[7]) };
    let mut out = [[0u64; COORDINATE_LIMBS]; 8];
    for i in (1..8).rev() {
        out[i] = Coordinate::limbs(&multiply(&inverse, &before[i - 1]));
        inverse = multiply(&inverse, &elements[i]);
    }
    out[0] = Coordinate::limbs(&inverse);
    Some(out)
}
