//! Sums of many groups of points by rounds of pairwise affine additions.
//!
//! (x1, y1) + (x2, y2) with λ = (y2 − y1)/(x2 − x1): x3 = λ² − x1 − x2, y3 = λ(x1 − x3) − y1. The denominators of a batch
//! are inverted together (Montgomery's trick), in eight chains side by side.

use std::cell::RefCell;

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
    to: u32,
}

/// Memory that a thread keeps: fresh pages would cost more than the additions of a round.
#[derive(Default)]
struct Scratch {
    source: Vec<WidePoint>,
    sums: Vec<WidePoint>,
    round: Round,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Sums each group of entries; `ends` says where each ends.
pub(super) fn sum_groups(points: &[WidePoint], entries: Vec<Entry>, ends: Vec<usize>) -> Sums {
    SCRATCH.with_borrow_mut(|scratch| sum_rounds(scratch, points, entries, ends))
}

fn sum_rounds(scratch: &mut Scratch, points: &[WidePoint], mut entries: Vec<Entry>, mut ends: Vec<usize>) -> Sums {
    let Scratch { source, sums, round } = scratch;
    let mut first = true;
    loop {
        round.clear();
        let mut start = 0;
        for end in &mut ends {
            for pair in entries[start..*end].chunks(2) {
                round.take(pair);
            }
            start = *end;
            *end = round.slots;
        }
        let infinite = round.add(if first { points } else { source }, sums);
        if round.pairs.is_empty() {
            return finish(sums[..round.slots].to_vec(), &ends, &infinite);
        }
        (entries, ends) = remaining(&ends, &infinite);
        std::mem::swap(source, sums);
        first = false;
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
    let place =
        |(start, end): (usize, usize)| (end > start && infinite.binary_search(&start).is_err()).then_some(start as u32);
    Sums { places: starts.zip(ends.iter().copied()).map(place).collect(), points }
}

/// What one round adds and what it only copies.
#[derive(Default)]
struct Round {
    pairs: Vec<Pair>,
    singles: Vec<(Entry, u32)>,
    slots: usize,
}

/// Additions that share an inversion: their denominators and partial products stay in the second-level cache.
const BATCH: usize = 2048;

impl Round {
    fn clear(&mut self) {
        self.pairs.clear();
        self.singles.clear();
        self.slots = 0;
    }

    fn take(&mut self, entries: &[Entry]) {
        match entries {
            [a, b] => {
                self.pairs.push(Pair { a: *a, b: *b, to: self.slots as u32 });
            }
            [a] => self.singles.push((*a, self.slots as u32)),
            _ => return,
        }
        self.slots += 1;
    }

    /// Writes the sums by slot; returns which slots are infinite, in order.
    fn add(&self, source: &[WidePoint], out: &mut Vec<WidePoint>) -> Vec<usize> {
        if out.len() < self.slots {
            out.resize(self.slots, WidePoint::default());
        }
        let mut infinite = Vec::new();
        for (single, slot) in &self.singles {
            let point = source[single.index()];
            out[*slot as usize] = if single.negative() { point.negated() } else { point };
        }
        for batch in self.pairs.chunks(BATCH) {
            // SAFETY: wide points exist only where the processor has the instructions: whoever makes them asks `vector::wide`.
            let added = unsafe { Eight::call(Batch { source, pairs: batch, out }) };
            for pair in batch.iter().filter(|_| !added) {
                match one_by_one(source, pair) {
                    Some(sum) => out[pair.to as usize] = sum,
                    None => infinite.push(pair.to as usize),
                }
            }
        }
        infinite.sort_unstable();
        infinite
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

/// Adds pairs; false, with nothing written, where two points of a pair share their x.
struct Batch<'a> {
    source: &'a [WidePoint],
    pairs: &'a [Pair],
    out: &'a mut [WidePoint],
}

impl Kernel<Eight> for Batch<'_> {
    type Output = bool;
    #[inline(always)]
    unsafe fn run(self) -> bool {
        let groups = self.pairs.len().div_ceil(8);
        let mut denominators = Vec::with_capacity(groups);
        let mut products = Vec::with_capacity(groups);
        let mut product = Coordinate::one();
        for index in 0..groups {
            let pairs = &eight(self.pairs, index);
            let denominator = second_x(self.source, pairs).minus(first_x(self.source, pairs));
            products.push(product);
            product = product.mul(denominator);
            denominators.push(denominator);
        }
        // Element i times all others is the same for every i: one inversion serves all eight.
        let twos = product.mul(product.rotated::<1>());
        let fours = twos.mul(twos.rotated::<2>());
        let others = product.rotated::<1>().mul(twos.rotated::<2>()).mul(fours.rotated::<4>());
        let Some(total) = inverted(&product.mul(others).reduced().rows()[0]) else {
            return false;
        };
        let mut inverse = others.mul(Coordinate::splat(&total));
        for index in (0..groups).rev() {
            let pairs = &eight(self.pairs, index);
            let own = inverse.mul(products[index]);
            inverse = inverse.mul(denominators[index]);
            let (x1, x2) = (first_x(self.source, pairs), second_x(self.source, pairs));
            let (y1, y2) = (first_y(self.source, pairs), second_y(self.source, pairs));
            let slope = y2.minus(y1).mul(own);
            let x3 = slope.mul(slope).minus_sum(x1.plus(x2)).reduced();
            let y3 = slope.mul(x1.minus(x3)).minus(y1).reduced();
            let (xs, ys) = (x3.rows(), y3.rows());
            for i in 0..8 {
                let slot = &mut self.out[pairs[i].to as usize];
                slot.x = xs[i];
                slot.y = ys[i];
            }
        }
        true
    }
}

/// The index-th eight; the last one is filled up with its last pair, which is then added more than once, to one place.
#[inline(always)]
fn eight(pairs: &[Pair], index: usize) -> [Pair; 8] {
    let mut out = [pairs[8 * index]; 8];
    for i in 1..8 {
        out[i] = pairs[(8 * index + i).min(pairs.len() - 1)];
    }
    out
}

#[inline(always)]
unsafe fn first_x(source: &[WidePoint], pairs: &[Pair; 8]) -> Coordinate {
    let mut places = [std::ptr::null(); 8];
    for i in 0..8 {
        places[i] = source[pairs[i].a.index()].x.as_ptr();
    }
    Coordinate::gather(places)
}

#[inline(always)]
unsafe fn second_x(source: &[WidePoint], pairs: &[Pair; 8]) -> Coordinate {
    let mut places = [std::ptr::null(); 8];
    for i in 0..8 {
        places[i] = source[pairs[i].b.index()].x.as_ptr();
    }
    Coordinate::gather(places)
}

#[inline(always)]
unsafe fn first_y(source: &[WidePoint], pairs: &[Pair; 8]) -> Coordinate {
    let (mut places, mut signs) = ([std::ptr::null(); 8], 0u8);
    for i in 0..8 {
        places[i] = source[pairs[i].a.index()].y.as_ptr();
        signs |= u8::from(pairs[i].a.negative()) << i;
    }
    Coordinate::gather(places).negate_where(signs)
}

#[inline(always)]
unsafe fn second_y(source: &[WidePoint], pairs: &[Pair; 8]) -> Coordinate {
    let (mut places, mut signs) = ([std::ptr::null(); 8], 0u8);
    for i in 0..8 {
        places[i] = source[pairs[i].b.index()].y.as_ptr();
        signs |= u8::from(pairs[i].b.negative()) << i;
    }
    Coordinate::gather(places).negate_where(signs)
}

/// The inverse, or None of zero.
fn inverted(limbs: &[u64; COORDINATE_LIMBS]) -> Option<[u64; COORDINATE_LIMBS]> {
    let element = Coordinate::element(limbs);
    let mut inverse = blst_fp::default();
    // SAFETY: all pointers are valid for the call.
    unsafe { blst::blst_fp_eucl_inverse(&mut inverse, &element) };
    (element.l != [0; 6]).then(|| Coordinate::limbs(&inverse))
}
