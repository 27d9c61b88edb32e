//! The prover for tables without lookups and copies: the proofs of `midnight-proofs`, byte for byte, with less work.
//!
//! What is saved: columns stay in Lagrange form and are extended to the cosets a group at a time ([`super::program`]);
//! evaluations are inner products with the Lagrange polynomials at x, so that no column needs its coefficients; columns are
//! combined for the opening before one inverse transform.

use std::borrow::Cow;
use std::sync::Arc;

use ff::Field;
use group::ff::BatchInvert;
use midnight_curves::G1Projective;
use midnight_proofs::plonk::VerifyingKey;
use midnight_proofs::poly::{EvaluationDomain, Rotation};
use midnight_proofs::transcript::Transcript;
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::engine::{engine, Engine};
use super::opening::{self, Parts};
use super::program::Query;
use super::queries::{PointSet, Queries};
use super::quotient::Columns;
use crate::commit::msm;
use crate::error::{Error, Result};
use crate::field::{self, F};
use crate::plonk::scheme::KnownCommitments;
use crate::plonk::transcript::{self, InnerTranscript};
use crate::plonk::Committed;
use crate::srs::Srs;
use crate::tables::{Kind, Tables};

/// Prepared tables.
pub(in crate::plonk) struct FlatProver {
    tables: Arc<Tables>,
    srs: Arc<Srs>,
    key: VerifyingKey<F, KnownCommitments>,
    engine: Box<dyn Engine>,
    fixed: Vec<Vec<F>>,
    queries: Queries,
    sets: Vec<PointSet>,
}

/// All columns of one proof, by class.
struct Values<'a> {
    committed: &'a [Committed],
    plain: &'a [Vec<F>],
    advice: &'a [Vec<F>],
    fixed: &'a [Vec<F>],
    rows: usize,
}

impl Values<'_> {
    fn column(&self, kind: Kind, index: usize) -> &[F] {
        match kind {
            Kind::Advice => &self.advice[index],
            Kind::Fixed => &self.fixed[index],
            Kind::Instance if index < self.committed.len() => &self.committed[index].values,
            Kind::Instance => &self.plain[index - self.committed.len()],
        }
    }
}

impl Columns for Values<'_> {
    fn values(&self, query: Query) -> Cow<'_, [F]> {
        let column = self.column(query.column.kind, query.column.index);
        if query.rotation == 0 && column.len() == self.rows {
            return Cow::Borrowed(column);
        }
        let mut values = column.to_vec();
        values.resize(self.rows, F::ZERO);
        values.rotate_left(query.rotation.rem_euclid(self.rows as i32) as usize);
        Cow::Owned(values)
    }
}

impl FlatProver {
    /// Whether these tables are of the kind that this prover proves.
    pub(in crate::plonk) fn takes(tables: &Tables) -> bool {
        tables.lookups.is_empty() && tables.copies.is_empty()
    }

    pub(in crate::plonk) fn new(
        tables: Arc<Tables>,
        srs: Arc<Srs>,
        key: VerifyingKey<F, KnownCommitments>,
        wide: bool,
    ) -> Self {
        let fixed = tables.fixed.iter().map(|column| column.values(tables.domain())).collect();
        let queries = Queries::of(&key, tables.committed());
        let engine = engine(&tables, key.get_domain(), wide);
        FlatProver { sets: queries.point_sets(), queries, fixed, engine, tables, srs, key }
    }

    pub(in crate::plonk) fn key(&self) -> &VerifyingKey<F, KnownCommitments> {
        &self.key
    }

