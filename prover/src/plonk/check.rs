//! The library's own checker (`MockProver`) on tables and columns: a third opinion beside proof and reference checker.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use midnight_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use midnight_proofs::dev::{FailureLocation, MockProver, VerifyFailure};
use midnight_proofs::plonk::{Any, Circuit, ConstraintSystem, Error as Halo2Error};

use super::circuit::{Columns, TableCircuit};
use super::{check_columns, guarded};
use crate::error::{Error, Result};
use crate::field::F;
use crate::tables::{Expression, Tables};

/// One thing that columns do not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `gate`, `lookup`, `copy`, or `unusable` for a gate that acts on rows that nobody can set.
    pub kind: &'static str,
    /// ID of the gate or lookup; column of the copy.
    pub id: String,
    /// Polynomial of a gate.
    pub poly: Option<usize>,
    /// Not known for `unusable`.
    pub row: Option<usize>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)?;
        self.poly.map_or(Ok(()), |poly| write!(f, "[{poly}]"))?;
        self.row.map_or(Ok(()), |row| write!(f, " row {row}"))
    }
}

/// Everything that the columns violate; empty where they satisfy the tables. Columns may be shorter than the usable rows;
/// the rest is 0. `instance` holds committed columns first.
///
/// # Errors
/// `Error::Internal` where columns are missing or too long; `Error::Input` where the domain is too small for the checker.
pub fn check(tables: &Arc<Tables>, instance: Vec<Vec<F>>, advice: Vec<Vec<F>>) -> Result<Vec<Failure>> {
    let usable = tables.usable_rows();
    check_columns("instance", tables.instance.len(), usable, instance.iter().map(Vec::as_slice))?;
    check_columns("advice", tables.advice.len(), usable, advice.iter().map(Vec::as_slice))?;
    let circuit = Complete::new(tables, advice)?;
    guarded(Error::internal, || {
        let run = MockProver::run(&circuit, instance);
        let mock = run.map_err(|e| Error::internal(format!("the library's checker failed: {e}")))?;
        match mock.verify() {
            Ok(()) => Ok(vec![]),
            Err(failures) => failures.iter().map(|failure| describe(tables, failure)).collect(),
        }
    })
}

/// The circuit with every cell of every usable row assigned: the checker holds a cell that is not assigned for different
/// from one that is assigned 0, where the proof system knows only zeros.
///
/// The checker also picks the size of the domain itself, from a first synthesis in which this circuit touches one row: the
/// highest with which it picks the size of the tables. Rotations wrap around as in a proof only if the sizes agree.
struct Complete {
    circuit: TableCircuit,
    usable: usize,
    sizing_row: usize,
    sized: AtomicBool,
}

impl Complete {
    fn new(tables: &Arc<Tables>, mut advice: Vec<Vec<F>>) -> Result<Self> {
        let usable = tables.usable_rows();
        let sizing_row = usable.checked_sub(1 + highest_rotation(tables)).filter(|_| usable > 1);
        let sizing_row = sizing_row.ok_or_else(|| {
            tables.error("k", "the domain has too few usable rows for the library's checker").with_value(tables.k)
        })?;
        advice.iter_mut().for_each(|column| column.resize(usable, F::default()));
        let circuit = TableCircuit::with_advice(tables.clone(), advice);
        Ok(Complete { circuit, usable, sizing_row, sized: AtomicBool::new(false) })
    }

    fn touch(&self, columns: &Columns, region: &mut Region<F>) -> std::result::Result<(), Halo2Error> {
        let (row, zero) = (self.sizing_row, || Value::known(F::default()));
        if let Some(column) = columns.fixed.first() {
            region.assign_fixed(|| "", *column, row, zero).map(|_| ())
        } else if let Some(column) = columns.advice.first() {
            region.assign_advice(|| "", *column, row, zero).map(|_| ())
        } else if let Some(column) = columns.instance.first() {
            region.instance_value(*column, row).map(|_| ())
        } else {
            Ok(())
        }
    }

