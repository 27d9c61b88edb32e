//! Which polynomials are opened where, in the order of the proof system.

use std::collections::BTreeSet;

use midnight_proofs::plonk::VerifyingKey;
use midnight_proofs::poly::commitment::PolynomialCommitmentScheme;

use crate::field::F;
use crate::tables::{ColumnRef, Kind};

/// A polynomial of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Advice(usize),
    Committed(usize),
    Fixed(usize),
    Quotient,
    Random,
}

impl Source {
    /// The column, where it is one.
    pub(super) fn column(self) -> Option<ColumnRef> {
        let (kind, index) = match self {
            Source::Advice(index) => (Kind::Advice, index),
            Source::Committed(index) => (Kind::Instance, index),
            Source::Fixed(index) => (Kind::Fixed, index),
            Source::Quotient | Source::Random => return None,
        };
        Some(ColumnRef { kind, index })
    }
}

/// (column, rotation), in the order of the key.
pub(super) type Cells = Vec<(usize, i32)>;

/// The cells that a proof opens.
#[derive(Clone, Debug)]
pub(super) struct Queries {
    pub advice: Cells,
    pub committed: Cells,
    pub fixed: Cells,
    pub plain: Cells,
}

/// Polynomials that are opened at the same points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PointSet {
    pub rotations: Vec<i32>,
    pub sources: Vec<Source>,
}

impl Queries {
    pub(super) fn of<S: PolynomialCommitmentScheme<F>>(key: &VerifyingKey<F, S>, committed: usize) -> Self {
        let cs = key.cs();
        let instance: Cells = cs.instance_queries().iter().map(|(c, at)| (c.index(), at.0)).collect();
        let (of_committed, plain) = instance.into_iter().partition(|(column, _)| *column < committed);
        Queries {
            advice: cs.advice_queries().iter().map(|(c, at)| (c.index(), at.0)).collect(),
            committed: of_committed,
            fixed: cs.fixed_queries().iter().map(|(c, at)| (c.index(), at.0)).collect(),
            plain,
        }
    }

    /// All openings in the order in which the multi-opening takes them.
    fn openings(&self) -> Vec<(Source, i32)> {
        let advice = self.advice.iter().map(|(c, at)| (Source::Advice(*c), *at));
        let committed = self.committed.iter().map(|(c, at)| (Source::Committed(*c), *at));
        let fixed = self.fixed.iter().map(|(c, at)| (Source::Fixed(*c), *at));
        let end = [(Source::Quotient, 0), (Source::Random, 0)];
        advice.chain(committed).chain(fixed).chain(end).collect()
    }

    /// Sets of points, the smallest first and then by first occurrence, with their polynomials by first occurrence.
    pub(super) fn point_sets(&self) -> Vec<PointSet> {
        let mut points: Vec<i32> = Vec::new();
        let mut polys: Vec<(Source, BTreeSet<usize>)> = Vec::new();
        for (source, rotation) in self.openings() {
            let point = points.iter().position(|p| *p == rotation).unwrap_or_else(|| {
                points.push(rotation);
                points.len() - 1
            });
            match polys.iter_mut().find(|(s, _)| *s == source) {
                Some((_, at)) => {
                    at.insert(point);
                }
                None => polys.push((source, BTreeSet::from([point]))),
            }
        }
        let mut sets: Vec<(BTreeSet<usize>, Vec<Source>)> = Vec::new();
        for (source, at) in polys {
            match sets.iter_mut().find(|(set, _)| *set == at) {
                Some((_, sources)) => sources.push(source),
                None => sets.push((at, vec![source])),
            }
        }
        // A stable sort: sets of one size stay in order.
        sets.sort_by_key(|(set, _)| set.len());
        let rotations = |set: BTreeSet<usize>| set.into_iter().map(|p| points[p]).collect();
        sets.into_iter().map(|(set, sources)| PointSet { rotations: rotations(set), sources }).collect()
    }
}
