//! Pedersen-style commitments to columns in the Lagrange basis of the SRS.
//!
//! A column of small integers is far cheaper to commit to than a column of field elements, so each kind has its own method;
//! blinding rows are committed apart and added. Every method runs on the calling thread: callers spread lanes over threads.

mod blind;
pub(crate) mod msm;
pub mod point;
#[cfg(target_arch = "x86_64")]
mod wide;
#[cfg(not(target_arch = "x86_64"))]
#[path = "no_wide.rs"]
mod wide;

use std::sync::{Arc, OnceLock};

use blst::blst_p1_affine;
use group::Group;
use midnight_curves::G1Projective;
use rayon::prelude::*;

pub use point::{
    compress, compress_affine, from_affine, parse_compressed_affine, parse_compressed_checked, parse_compressed_public,
    parse_uncompressed_on_curve, parse_uncompressed_public, to_affine, uncompressed,
};

use crate::error::{Error, Result};
use crate::field::F;
use crate::srs::Srs;
use blind::BlindTable;
use msm::Bases;
pub(crate) use wide::WidePoint;

/// Commits to parts of columns; `row` below always is a row of the domain of 2^k rows.
pub struct Committer {
    srs: Arc<Srs>,
    blinding_start: usize,
    blinding_rows: usize,
    /// Built when the first blinding is committed: 400 KiB a row.
    table: OnceLock<BlindTable>,
}

impl Committer {
    /// A committer whose blinding rows are [blinding_start, blinding_start + blinding_rows).
    ///
    /// # Errors
    /// `Error::Input` where the rows exceed the domain.
    pub fn new(srs: Arc<Srs>, blinding_start: usize, blinding_rows: usize) -> Result<Self> {
        let committer = Committer { srs, blinding_start, blinding_rows, table: OnceLock::new() };
        committer.rows(blinding_start, blinding_rows)?;
        Ok(committer)
    }

    /// The Lagrange basis.
    fn bases(&self) -> Bases<'_> {
        self.srs.lagrange()
    }

    /// Rows of the domain.
    pub fn domain(&self) -> usize {
        self.srs.size()
    }

    /// Σ v_i·L_(start+i) over integers of any size; cost grows with the bits of the largest.
    ///
    /// # Errors
    /// `Error::Input` where rows exceed the domain.
    pub fn small(&self, start: usize, values: &[i64]) -> Result<G1Projective> {
        Ok(msm::signed(self.rows(start, values.len())?, values, msm::signed_bits(values)))
    }

    /// Σ v_i·L_(start+i) over bytes, many of which may be zero.
    ///
    /// # Errors
    /// `Error::Input` where rows exceed the domain.
    pub fn int8(&self, start: usize, values: &[i8]) -> Result<G1Projective> {
        Ok(bytes_msm(self.rows(start, values.len())?, values))
    }

    /// Σ L_row.
    ///
    /// # Errors
    /// `Error::Input` where a row exceeds the domain.
    pub fn ones(&self, rows: &[usize]) -> Result<G1Projective> {
        rows.iter().try_for_each(|row| self.row(*row).map(|_| ()))?;
        Ok(msm::sum(rows.iter().map(|row| &self.bases().points[*row])))
    }

    /// Σ v·L_row over scattered rows with integers.
    ///
    /// # Errors
    /// `Error::Input` where a row exceeds the domain.
    pub fn gather(&self, cells: &[(usize, i64)]) -> Result<G1Projective> {
        let points = cells.iter().map(|(row, _)| self.row(*row).copied()).collect::<Result<Vec<_>>>()?;
        let values: Vec<i64> = cells.iter().map(|(_, value)| *value).collect();
        Ok(msm::signed(Bases::narrow(&points), &values, msm::signed_bits(&values)))
    }

    /// Σ x·L_row over scattered rows with field elements.
    ///
    /// # Errors
    /// `Error::Input` where a row exceeds the domain.
    pub fn sparse(&self, cells: &[(usize, F)]) -> Result<G1Projective> {
        let points = cells.iter().map(|(row, _)| self.row(*row).copied()).collect::<Result<Vec<_>>>()?;
        let values: Vec<F> = cells.iter().map(|(_, value)| *value).collect();
        Ok(msm::full(Bases::narrow(&points), &values))
    }

    /// Σ x_i·L_i over a whole column, which may be shorter than the domain.
    ///
    /// # Errors
    /// `Error::Input` where the column is longer than the domain.
    pub fn full_lagrange(&self, column: &[F]) -> Result<G1Projective> {
        Ok(msm::full(self.rows(0, column.len())?, column))
    }

    /// The part of a commitment that hides it: Σ x_i·L_(blinding_start+i).
    ///
    /// # Errors
    /// `Error::Input` where there are more values than blinding rows.
    pub fn blind(&self, values: &[F]) -> Result<G1Projective> {
        if values.len() > self.blinding_rows {
            return Err(Error::input("more blinding values than blinding rows").with_value(values.len()));
        }
        let table = self.blind_table();
        Ok(table.commit(values))
    }

    /// Makes the table of the blinding rows now, so that its time is not booked to whatever commits first.
    pub fn prepare(&self) {
        self.blind_table();
    }

    fn blind_table(&self) -> &BlindTable {
        let blinding = self.blinding_start..self.blinding_start + self.blinding_rows;
        self.table.get_or_init(|| BlindTable::new(&self.bases().points[blinding]))
    }

    fn rows(&self, start: usize, count: usize) -> Result<Bases<'_>> {
        let end = start.checked_add(count);
        end.and_then(|end| self.bases().get(start..end)).ok_or_else(|| {
            Error::input(format!("{count} rows from row {start} exceed the domain of {}", self.domain()))
                .with_value(start)
        })
    }

    fn row(&self, row: usize) -> Result<&blst_p1_affine> {
        self.bases()
            .points
            .get(row)
            .ok_or_else(|| Error::input(format!("row {row} exceeds the domain of {}", self.domain())).with_value(row))
    }
}

