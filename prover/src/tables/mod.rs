//! Constraint tables: the emitted form of a circuit, read strictly from hostile bytes into a typed value.
//!
//! The file is canonical JSON; the SHA-256 of its bytes names the statement that proofs prove. See `docs/formats.md`.

mod expression;
mod json;
mod layout;
mod parse;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

pub use expression::{ColumnRef, Expression, Kind};
pub use layout::{LayoutMap, LayoutValue};

use crate::error::{Error, Locate, Result};
use crate::field::F;

/// Bounds on what a file may ask for.
pub mod limits {
    /// The largest tables of the presets have under 100 kB.
    pub const BYTES: usize = 4 << 20;
    pub const MIN_K: u32 = 3;
    pub const MAX_K: u32 = 20;
    pub const COLUMNS: usize = 2048;
    /// Of all fixed columns together: a few bytes of runs ask for a whole column of them.
    pub const FIXED_CELLS: usize = 1 << 24;
    pub const CONSTRAINTS: usize = 1024;
    pub const NODES: usize = 1 << 17;
    pub const DEPTH: usize = 32;
    pub const ROTATION: i64 = 8;
    /// Each doubling of the degree doubles the prover's memory.
    pub const DEGREE: usize = 9;
    pub const RUNS: usize = 1 << 16;
    pub const COPIES: usize = 1 << 20;
    pub const REGIONS: usize = 256;
    pub const LAYOUT: usize = 64;
    pub const COUNT: usize = 1 << 24;
    pub const NAME: usize = 64;
}

/// A stretch of equal values in a fixed column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub start: usize,
    pub count: usize,
    pub value: F,
}

/// A fixed column; cells outside its runs are 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedColumn {
    pub name: String,
    pub runs: Vec<Run>,
}

impl FixedColumn {
    /// Every cell of the first `rows` rows.
    pub fn values(&self, rows: usize) -> Vec<F> {
        let mut out = vec![F::default(); rows];
        self.runs.iter().for_each(|run| out[run.start..run.start + run.count].fill(run.value));
        out
    }
}

/// A column of the statement; a committed one is known to the verifier by its commitment only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceColumn {
    pub name: String,
    pub committed: bool,
}

/// Polynomials that are zero on every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub id: String,
    pub polys: Vec<Expression>,
}

/// The tuple `inputs` of every usable row occurs as `table` of some usable row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    pub id: String,
    pub inputs: Vec<Expression>,
    pub table: Vec<Expression>,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub column: ColumnRef,
    pub row: usize,
}

/// Two cells that must be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Copy {
    pub left: Place,
    pub right: Place,
}

/// A named range of rows, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub name: String,
    pub start: usize,
    pub rows: usize,
}

/// A circuit whose every name, row, rotation, degree and value has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// SHA-256 of the bytes.
    pub digest: [u8; 32],
    pub relation: String,
    pub k: u32,
    pub layout: LayoutMap,
    pub advice: Vec<String>,
    pub fixed: Vec<FixedColumn>,
    /// Committed columns first.
    pub instance: Vec<InstanceColumn>,
    pub gates: Vec<Gate>,
    pub lookups: Vec<Lookup>,
    pub copies: Vec<Copy>,
    pub regions: Vec<Region>,
}

impl Tables {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// `Error::Io`; `Error::Input` that names file, field and value.
    pub fn load(path: &Path) -> Result<Self> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            File::open(path)?.take(limits::BYTES as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|e| Error::io("cannot read the tables", e).at_file(path))?;
        Self::parse(&bytes).at_file(path)
    }

    /// Parses the bytes of a file.
    ///
    /// # Errors
    /// `Error::Input` that names field and value.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::BYTES {
            return Err(Error::input(format!("the tables have more than {} bytes", limits::BYTES)));
        }
        let value = json::parse_canonical(bytes)?;
        let mut tables = parse::tables(&json::Node::root(&value))?;
        tables.digest = Sha256::digest(bytes).into();
        Ok(tables)
    }

    /// An error about a field of these tables.
    pub fn error(&self, field: impl Into<String>, message: impl Into<String>) -> Error {
        Error::input(message).at_field(field)
    }

    pub fn advice_names(&self) -> impl Iterator<Item = &str> {
        self.advice.iter().map(String::as_str)
    }

    pub fn instance_names(&self) -> impl Iterator<Item = &str> {
        self.instance.iter().map(|column| column.name.as_str())
    }

    /// Rows of the domain.
    pub fn domain(&self) -> usize {
        1 << self.k
    }

    /// Committed instance columns; they come first.
    pub fn committed(&self) -> usize {
        self.instance.iter().filter(|column| column.committed).count()
    }

    /// Highest degree of the constraint system as Halo2 counts it.
    pub fn degree(&self) -> usize {
        let gates = self.gates.iter().flat_map(|gate| &gate.polys).map(Expression::degree);
        gates.chain(self.lookups.iter().map(Lookup::degree)).fold(3, usize::max)
    }

    /// Columns of the copies, in the order advice, fixed, instance.
    pub fn copied_columns(&self) -> Vec<ColumnRef> {
        let mut columns: Vec<ColumnRef> =
            self.copies.iter().flat_map(|copy| [copy.left.column, copy.right.column]).collect();
        columns.sort();
        columns.dedup();
        columns
    }

    /// Advice columns that are queried at rotation 0, in column order; the first column where there is none.
    pub fn unrotated_advice(&self) -> Vec<usize> {
        let mut found = BTreeSet::new();
        for constraint in self.constraints() {
            constraint.for_each_cell(&mut |column, rotation| {
                if column.kind == Kind::Advice && rotation == 0 {
                    found.insert(column.index);
                }
            });
        }
        if found.is_empty() && !self.advice.is_empty() {
            found.insert(0);
        }
        found.into_iter().collect()
    }

    /// All polynomials in reading order: gates, then lookups (inputs, then table).
    pub fn constraints(&self) -> impl Iterator<Item = &Expression> {
        let lookups = self.lookups.iter().flat_map(|lookup| lookup.inputs.iter().chain(&lookup.table));
        self.gates.iter().flat_map(|gate| &gate.polys).chain(lookups)
    }

    /// Rows that Halo2 leaves to the circuit: all but its blinding factors and one.
    ///
    /// An advice column opened at q points needs max(3, q) + 2 blinding factors.
    pub fn usable_rows(&self) -> usize {
        let copied = self.copied_columns().into_iter().map(|column| (column, 0));
        let mut cells: BTreeSet<(ColumnRef, i32)> = copied.collect();
        for constraint in self.constraints() {
            constraint.for_each_cell(&mut |column, rotation| {
                cells.insert((column, rotation));
            });
        }
        let queries = |index| cells.iter().filter(|(c, _)| *c == ColumnRef { kind: Kind::Advice, index }).count();
        let most = (0..self.advice.len()).map(queries).fold(3, usize::max);
        self.domain().saturating_sub(most + 3)
    }
}

impl Lookup {
    /// Degree of the lookup argument's identities.
    pub fn degree(&self) -> usize {
        let side = |parts: &[Expression]| parts.iter().map(Expression::degree).fold(1, usize::max);
        usize::max(4, side(&self.inputs).saturating_add(side(&self.table)).saturating_add(2))
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
