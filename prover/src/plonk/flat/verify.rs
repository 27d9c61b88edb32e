//! The verifier for tables without lookups and copies: the checks of `midnight-proofs`, with less work.
//!
//! What is saved: the Lagrange polynomials at x come from one inversion; plain columns are evaluated by vector kernels and
//! hashed a column at a time. A proof is read to the end, and what is left is one equation between two sums of points
//! ([`Opening`]), which can be checked together with others.

use std::collections::HashMap;

use ff::Field;
use midnight_curves::G1Projective;
use midnight_proofs::plonk::{Error, VerifyingKey};
use midnight_proofs::poly::Rotation;
use midnight_proofs::transcript::Transcript;

use super::linear;
use super::queries::{PointSet, Queries, Source};
use super::weights::Weights;
use crate::commit;
use crate::field::{self, F};
use crate::plonk::opening::Opening;
use crate::plonk::transcript::{self, InnerTranscript, Run};
use crate::plonk::Kzg;
use crate::tables::{ColumnRef, Expression, Kind, Tables};

/// Prepared tables.
pub(in crate::plonk) struct FlatVerifier {
    queries: Queries,
    sets: Vec<PointSet>,
    weights: Weights,
    committed: usize,
    wide: bool,
}

/// Values of opened cells.
type Values = HashMap<(ColumnRef, i32), F>;

/// Commitments that the proof brings.
struct Commitments<'a> {
    committed: &'a [G1Projective],
    advice: Vec<G1Projective>,
    random: G1Projective,
    quotient: Vec<G1Projective>,
}

impl FlatVerifier {
    pub(in crate::plonk) fn new(tables: &Tables, key: &VerifyingKey<F, Kzg>, wide: bool) -> Self {
        let queries = Queries::of(key, tables.committed());
        let weights = Weights::new(key.get_domain());
        FlatVerifier { sets: queries.point_sets(), queries, weights, committed: tables.committed(), wide }
    }

    /// Reads a proof and leaves its opening to be checked; shapes have been checked.
    ///
    /// # Errors
    /// Those of the library for the same proof.
    pub(in crate::plonk) fn prepare(
        &self,
        tables: &Tables,
        key: &VerifyingKey<F, Kzg>,
        (committed, plain): (&[G1Projective], &[Vec<F>]),
        outer: &[u8; 64],
        proof: &[u8],
    ) -> Result<Opening, Error> {
        let mut transcript = transcript::for_verifier(outer, proof)?;
        key.hash_into(&mut transcript)?;
        absorb(&mut transcript, committed, plain)?;
        let advice = read(&mut transcript, tables.advice.len())?;
        // θ, β, γ and the trash challenge belong to arguments that these tables do not have.
        for _ in 0..4 {
            let _: F = transcript.squeeze_challenge();
        }
        let random = transcript.read()?;
        let y: F = transcript.squeeze_challenge();
        let quotient = read(&mut transcript, key.get_domain().get_quotient_poly_degree())?;
        let commitments = Commitments { committed, advice, random, quotient };

        let x: F = transcript.squeeze_challenge();
        let mut values = self.opened(&mut transcript)?;
        let random_value: F = transcript.read()?;
        self.evaluate(plain, x, &mut values)?;
        let quotient_value = self.quotient(tables, &values, x, y)?;
        let value = |source: Source, at: i32| match source {
            Source::Quotient => Some(quotient_value),
            Source::Random => Some(random_value),
            column => values.get(&(column.column()?, at)).copied(),
        };
        let opening = self.open(key, &commitments, x, &value, &mut transcript)?;
        transcript.assert_empty()?;
        Ok(opening)
    }

    /// Reads what committed, advice and fixed columns are said to be at x and beside it.
    fn opened(&self, transcript: &mut InnerTranscript) -> Result<Values, Error> {
        let Queries { advice, committed, fixed, .. } = &self.queries;
        let mut values = HashMap::with_capacity(advice.len() + committed.len() + fixed.len());
        for (kind, cells) in [(Kind::Instance, committed), (Kind::Advice, advice), (Kind::Fixed, fixed)] {
            for (index, at) in cells {
                values.insert((ColumnRef { kind, index: *index }, *at), transcript.read()?);
            }
        }
        Ok(values)
    }

    /// Adds what plain columns are at x and beside it.
    fn evaluate(&self, plain: &[Vec<F>], x: F, values: &mut Values) -> Result<(), Error> {
        let mut rotations: Vec<i32> = self.queries.plain.iter().map(|(_, at)| *at).collect();
        rotations.sort_unstable();
        rotations.dedup();
        for rotation in rotations {
            let cells = self.queries.plain.iter().filter(|(_, at)| *at == rotation);
            let indices: Vec<usize> = cells.map(|(index, _)| *index).collect();
            let columns: Vec<&[F]> = indices.iter().map(|i| plain[i - self.committed].as_slice()).collect();
            let longest = columns.iter().map(|c| c.len()).max().unwrap_or(0);
            let weights = self.weights.at(x, rotation, longest).ok_or(Error::ConstraintSystemFailure)?;
            let results = linear::inner_products_by(self.wide, &weights, &columns);
            let keys = indices.into_iter().map(|index| (ColumnRef { kind: Kind::Instance, index }, rotation));
            values.extend(keys.zip(results));
        }
        Ok(())
    }

    /// Σ_i y^(m−1−i)·poly_i over x^n − 1: what the quotient must be at x.
    fn quotient(&self, tables: &Tables, values: &Values, x: F, y: F) -> Result<F, Error> {
        let mut sum = F::ZERO;
        for poly in tables.gates.iter().flat_map(|gate| &gate.polys) {
            sum = sum * y + evaluate(poly, values).ok_or(Error::ConstraintSystemFailure)?;
        }
        let vanishing: Option<F> = (x.pow([tables.domain() as u64]) - F::ONE).invert().into();
        Ok(sum * vanishing.ok_or(Error::ConstraintSystemFailure)?)
    }

