//! Tables as a circuit of `midnight-proofs`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock};

use midnight_proofs::circuit::{Cell, Layouter, Region, RegionIndex, SimpleFloorPlanner, Value};
use midnight_proofs::plonk::{
    Advice, Any, Circuit, Column, ConstraintSystem, Constraints, Error, Expression as Poly, Fixed, Instance,
    VirtualCells,
};
use midnight_proofs::poly::Rotation;

use crate::field::F;
use crate::tables::{ColumnRef, Expression, Kind, Place, Tables};

/// The circuit of some tables, with the advice columns of one witness or none.
#[derive(Clone, Debug)]
pub struct TableCircuit {
    tables: Arc<Tables>,
    advice: Arc<Vec<Vec<F>>>,
}

impl TableCircuit {
    /// The circuit without a witness, for the keys.
    pub fn new(tables: Arc<Tables>) -> Self {
        TableCircuit { tables, advice: Arc::default() }
    }

    /// The circuit with one vector for each advice column; rows beyond a vector's end are 0.
    pub fn with_advice(tables: Arc<Tables>, advice: Vec<Vec<F>>) -> Self {
        TableCircuit { tables, advice: Arc::new(advice) }
    }
}

/// Columns of the constraint system, in the order of the tables.
#[derive(Clone, Debug)]
pub struct Columns {
    pub(super) advice: Vec<Column<Advice>>,
    pub(super) fixed: Vec<Column<Fixed>>,
    pub(super) instance: Vec<Column<Instance>>,
}

impl Columns {
    fn new(meta: &mut ConstraintSystem<F>, tables: &Tables) -> Self {
        Columns {
            advice: tables.advice.iter().map(|_| meta.advice_column()).collect(),
            fixed: tables.fixed.iter().map(|_| meta.fixed_column()).collect(),
            instance: tables.instance.iter().map(|_| meta.instance_column()).collect(),
        }
    }

    /// Parsing made sure that every reference has its column.
    fn any(&self, column: ColumnRef) -> Column<Any> {
        match column.kind {
            Kind::Advice => self.advice[column.index].into(),
            Kind::Fixed => self.fixed[column.index].into(),
            Kind::Instance => self.instance[column.index].into(),
        }
    }

    /// A polynomial of the constraint system; sums and products associate to the left.
    fn poly(&self, cells: &mut VirtualCells<F>, expression: &Expression) -> Poly<F> {
        match expression {
            Expression::Constant(value) => Poly::Constant(*value),
            Expression::Cell { column, rotation } => cells.query_any(self.any(*column), Rotation(*rotation)),
            Expression::Sum(terms) => self.fold(cells, terms, |a, b| Poly::Sum(a.into(), b.into())),
            Expression::Product(factors) => self.fold(cells, factors, |a, b| Poly::Product(a.into(), b.into())),
            Expression::Negated(term) => Poly::Negated(self.poly(cells, term).into()),
        }
    }

    /// Queries advice at rotation 0 ahead of all else: the library's verifier takes the first point that is opened, which
    /// is that of the first advice query, for the point of the quotient, and panics where it is another.
    fn query_rotation_zero(&self, cells: &mut VirtualCells<F>, tables: &Tables) {
        for index in tables.unrotated_advice() {
            let _ = cells.query_advice(self.advice[index], Rotation::cur());
        }
    }

    fn fold(
        &self,
        cells: &mut VirtualCells<F>,
        parts: &[Expression],
        join: fn(Poly<F>, Poly<F>) -> Poly<F>,
    ) -> Poly<F> {
        let polys: Vec<Poly<F>> = self.polys(cells, parts);
        polys.into_iter().reduce(join).unwrap_or(Poly::Constant(F::default()))
    }

    fn polys(&self, cells: &mut VirtualCells<F>, parts: &[Expression]) -> Vec<Poly<F>> {
        parts.iter().map(|part| self.poly(cells, part)).collect()
    }

    fn cell(&self, place: Place) -> Cell {
        Cell { region_index: RegionIndex::from(0), row_offset: place.row, column: self.any(place.column) }
    }
}

impl Circuit<F> for TableCircuit {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Arc<Tables>;

    fn without_witnesses(&self) -> Self {
        TableCircuit::new(self.tables.clone())
    }

    fn params(&self) -> Self::Params {
        self.tables.clone()
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> Columns {
        Self::configure_with_params(meta, Arc::default())
    }

    /// Queries are registered in this order: columns of copies, advice at rotation 0 by column, gates, lookups (inputs,
    /// then tables).
    fn configure_with_params(meta: &mut ConstraintSystem<F>, tables: Arc<Tables>) -> Columns {
        let columns = Columns::new(meta, &tables);
        for column in tables.copied_columns() {
            meta.enable_equality(columns.any(column));
        }
        for (index, gate) in tables.gates.iter().enumerate() {
            meta.create_gate(static_name(&gate.id), |cells| {
                if index == 0 {
                    columns.query_rotation_zero(cells, &tables);
                }
                Constraints::without_selector(columns.polys(cells, &gate.polys))
            });
        }
        for lookup in &tables.lookups {
            meta.lookup_any(&lookup.id, |cells| {
                let inputs = columns.polys(cells, &lookup.inputs);
                let table = columns.polys(cells, &lookup.table);
                inputs.into_iter().zip(table).collect()
            });
        }
        columns
    }

    /// One region at row 0 holds everything, so that offsets are rows.
    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        layouter.assign_region(
            || self.tables.relation.clone(),
            |mut region| {
                self.assign_fixed(&columns, &mut region)?;
                self.assign_advice(&columns, &mut region)?;
                self.constrain_copies(&columns, &mut region)
            },
        )
    }
}

impl TableCircuit {
    pub(super) fn assign_fixed(&self, columns: &Columns, region: &mut Region<F>) -> Result<(), Error> {
        for (column, values) in columns.fixed.iter().zip(&self.tables.fixed) {
            for run in &values.runs {
                for row in run.start..run.start + run.count {
                    region.assign_fixed(|| "", *column, row, || Value::known(run.value))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn constrain_copies(&self, columns: &Columns, region: &mut Region<F>) -> Result<(), Error> {
        let mut cells = self.tables.copies.iter().map(|c| (columns.cell(c.left), columns.cell(c.right)));
        cells.try_for_each(|(a, b)| region.constrain_equal(a, b))
    }

    pub(super) fn assign_advice(&self, columns: &Columns, region: &mut Region<F>) -> Result<(), Error> {
        for (column, values) in columns.advice.iter().zip(self.advice.iter()) {
            for (row, value) in values.iter().enumerate() {
                region.assign_advice(|| "", *column, row, || Value::known(*value))?;
            }
        }
        Ok(())
    }
}

/// The library wants gate names that live for ever; each distinct one is kept once.
fn static_name(name: &str) -> &'static str {
    static NAMES: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
    let mut names = NAMES.get_or_init(Mutex::default).lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    match names.get(name) {
        Some(known) => known,
        None => {
            let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
            names.insert(leaked);
            leaked
        }
    }
}
