//! Constraint polynomials as trees over cells.

use std::collections::HashMap;

use super::json::Node;
use super::limits;
use crate::error::Result;
use crate::field::F;

/// Who fills a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Advice,
    Fixed,
    Instance,
}

/// The `index`-th column of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnRef {
    pub kind: Kind,
    pub index: usize,
}

/// A polynomial over the cells around a row. Sums and products have at least two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    Constant(F),
    /// The cell of a column `rotation` rows below; rows wrap around the domain.
    Cell {
        column: ColumnRef,
        rotation: i32,
    },
    Sum(Vec<Expression>),
    Product(Vec<Expression>),
    Negated(Box<Expression>),
}

impl Expression {
    /// Degree in the cells, with saturation: hostile trees cannot wrap it.
    pub fn degree(&self) -> usize {
        match self {
            Expression::Constant(_) => 0,
            Expression::Cell { .. } => 1,
            Expression::Sum(terms) => terms.iter().map(Self::degree).max().unwrap_or(0),
            Expression::Product(factors) => factors.iter().map(Self::degree).fold(0, usize::saturating_add),
            Expression::Negated(term) => term.degree(),
        }
    }

    /// Calls `visit` for every cell in reading order.
    pub fn for_each_cell(&self, visit: &mut impl FnMut(ColumnRef, i32)) {
        match self {
            Expression::Constant(_) => {}
            Expression::Cell { column, rotation } => visit(*column, *rotation),
            Expression::Sum(parts) | Expression::Product(parts) => parts.iter().for_each(|p| p.for_each_cell(visit)),
            Expression::Negated(term) => term.for_each_cell(visit),
        }
    }

    /// Whether any cell occurs.
    pub fn has_cell(&self) -> bool {
        let mut found = false;
        self.for_each_cell(&mut |_, _| found = true);
        found
    }
}

/// Parses trees, counting nodes over the whole file.
pub(super) struct Parser<'a> {
    columns: &'a HashMap<&'a str, ColumnRef>,
    nodes: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(columns: &'a HashMap<&'a str, ColumnRef>) -> Self {
        Parser { columns, nodes: 0 }
    }

    /// A constraint: a tree that mentions at least one cell.
    pub(super) fn constraint(&mut self, node: &Node) -> Result<Expression> {
        let expression = self.expression(node, 0)?;
        if !expression.has_cell() {
            return Err(node.error("a constraint must mention at least one cell"));
        }
        Ok(expression)
    }

    fn expression(&mut self, node: &Node, depth: usize) -> Result<Expression> {
        self.nodes += 1;
        if self.nodes > limits::NODES {
            return Err(node.error(format!("the expressions have more than {} nodes", limits::NODES)));
        }
        if depth > limits::DEPTH {
            return Err(node.error(format!("the expression nests deeper than {}", limits::DEPTH)));
        }
        let tag = node.get("tag")?;
        match tag.text()? {
            "const" => Ok(Expression::Constant(node.object(["tag", "value"])?[1].field_element()?)),
            "cell" => self.cell(node),
            "sum" => Ok(Expression::Sum(self.parts(node, "terms", depth)?)),
            "product" => Ok(Expression::Product(self.parts(node, "factors", depth)?)),
            "neg" => {
                let [_, term] = node.object(["tag", "term"])?;
                Ok(Expression::Negated(Box::new(self.expression(&term, depth + 1)?)))
            }
            _ => Err(tag.error("must be const, cell, sum, product or neg")),
        }
    }

    fn cell(&self, node: &Node) -> Result<Expression> {
        let [_, column, rotation] = node.object(["tag", "column", "rotation"])?;
        let rotation = rotation.integer(-limits::ROTATION, limits::ROTATION)? as i32;
        Ok(Expression::Cell { column: find(self.columns, &column)?, rotation })
    }

    fn parts(&mut self, node: &Node, key: &str, depth: usize) -> Result<Vec<Expression>> {
        let [_, parts] = node.object(["tag", key])?;
        let items = parts.list(limits::NODES)?;
        if items.len() < 2 {
            return Err(parts.error("must have at least two parts"));
        }
        items.iter().map(|part| self.expression(part, depth + 1)).collect()
    }
}

/// The column that a node names.
pub(super) fn find(columns: &HashMap<&str, ColumnRef>, node: &Node) -> Result<ColumnRef> {
    columns.get(node.text()?).copied().ok_or_else(|| node.error("there is no column of that name"))
}