    /// The multi-opening of Halo 2 (see "Multipoint opening argument" in the Halo 2 book), up to the pairing.
    fn open(
        &self,
        key: &VerifyingKey<F, Kzg>,
        commitments: &Commitments,
        x: F,
        value: &impl Fn(Source, i32) -> Option<F>,
        transcript: &mut InnerTranscript,
    ) -> Result<Opening, Error> {
        let mut next = || -> F { transcript.squeeze_challenge() };
        let (x1, x2) = (next(), next());
        let point = |at: &i32| key.get_domain().rotate_omega(x, Rotation(*at));
        let points: Vec<Vec<F>> = self.sets.iter().map(|set| set.rotations.iter().map(point).collect()).collect();
        let claimed: Option<Vec<Vec<F>>> = self.sets.iter().map(|set| combined(set, x1, value)).collect();
        let claimed = claimed.ok_or(Error::Opening)?;
        let opening = |_| Error::Opening;
        let f: G1Projective = transcript.read().map_err(opening)?;
        let x3: F = transcript.squeeze_challenge();
        let mut at_x3: Vec<F> = read(transcript, self.sets.len()).map_err(|_| Error::Opening)?;
        let mut f_value = F::ZERO;
        for ((points, claimed), at_x3) in points.iter().zip(&claimed).zip(&at_x3).rev() {
            f_value = f_value * x2 + quotient_at(points, claimed, *at_x3, x3).ok_or(Error::Opening)?;
        }
        let x4: F = transcript.squeeze_challenge();
        let witness: G1Projective = transcript.read().map_err(opening)?;

        at_x3.push(f_value);
        let powers = field::powers(x4, at_x3.len());
        let total: F = at_x3.iter().zip(&powers).map(|(value, power)| *value * power).sum();
        let mut sum = Opening::new(witness, key.fixed_commitments().len());
        for (set, scale) in self.sets.iter().zip(&powers) {
            let mut factor = *scale;
            for source in &set.sources {
                commitments.add(*source, factor, x, key.n(), &mut sum);
                factor *= x1;
            }
        }
        sum.add(powers[self.sets.len()], f);
        sum.add(x3, witness);
        sum.generator = -total;
        Ok(sum)
    }
}

impl Commitments<'_> {
    /// Adds `factor` times the commitment of a polynomial.
    fn add(&self, source: Source, factor: F, x: F, rows: u64, sum: &mut Opening) {
        match source {
            Source::Advice(index) => sum.add(factor, self.advice[index]),
            Source::Committed(index) => sum.add(factor, self.committed[index]),
            Source::Fixed(index) => sum.fixed[index] += factor,
            Source::Random => sum.add(factor, self.random),
            // Pieces of n − 1 coefficients.
            Source::Quotient => {
                let powers = field::powers(x.pow([rows - 1]), self.quotient.len());
                self.quotient.iter().zip(powers).for_each(|(piece, power)| sum.add(factor * power, *piece));
            }
        }
    }
}

/// Σ_i x1^i·poly_i at each point of the set.
fn combined(set: &PointSet, x1: F, value: &impl Fn(Source, i32) -> Option<F>) -> Option<Vec<F>> {
    let powers = field::powers(x1, set.sources.len());
    let at = |rotation: &i32| -> Option<F> {
        let values = set.sources.iter().zip(&powers).map(|(source, power)| Some(value(*source, *rotation)? * power));
        values.sum()
    };
    set.rotations.iter().map(at).collect()
}

/// (q(x3) − r(x3))/Π_j (x3 − p_j), r being the polynomial of the claimed values; None where x3 is one of the points.
fn quotient_at(points: &[F], claimed: &[F], q: F, x3: F) -> Option<F> {
    let invert = |x: F| Option::<F>::from(x.invert());
    let vanishing: F = points.iter().map(|p| x3 - p).product();
    let mut r = F::ZERO;
    for (j, (point, claimed)) in points.iter().zip(claimed).enumerate() {
        let others = points.iter().enumerate().filter(|(m, _)| *m != j);
        let denominator = others.map(|(_, other)| *point - other).product::<F>() * (x3 - point);
        r += *claimed * vanishing * invert(denominator)?;
    }
    Some((q - r) * invert(vanishing)?)
}

fn evaluate(expression: &Expression, values: &Values) -> Option<F> {
    match expression {
        Expression::Constant(value) => Some(*value),
        Expression::Cell { column, rotation } => values.get(&(*column, *rotation)).copied(),
        Expression::Sum(terms) => terms.iter().map(|term| evaluate(term, values)).sum(),
        Expression::Product(factors) => factors.iter().map(|factor| evaluate(factor, values)).product(),
        Expression::Negated(term) => Some(-evaluate(term, values)?),
    }
}

fn absorb(transcript: &mut InnerTranscript, committed: &[G1Projective], plain: &[Vec<F>]) -> Result<(), Error> {
    if !committed.is_empty() {
        transcript.common(&Run::of(commit::compress(committed).chunks(commit::point::COMPRESSED)))?;
    }
    for column in plain {
        transcript.common(&F::from(column.len() as u64))?;
        if !column.is_empty() {
            transcript.common(&Run::of(column.iter().map(field::to_le_bytes)))?;
        }
    }
    Ok(())
}

fn read<T>(transcript: &mut InnerTranscript, count: usize) -> Result<Vec<T>, Error>
where
    T: midnight_proofs::transcript::Hashable<blake2b_simd::State>,
{
    (0..count).map(|_| transcript.read().map_err(Error::from)).collect()
}
