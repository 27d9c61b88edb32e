//! Eight elements at once against one at a time.

use ff::Field;
use proptest::prelude::*;

use super::*;
use crate::field::from_wide;

/// Each operation on vectors of elements.
struct All<'a> {
    a: &'a [F],
    b: &'a [F],
}

impl<W: Word> Kernel<W> for All<'_> {
    type Output = [Vec<F>; 5];
    #[inline(always)]
    unsafe fn run(self) -> Self::Output {
        let mut out: [Vec<F>; 5] = std::array::from_fn(|_| vec![F::ZERO; self.a.len()]);
        let scale = W::splat(F::from(W::RAW_SCALE));
        for i in (0..self.a.len()).step_by(W::WIDTH) {
            let (a, b) = (W::load(&self.a[i..]), W::load(&self.b[i..]));
            a.add(b).store(&mut out[0][i..]);
            a.sub(b).store(&mut out[1][i..]);
            a.mul(b).store(&mut out[2][i..]);
            W::load_raw(&self.a[i..]).mul(scale).store(&mut out[3][i..]);
            // A long chain without a store between: elements stay in range.
            let mut x = a;
            for _ in 0..50 {
                x = x.add(x).sub(b).mul(a).add(b).sub(x);
            }
            x.store(&mut out[4][i..]);
        }
        out
    }
}

fn element() -> impl Strategy<Value = F> {
    let any_element = any::<[[u8; 32]; 2]>().prop_map(|b| from_wide(&b.concat().try_into().unwrap()));
    let edge = prop_oneof![Just(F::ZERO), Just(F::ONE), Just(-F::ONE), Just(F::from(2)), Just(-F::from(u64::MAX))];
    prop_oneof![3 => any_element, 2 => edge]
}

#[cfg(target_arch = "x86_64")]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn eight_are_eight_times_one(a in prop::collection::vec(element(), 64), b in prop::collection::vec(element(), 64)) {
        prop_assume!(wide());
        // SAFETY: the processor has the instructions, by the line above.
        let (one, eight) = unsafe { (F::call(All { a: &a, b: &b }), ifma::Eight::call(All { a: &a, b: &b })) };
        prop_assert!(one == eight);
        prop_assert!(one[3] == a);
    }
}

#[cfg(target_arch = "x86_64")]
struct Transposed<'a>(&'a mut [F]);

#[cfg(target_arch = "x86_64")]
impl<W: Word> Kernel<W> for Transposed<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let mut words = Vec::new();
        for chunk in self.0.chunks_exact(W::WIDTH) {
            words.push(W::load(chunk));
        }
        W::transpose(&mut words);
        for (word, out) in words.iter().zip(self.0.chunks_exact_mut(W::WIDTH)) {
            word.store(out);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn squares_are_transposed() {
    if !wide() {
        return;
    }
    let mut square: Vec<F> = (0..64).map(F::from).collect();
    // SAFETY: the processor has the instructions, by the line above.
    unsafe { ifma::Eight::call(Transposed(&mut square)) };
    assert!((0..64).all(|i| square[i] == F::from((i % 8 * 8 + i / 8) as u64)));
}