    /// A proof; shapes have been checked.
    ///
    /// # Errors
    /// `Error::Internal` where the transcript fails or a challenge falls on the domain.
    pub(in crate::plonk) fn prove(
        &self,
        committed: &[Committed],
        plain: &[Vec<F>],
        mut advice: Vec<Vec<F>>,
        outer: &[u8; 64],
        mut rng: impl RngCore + CryptoRng,
    ) -> Result<Vec<u8>> {
        let (domain, rows) = (self.key.get_domain(), self.tables.domain());
        let mut transcript = transcript::for_prover(outer).map_err(fault)?;
        self.absorb(&mut transcript, committed, plain)?;
        for column in &mut advice {
            column.resize(self.tables.usable_rows(), F::ZERO);
            column.extend((self.tables.usable_rows()..rows).map(|_| F::random(&mut rng)));
        }
        for column in &advice {
            transcript.write(&msm::full_parallel(self.srs.lagrange(), column)).map_err(fault)?;
        }
        // θ, β, γ and the trash challenge belong to arguments that these tables do not have.
        for _ in 0..4 {
            let _: F = transcript.squeeze_challenge();
        }
        let random = random_polynomial(rows, &mut rng);
        transcript.write(&self.commit(&random)).map_err(fault)?;

        let y: F = transcript.squeeze_challenge();
        let values = Values { committed, plain, advice: &advice, fixed: &self.fixed, rows };
        let pieces = self.quotient(domain, self.engine.numerator(&values, y), &mut rng)?;
        for piece in &pieces {
            transcript.write(&self.commit(piece)).map_err(fault)?;
        }

        let x: F = transcript.squeeze_challenge();
        for evaluation in self.evaluations(&values, x)? {
            transcript.write(&evaluation).map_err(fault)?;
        }
        transcript.write(&evaluate(&random, x)).map_err(fault)?;
        let quotient = joined(&pieces, x.pow([rows as u64 - 1]));
        let parts = Parts { quotient: &quotient, random: &random, lagrange: &|s| self.lagrange(&values, s) };
        let commit = |poly: &[F]| self.commit(poly);
        opening::open(&*self.engine, domain, &self.sets, &parts, x, &commit, &mut transcript)?;
        Ok(transcript.finalize())
    }

    fn absorb(&self, transcript: &mut InnerTranscript, committed: &[Committed], plain: &[Vec<F>]) -> Result<()> {
        self.key.hash_into(transcript).map_err(fault)?;
        committed.iter().try_for_each(|column| transcript.common(&column.commitment)).map_err(fault)?;
        for column in plain {
            transcript.common(&F::from(column.len() as u64)).map_err(fault)?;
            column.iter().try_for_each(|value| transcript.common(value)).map_err(fault)?;
        }
        Ok(())
    }

    fn commit(&self, coefficients: &[F]) -> G1Projective {
        msm::full_parallel(self.srs.powers().first(coefficients.len()), coefficients)
    }

    /// The quotient in blinded pieces of n − 1 coefficients and one more.
    fn quotient(
        &self,
        domain: &EvaluationDomain<F>,
        numerator: Vec<Vec<F>>,
        rng: &mut impl RngCore,
    ) -> Result<Vec<Vec<F>>> {
        let cosets = numerator.len();
        let mut extended = domain.empty_extended();
        for (c, values) in numerator.iter().enumerate() {
            values.iter().enumerate().for_each(|(i, value)| extended[cosets * i + c] = *value);
        }
        drop(numerator);
        let size = self.tables.domain() - 1;
        let coefficients = domain.extended_to_coeff(domain.divide_by_vanishing_poly(extended));
        let count = domain.get_quotient_poly_degree();
        let mut pieces: Vec<Vec<F>> = coefficients.chunks_exact(size).take(count).map(<[F]>::to_vec).collect();
        if pieces.len() < 2 {
            return Err(Error::internal("the quotient has less than two pieces"));
        }
        for i in 1..pieces.len() {
            let blind = F::random(&mut *rng);
            pieces[i - 1].push(blind);
            pieces[i][0] -= blind;
        }
        pieces[count - 1].push(F::ZERO);
        Ok(pieces)
    }