/// Σ s_i·P_i over any points, spread over the current rayon pool. Lengths must agree.
pub(crate) fn multiply(points: &[G1Projective], scalars: &[F]) -> G1Projective {
    let points = to_affine(points);
    if !crate::vector::wide() {
        return msm::full_parallel(Bases::narrow(&points), scalars);
    }
    let (finite, wide, factors) = for_vectors(&points, scalars);
    msm::full_parallel(Bases { points: &finite, wide: &wide }, &factors)
}

/// Points but those at infinity, which add nothing and have no affine form, and their scalars.
fn for_vectors(points: &[blst_p1_affine], scalars: &[F]) -> (Vec<blst_p1_affine>, Vec<WidePoint>, Vec<F>) {
    let (mut finite, mut wide, mut factors) = (Vec::new(), Vec::new(), Vec::new());
    for (point, scalar) in points.iter().zip(scalars) {
        if let Some(one) = WidePoint::new(point) {
            finite.push(*point);
            wide.push(one);
            factors.push(*scalar);
        }
    }
    (finite, wide, factors)
}

/// Σ s_i·P_i: the fold of commitments with the verifier's challenges.
///
/// # Errors
/// `Error::Internal` where the lengths differ.
pub fn fold(points: &[blst_p1_affine], scalars: &[F]) -> Result<G1Projective> {
    if points.len() != scalars.len() {
        return Err(Error::internal(format!("{} points folded with {} scalars", points.len(), scalars.len())));
    }
    if !crate::vector::wide() {
        return Ok(msm::full(Bases::narrow(points), scalars));
    }
    let (finite, wide, factors) = for_vectors(points, scalars);
    Ok(msm::full(Bases { points: &finite, wide: &wide }, &factors))
}

/// Σ s_i·P_li for each lane l: folds with the same scalars. Spread over the current rayon pool.
///
/// # Errors
/// `Error::Internal` where the lengths differ.
pub fn fold_lanes(lanes: &[&[blst_p1_affine]], scalars: &[F]) -> Result<Vec<G1Projective>> {
    let fits = lanes.iter().all(|points| points.len() == scalars.len());
    let wide = if fits && crate::vector::wide() { wide::fold_lanes(lanes, scalars) } else { None };
    // Points in an unusual position, as infinity, are left to the complete formulas.
    wide.map_or_else(|| lanes.par_iter().map(|points| fold(points, scalars)).collect(), Ok)
}

/// Σ v_i·P_i over bytes: points are sorted into buckets by |v|, with their sign, and each bucket is summed by batched
/// affine additions.
fn bytes_msm(bases: Bases, values: &[i8]) -> G1Projective {
    const BUCKETS: usize = 129;
    if !bases.wide.is_empty() {
        let values: Vec<i64> = values.iter().map(|v| i64::from(*v)).collect();
        return msm::signed(bases, &values, 8);
    }
    let points = bases.points;
    let mut ends = [0usize; BUCKETS];
    values.iter().for_each(|v| ends[usize::from(v.unsigned_abs())] += 1);
    ends[0] = 0;
    for m in 1..BUCKETS {
        ends[m] += ends[m - 1];
    }
    let mut next = ends;
    let mut sorted = vec![blst_p1_affine::default(); ends[BUCKETS - 1]];
    for (point, value) in points.iter().zip(values).filter(|(_, v)| **v != 0) {
        let place = &mut next[usize::from(value.unsigned_abs()) - 1];
        sorted[*place] = if *value < 0 { point::negate(point) } else { *point };
        *place += 1;
    }
    // Σ m·B_m = Σ_m Σ_(j ≥ m) B_j
    let (mut running, mut total) = (G1Projective::identity(), G1Projective::identity());
    for m in (1..BUCKETS).rev() {
        if ends[m] > ends[m - 1] {
            running += msm::sum(sorted[ends[m - 1]..ends[m]].iter());
        }
        total += running;
    }
    total
}

#[cfg(test)]
mod tests;
