//! What a circuit costs, as Halo2 sees it.

use std::collections::{BTreeMap, BTreeSet};

use midnight_proofs::plonk::VerifyingKey;
use midnight_proofs::poly::commitment::PolynomialCommitmentScheme;
use serde_json::{json, Value};

use crate::field::{self, F};
use crate::tables::Tables;

const POINT: usize = 48;
const SCALAR: usize = 32;

/// Sizes of a circuit and its proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub k: u32,
    pub degree: usize,
    pub advice_columns: usize,
    pub fixed_columns: usize,
    pub committed_columns: usize,
    pub plain_columns: usize,
    pub advice_queries: usize,
    pub fixed_queries: usize,
    pub committed_queries: usize,
    pub plain_queries: usize,
    pub permutation_columns: usize,
    pub lookups: usize,
    pub gates: usize,
    pub blinding_factors: usize,
    pub usable_rows: usize,
    /// Commitments in the proof, the two of the opening included.
    pub commitments: usize,
    pub evaluations: usize,
    /// Distinct sets of points at which polynomials are opened.
    pub point_sets: usize,
    pub proof_bytes: usize,
    /// What the transcript absorbs for the key: a hash that depends on the proof system's version.
    pub key: F,
}

impl Facts {
    pub(super) fn new<S: PolynomialCommitmentScheme<F>>(tables: &Tables, key: &VerifyingKey<F, S>) -> Self {
        let cs = key.cs();
        let committed_columns = tables.committed();
        let committed_queries = cs.instance_queries().iter().filter(|(c, _)| c.index() < committed_columns).count();
        let (degree, lookups) = (cs.degree(), cs.lookups().len());
        let permutation_columns = cs.permutation().get_columns().len();
        let sets = permutation_columns.div_ceil(degree - 2);
        let point_sets = point_sets(key, committed_columns, sets);
        // Advice; permuted input, permuted table, product of each lookup; permutation products; random; quotient; opening.
        let commitments = cs.num_advice_columns() + 3 * lookups + sets + 1 + (degree - 1) + 2;
        let permutation_evaluations = permutation_columns + (3 * sets).saturating_sub(1);
        let evaluations = committed_queries
            + cs.advice_queries().len()
            + cs.fixed_queries().len()
            + 1
            + permutation_evaluations
            + 5 * lookups;
        Facts {
            k: tables.k,
            degree,
            advice_columns: cs.num_advice_columns(),
            fixed_columns: cs.num_fixed_columns(),
            committed_columns,
            plain_columns: cs.num_instance_columns() - committed_columns,
            advice_queries: cs.advice_queries().len(),
            fixed_queries: cs.fixed_queries().len(),
            committed_queries,
            plain_queries: cs.instance_queries().len() - committed_queries,
            permutation_columns,
            lookups,
            gates: cs.gates().len(),
            blinding_factors: cs.blinding_factors(),
            usable_rows: tables.usable_rows(),
            commitments,
            evaluations,
            point_sets,
            proof_bytes: POINT * commitments + SCALAR * (evaluations + point_sets),
            key: key.transcript_repr(),
        }
    }

    /// As the command line prints them.
    pub fn to_json(&self) -> Value {
        json!({
            "k": self.k,
            "degree": self.degree,
            "columns": {"advice": self.advice_columns, "fixed": self.fixed_columns,
                        "committed_instance": self.committed_columns, "plain_instance": self.plain_columns},
            "queries": {"advice": self.advice_queries, "fixed": self.fixed_queries,
                        "committed_instance": self.committed_queries, "plain_instance": self.plain_queries},
            "permutation_columns": self.permutation_columns,
            "lookups": self.lookups,
            "gates": self.gates,
            "blinding_factors": self.blinding_factors,
            "usable_rows": self.usable_rows,
            "commitments": self.commitments,
            "evaluations": self.evaluations,
            "point_sets": self.point_sets,
            "proof_bytes": self.proof_bytes,
            "key": field::to_decimal(&self.key),
        })
    }
}

/// Distinct sets of rotations at which one polynomial is opened.
fn point_sets<S: PolynomialCommitmentScheme<F>>(key: &VerifyingKey<F, S>, committed: usize, sets: usize) -> usize {
    let cs = key.cs();
    let mut points: BTreeMap<(u8, usize), BTreeSet<i32>> = BTreeMap::new();
    let mut open = |kind: u8, index: usize, rotation: i32| {
        points.entry((kind, index)).or_default().insert(rotation);
    };
    cs.advice_queries().iter().for_each(|(c, at)| open(0, c.index(), at.0));
    cs.fixed_queries().iter().for_each(|(c, at)| open(1, c.index(), at.0));
    cs.instance_queries().iter().filter(|(c, _)| c.index() < committed).for_each(|(c, at)| open(2, c.index(), at.0));
    let last = -(cs.blinding_factors() as i32 + 1);
    for set in 0..sets {
        let rotations = if set + 1 < sets { vec![0, 1, last] } else { vec![0, 1] };
        rotations.into_iter().for_each(|at| open(3, set, at));
    }
    if !cs.lookups().is_empty() {
        // Product and permuted input; the permuted table is opened with the random polynomial's point.
        [(4, 0, 0), (4, 0, 1), (4, 1, 0), (4, 1, -1)].into_iter().for_each(|(kind, index, at)| open(kind, index, at));
    }
    // The quotient and the random polynomial.
    open(5, 0, 0);
    points.into_values().collect::<BTreeSet<_>>().len()
}
