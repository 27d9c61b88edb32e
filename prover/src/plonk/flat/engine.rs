//! The heavy arithmetic of a proof, over the widest words that the processor has.

use ff::{Field, WithSmallOrderMulGroup};
use midnight_proofs::poly::EvaluationDomain;

use super::linear;
use super::ntt::Extension;
use super::program::Program;
use super::quotient::{self, Columns};
use crate::field::F;
use crate::tables::Tables;
use crate::vector::{Kernel, Word};

/// What differs by the width of words; the results do not.
pub(super) trait Engine: Send + Sync {
    /// Values of the quotient's numerator by coset, then row; coset c is ζ·ω_e^c·H, ω_e generating the extended domain.
    fn numerator(&self, columns: &dyn Columns, y: F) -> Vec<Vec<F>>;
    /// ⟨weights, column⟩ for each column; columns may be shorter than the weights, which fill the domain.
    fn inner_products(&self, weights: &[F], columns: &[&[F]]) -> Vec<F>;
    /// Σ_j factors_j·columns_j over the domain; columns may be shorter.
    fn combine(&self, factors: &[F], columns: &[&[F]]) -> Vec<F>;
}

/// The engine for some tables: eight elements at once where `wide`, the field's own arithmetic elsewhere.
pub(super) fn engine(tables: &Tables, domain: &EvaluationDomain<F>, wide: bool) -> Box<dyn Engine> {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::vector::ifma::Eight;
        // Transposed blocks are WIDTH² elements.
        if wide && tables.domain() >= Eight::WIDTH * Eight::WIDTH {
            return Box::new(Of::<Eight>::new(tables, domain));
        }
    }
    let _ = wide;
    Box::new(Of::<F>::new(tables, domain))
}

struct Of<W> {
    program: Program,
    extension: Extension<W>,
    cosets: usize,
    rows: usize,
}

impl<W: Word> Of<W> {
    fn new(tables: &Tables, domain: &EvaluationDomain<F>) -> Self {
        let cosets = domain.extended_len() >> domain.k();
        let generators: Vec<F> = (0..cosets as u64).map(|c| F::ZETA * domain.get_extended_omega().pow([c])).collect();
        // SAFETY: `engine` chose words that the processor has.
        let extension = unsafe { W::call(Prepare { domain, generators: &generators }) };
        Of { program: Program::of(tables), extension, cosets, rows: tables.domain() }
    }
}

struct Prepare<'a> {
    domain: &'a EvaluationDomain<F>,
    generators: &'a [F],
}

impl<W: Word> Kernel<W> for Prepare<'_> {
    type Output = Extension<W>;
    #[inline(always)]
    unsafe fn run(self) -> Extension<W> {
        Extension::new(self.domain.k(), self.domain.get_omega(), self.generators)
    }
}

impl<W: Word> Engine for Of<W> {
    fn numerator(&self, columns: &dyn Columns, y: F) -> Vec<Vec<F>> {
        quotient::numerator(&self.program, &self.extension, columns, self.cosets, y)
    }

    fn inner_products(&self, weights: &[F], columns: &[&[F]]) -> Vec<F> {
        linear::inner_products::<W>(weights, columns)
    }

    fn combine(&self, factors: &[F], columns: &[&[F]]) -> Vec<F> {
        linear::combine::<W>(factors, columns, self.rows)
    }
}
