//! Sums of some windows: points sorted into buckets, buckets summed, sums weighted by the bucket's number.

use std::ops::Range;

use group::Group;
use midnight_curves::G1Projective;

use super::digits::Windows;
use super::pairs::{self, Entry};
use super::point::WidePoint;
use crate::commit::point::from_affine;

/// Σ_i d_i·P_i for each window of the range.
pub(super) fn sums(points: &[WidePoint], windows: &Windows, range: Range<usize>) -> Vec<G1Projective> {
    let buckets = 1usize << (windows.width - 1);
    let (entries, ends) = sort(windows, range.clone(), buckets);
    let filled = pairs::sum_groups(points, entries, ends);
    // Bit b of m = Σ_b 2^b: the sum of the buckets whose number has it.
    let bits = windows.width;
    let (mut entries, mut ends) = (Vec::new(), Vec::with_capacity(range.len() * bits));
    for window in 0..range.len() {
        for bit in 0..bits {
            let numbers = (1..=buckets).filter(|m| m >> bit & 1 == 1);
            let places = numbers.filter_map(|m| filled.place(window * buckets + m - 1));
            entries.extend(places.map(Entry::plus));
            ends.push(entries.len());
        }
    }
    let by_bit = pairs::sum_groups(filled.points(), entries, ends);
    let group = |index: usize| by_bit.get(index).map_or_else(G1Projective::identity, |p| from_affine(&p.affine()));
    let window = |w: usize| (0..bits).rev().fold(G1Projective::identity(), |sum, b| sum.double() + group(w * bits + b));
    (0..range.len()).map(window).collect()
}

/// Entries by bucket (window major), and where each bucket ends.
fn sort(windows: &Windows, range: Range<usize>, buckets: usize) -> (Vec<Entry>, Vec<usize>) {
    let mut counts = vec![0usize; range.len() * buckets + 1];
    let place = |window: usize, digit: i16| window * buckets + usize::from(digit.unsigned_abs()) - 1;
    let digits = || {
        range.clone().enumerate().flat_map(|(w, t)| windows.window(t).iter().enumerate().map(move |(i, d)| (w, i, *d)))
    };
    for (window, _, digit) in digits().filter(|(_, _, d)| *d != 0) {
        counts[place(window, digit) + 1] += 1;
    }
    for i in 1..counts.len() {
        counts[i] += counts[i - 1];
    }
    let mut entries = vec![Entry::default(); counts[counts.len() - 1]];
    let mut next = counts.clone();
    for (window, index, digit) in digits().filter(|(_, _, d)| *d != 0) {
        let slot = &mut next[place(window, digit)];
        entries[*slot] = Entry::new(index, digit < 0);
        *slot += 1;
    }
    (entries, counts.split_off(1))
}