    fn assign(&self, columns: &Columns, region: &mut Region<F>) -> std::result::Result<(), Halo2Error> {
        for column in &columns.fixed {
            for row in 0..self.usable {
                region.assign_fixed(|| "", *column, row, || Value::known(F::default()))?;
            }
        }
        self.circuit.assign_fixed(columns, region)?;
        self.circuit.assign_advice(columns, region)?;
        self.circuit.constrain_copies(columns, region)
    }
}

impl Circuit<F> for Complete {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Arc<Tables>;

    fn without_witnesses(&self) -> Self {
        let (usable, sizing_row) = (self.usable, self.sizing_row);
        Complete { circuit: self.circuit.without_witnesses(), usable, sizing_row, sized: AtomicBool::new(false) }
    }

    fn params(&self) -> Self::Params {
        self.circuit.params()
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> Columns {
        TableCircuit::configure(meta)
    }

    fn configure_with_params(meta: &mut ConstraintSystem<F>, tables: Arc<Tables>) -> Columns {
        TableCircuit::configure_with_params(meta, tables)
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<F>) -> std::result::Result<(), Halo2Error> {
        let sized = self.sized.swap(true, Ordering::Relaxed);
        layouter.assign_region(
            || "all",
            |mut region| if sized { self.assign(&columns, &mut region) } else { self.touch(&columns, &mut region) },
        )
    }
}

/// Highest rotation of any cell, or 0.
fn highest_rotation(tables: &Tables) -> usize {
    let mut highest = 0;
    for constraint in tables.constraints() {
        Expression::for_each_cell(constraint, &mut |_, rotation| highest = highest.max(rotation));
    }
    usize::try_from(highest).unwrap_or(0)
}

fn describe(tables: &Tables, failure: &VerifyFailure) -> Result<Failure> {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, location, .. } => {
            let (id, poly) = constraint_name(&constraint.to_string())?;
            Ok(Failure { kind: "gate", id, poly: Some(poly), row: Some(row(location)) })
        }
        VerifyFailure::ConstraintPoisoned { constraint } => {
            let (id, poly) = constraint_name(&constraint.to_string())?;
            Ok(Failure { kind: "unusable", id, poly: Some(poly), row: None })
        }
        VerifyFailure::Lookup { name, location, .. } => {
            Ok(Failure { kind: "lookup", id: name.clone(), poly: None, row: Some(row(location)) })
        }
        VerifyFailure::Permutation { column, location } => {
            let index = column.index();
            let name = match column.column_type() {
                Any::Advice(_) => tables.advice.get(index).cloned(),
                Any::Fixed => tables.fixed.get(index).map(|c| c.name.clone()),
                Any::Instance => tables.instance.get(index).map(|c| c.name.clone()),
            };
            let id = name.ok_or_else(|| Error::internal("the library's checker names a column that is not there"))?;
            Ok(Failure { kind: "copy", id, poly: None, row: Some(row(location)) })
        }
        other => Err(Error::internal(format!("the library's checker found: {other}"))),
    }
}

/// The only region starts at row 0.
fn row(location: &FailureLocation) -> usize {
    match location {
        FailureLocation::InRegion { offset, .. } => *offset,
        FailureLocation::OutsideRegion { row } => *row,
    }
}

/// Gate ID and polynomial from the library's `Constraint 1 in gate 0 ('fold.step')`; its fields are private.
fn constraint_name(text: &str) -> Result<(String, usize)> {
    let poly = text.strip_prefix("Constraint ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let id = text.rsplit_once("('").and_then(|(_, rest)| rest.strip_suffix("')"));
    let known = id.zip(poly).map(|(id, poly)| (id.to_owned(), poly));
    known.ok_or_else(|| Error::internal(format!("the library's checker names a constraint as {text}")))
}
