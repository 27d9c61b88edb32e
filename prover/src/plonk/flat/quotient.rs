//! The numerator of the quotient on the cosets of H, group by group.

use std::borrow::Cow;

use rayon::prelude::*;

use super::ntt::Extension;
use super::program::{Action, Group, Operand, Operation, Program, Query};
use crate::field::{self, F};
use crate::vector::{Kernel, Word};

/// Words that one operation handles before the next one runs: registers stay in the fastest cache.
const BLOCK: usize = 16;

/// By coset, then row.
type Cosets<W> = Vec<Vec<W>>;

/// Values on H of a column, 2^k of them.
pub(super) trait Columns: Sync {
    fn values(&self, query: Query) -> Cow<'_, [F]>;
}

/// Numerator values Σ_i y^(m−1−i)·poly_i by coset, then row.
pub(super) fn numerator<W: Word>(
    program: &Program,
    extension: &Extension<W>,
    columns: &dyn Columns,
    cosets: usize,
    y: F,
) -> Vec<Vec<F>> {
    let extend = |query: &Query| {
        let values = columns.values(*query);
        // SAFETY: an extension of these words exists, so the processor has their instructions.
        unsafe { W::call(Extend { extension, values: &values }) }
    };
    let shared: Vec<Cosets<W>> = program.shared.par_iter().map(extend).collect();
    let powers = field::powers(y, program.constraints);
    let add = |sum: Option<Cosets<W>>, group: &Group| {
        let own: Vec<Cosets<W>> = group.queries.iter().map(extend).collect();
        let mut sum = sum.unwrap_or_else(|| empty(extension, cosets));
        // SAFETY: as above.
        unsafe { W::call(Evaluate { group, shared: &shared, own: &own, powers: &powers, sum: &mut sum }) };
        Some(sum)
    };
    let join = |a: Option<Cosets<W>>, b: Option<Cosets<W>>| match (a, b) {
        (Some(mut a), Some(b)) => {
            // SAFETY: as above.
            unsafe { W::call(AddTo { sum: &mut a, other: &b }) };
            Some(a)
        }
        (a, b) => a.or(b),
    };
    let sum = program.groups.par_iter().with_max_len(1).fold(|| None, add).reduce(|| None, join);
    let sum = sum.unwrap_or_else(|| empty(extension, cosets));
    // SAFETY: as above.
    sum.par_iter().map(|words| unsafe { W::call(Store { words }) }).collect()
}

fn empty<W: Word>(extension: &Extension<W>, cosets: usize) -> Cosets<W> {
    // SAFETY: as in `numerator`.
    let zero = unsafe { W::call(Splat(F::default())) };
    vec![vec![zero; extension.words()]; cosets]
}

struct Splat(F);

impl<W: Word> Kernel<W> for Splat {
    type Output = W;
    #[inline(always)]
    unsafe fn run(self) -> W {
        W::splat(self.0)
    }
}

struct Extend<'a, W> {
    extension: &'a Extension<W>,
    values: &'a [F],
}

impl<W: Word> Kernel<W> for Extend<'_, W> {
    type Output = Cosets<W>;
    #[inline(always)]
    unsafe fn run(self) -> Cosets<W> {
        self.extension.extend(self.values)
    }
}

struct Store<'a, W> {
    words: &'a [W],
}

impl<W: Word> Kernel<W> for Store<'_, W> {
    type Output = Vec<F>;
    #[inline(always)]
    unsafe fn run(self) -> Vec<F> {
        let mut out = vec![F::default(); self.words.len() * W::WIDTH];
        for (word, out) in self.words.iter().zip(out.chunks_exact_mut(W::WIDTH)) {
            word.store(out);
        }
        out
    }
}

struct AddTo<'a, W> {
    sum: &'a mut Cosets<W>,
    other: &'a Cosets<W>,
}

impl<W: Word> Kernel<W> for AddTo<'_, W> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        for (sum, other) in self.sum.iter_mut().flatten().zip(self.other.iter().flatten()) {
            *sum = sum.add(*other);
        }
    }
}

/// Adds a group's constraints, weighted, to the sum.
struct Evaluate<'a, W> {
    group: &'a Group,
    shared: &'a [Cosets<W>],
    own: &'a [Cosets<W>],
    powers: &'a [F],
    sum: &'a mut Cosets<W>,
}

impl<W: Word> Kernel<W> for Evaluate<'_, W> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let zero = W::splat(F::default());
        let mut constants = Vec::with_capacity(self.group.constants.len());
        for constant in &self.group.constants {
            constants.push([W::splat(*constant); BLOCK]);
        }
        let mut weights = Vec::with_capacity(self.group.parts.len());
        for part in &self.group.parts {
            weights.push(W::splat(self.powers[part.power]));
        }
        let mut registers = vec![[zero; BLOCK]; self.group.registers.max(1)];
        for (coset, sum) in self.sum.iter_mut().enumerate() {
            for (block, sum) in sum.chunks_mut(BLOCK).enumerate() {
                let start = block * BLOCK;
                for (part, weight) in self.group.parts.iter().zip(&weights) {
                    let registers_at = registers.as_mut_ptr();
                    let find = |operand: Operand| -> *const W {
                        match operand {
                            Operand::Shared(i) => self.shared[i][coset][start..].as_ptr(),
                            Operand::Own(i) => self.own[i][coset][start..].as_ptr(),
                            Operand::Constant(i) => constants[i].as_ptr(),
                            Operand::Register(i) => registers_at.add(i).cast::<W>().cast_const(),
                        }
                    };
                    for Operation { action, to, a, b } in &part.operations {
                        let (a, b) = (find(*a), find(*b));
                        let to = registers_at.add(*to).cast::<W>();
                        // Each of a, b, to has at least `sum.len()` words; equal places are read before they are written.
                        match action {
                            Action::Add => {
                                for i in 0..sum.len() {
                                    *to.add(i) = (*a.add(i)).add(*b.add(i));
                                }
                            }
                            Action::Subtract => {
                                for i in 0..sum.len() {
                                    *to.add(i) = (*a.add(i)).sub(*b.add(i));
                                }
                            }
                            Action::Multiply => {
                                for i in 0..sum.len() {
                                    *to.add(i) = (*a.add(i)).mul(*b.add(i));
                                }
                            }
                        }
                    }
                    let result = find(part.result);
                    for (i, sum) in sum.iter_mut().enumerate() {
                        *sum = sum.add((*result.add(i)).mul(*weight));
                    }
                }
            }
        }
    }
}