    /// Evaluations of committed, advice and fixed columns, in the order of the key.
    fn evaluations(&self, values: &Values, x: F) -> Result<Vec<F>> {
        let queries = &self.queries;
        let committed = queries.committed.iter().map(|(c, at)| (Kind::Instance, *c, *at));
        let advice = queries.advice.iter().map(|(c, at)| (Kind::Advice, *c, *at));
        let fixed = queries.fixed.iter().map(|(c, at)| (Kind::Fixed, *c, *at));
        let all: Vec<(Kind, usize, i32)> = committed.chain(advice).chain(fixed).collect();
        let mut out = vec![F::ZERO; all.len()];
        let mut rotations: Vec<i32> = all.iter().map(|(_, _, at)| *at).collect();
        rotations.sort_unstable();
        rotations.dedup();
        for rotation in rotations {
            let weights = lagrange_at(self.key.get_domain(), x, rotation)?;
            let places: Vec<usize> = (0..all.len()).filter(|i| all[*i].2 == rotation).collect();
            let columns: Vec<&[F]> = places.iter().map(|i| values.column(all[*i].0, all[*i].1)).collect();
            for (place, value) in places.iter().zip(self.engine.inner_products(&weights, &columns)) {
                out[*place] = value;
            }
        }
        Ok(out)
    }

    fn lagrange<'a>(&self, values: &'a Values, source: super::queries::Source) -> Option<&'a [F]> {
        use super::queries::Source::{Advice, Committed, Fixed};
        match source {
            Advice(i) => Some(values.column(Kind::Advice, i)),
            Committed(i) => Some(values.column(Kind::Instance, i)),
            Fixed(i) => Some(values.column(Kind::Fixed, i)),
            _ => None,
        }
    }
}

/// Uniform coefficients, by as many generators as there are threads: the library's own way.
fn random_polynomial(rows: usize, rng: &mut impl RngCore) -> Vec<F> {
    let threads = rayon::current_num_threads();
    let (short, longer) = (rows / threads, rows % threads);
    let mut out = Vec::with_capacity(rows);
    for thread in 0..threads {
        let mut seed = [0u8; 32];
        rng.fill_bytes(&mut seed);
        let mut stream = ChaCha20Rng::from_seed(seed);
        out.extend((0..short + usize::from(thread < longer)).map(|_| F::random(&mut stream)));
    }
    out
}

/// Σ_i piece_i·split^i.
fn joined(pieces: &[Vec<F>], split: F) -> Vec<F> {
    let mut out = vec![F::ZERO; pieces[0].len()];
    for piece in pieces.iter().rev() {
        out.iter_mut().zip(piece).for_each(|(sum, value)| *sum = *sum * split + value);
    }
    out
}

pub(super) fn evaluate(coefficients: &[F], x: F) -> F {
    midnight_proofs::utils::arithmetic::eval_polynomial(coefficients, x)
}

/// L_i(x·ω^rotation) = (x^n − 1)/n · ω^i / (x·ω^rotation − ω^i) for every row i.
pub(super) fn lagrange_at(domain: &EvaluationDomain<F>, x: F, rotation: i32) -> Result<Vec<F>> {
    let n = 1u64 << domain.k();
    let point = domain.rotate_omega(x, Rotation(rotation));
    let numerator = x.pow([n]) - F::ONE;
    if numerator.is_zero_vartime() {
        return Err(Error::internal("the challenge x lies on the domain"));
    }
    let roots = field::powers(domain.get_omega(), n as usize);
    let mut out: Vec<F> = roots.iter().map(|root| point - root).collect();
    out.iter_mut().batch_invert();
    let common = numerator * F::from(n).invert().unwrap_or(F::ZERO);
    out.iter_mut().zip(&roots).for_each(|(l, root)| *l *= common * root);
    Ok(out)
}

pub(super) fn fault(error: std::io::Error) -> Error {
    Error::io("transcript", error)
}
