//! Constraints as short programs, in groups that read few columns.
//!
//! The numerator of the quotient is Σ_i y^(m−1−i)·poly_i over all m constraint polynomials. Its terms are sorted into groups
//! that have no column in common but a few shared ones, so that the values of one group's columns on the cosets are made,
//! used and dropped before the next group's: memory grows with a group, not with the number of columns.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::field::F;
use crate::tables::{ColumnRef, Expression, Tables};

/// A column read some rows below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Query {
    pub column: ColumnRef,
    pub rotation: i32,
}

/// Where an operation finds a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    /// A shared column, by index in [`Program::shared`].
    Shared(usize),
    /// A column of the group, by index in [`Group::queries`].
    Own(usize),
    Constant(usize),
    Register(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Add,
    Subtract,
    Multiply,
}

/// register `to` = a (action) b
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub action: Action,
    pub to: usize,
    pub a: Operand,
    pub b: Operand,
}

/// The part of one constraint polynomial that a group computes, to be weighted by y^power.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub power: usize,
    pub operations: Vec<Operation>,
    pub result: Operand,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub queries: Vec<Query>,
    pub constants: Vec<F>,
    pub parts: Vec<Part>,
    pub registers: usize,
}

/// All constraints of some tables.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub shared: Vec<Query>,
    pub groups: Vec<Group>,
    /// Number of constraint polynomials.
    pub constraints: usize,
}

/// A query that more terms than this read is kept for all groups.
const SHARED_FROM: usize = 9;

struct Term<'a> {
    power: usize,
    negative: bool,
    expression: &'a Expression,
    queries: BTreeSet<Query>,
}

impl Program {
    pub(super) fn of(tables: &Tables) -> Self {
        let polys: Vec<&Expression> = tables.gates.iter().flat_map(|gate| &gate.polys).collect();
        let mut terms = Vec::new();
        for (index, poly) in polys.iter().enumerate() {
            split(poly, polys.len() - 1 - index, false, &mut terms);
        }
        let mut uses: BTreeMap<Query, usize> = BTreeMap::new();
        terms.iter().flat_map(|t| &t.queries).for_each(|q| *uses.entry(*q).or_default() += 1);
        let shared: Vec<Query> = uses.iter().filter(|(_, count)| **count > SHARED_FROM).map(|(q, _)| *q).collect();
        let groups = components(terms, &shared).iter().map(|terms| Group::of(terms, &shared)).collect();
        Program { shared, groups, constraints: polys.len() }
    }
}

/// Top-level sums are taken apart.
fn split<'a>(expression: &'a Expression, power: usize, negative: bool, out: &mut Vec<Term<'a>>) {
    match expression {
        Expression::Sum(terms) => terms.iter().for_each(|t| split(t, power, negative, out)),
        Expression::Negated(term) => split(term, power, !negative, out),
        _ => {
            let mut queries = BTreeSet::new();
            expression.for_each_cell(&mut |column, rotation| {
                queries.insert(Query { column, rotation });
            });
            out.push(Term { power, negative, expression, queries });
        }
    }
}

/// Terms that are connected through queries which are not shared.
fn components<'a>(terms: Vec<Term<'a>>, shared: &[Query]) -> Vec<Vec<Term<'a>>> {
    let mut groups: Vec<(BTreeSet<Query>, Vec<Term<'a>>)> = Vec::new();
    for term in terms {
        let mut own: BTreeSet<Query> = term.queries.iter().filter(|q| !shared.contains(q)).copied().collect();
        let (touched, rest) = groups.into_iter().partition(|(queries, _)| !queries.is_disjoint(&own));
        groups = rest;
        let mut all = Vec::new();
        for (queries, terms) in touched {
            own.extend(queries);
            all.extend(terms);
        }
        all.push(term);
        groups.push((own, all));
    }
    // The longest first: threads finish together.
    groups.sort_by_key(|(queries, _)| std::cmp::Reverse(queries.len()));
    groups.into_iter().map(|(_, terms)| terms).collect()
}

impl Group {
    fn of(terms: &[Term], shared: &[Query]) -> Self {
        let mut compiler = Compiler { shared, own: HashMap::new(), group: Group::default() };
        let powers: BTreeSet<usize> = terms.iter().map(|t| t.power).collect();
        for power in powers {
            let mut operations = Vec::new();
            let mut result = None;
            for term in terms.iter().filter(|t| t.power == power) {
                let start = usize::from(result.is_some());
                let value = compiler.compile(term.expression, start, &mut operations);
                let action = if term.negative { Action::Subtract } else { Action::Add };
                result = Some(match result {
                    None if !term.negative => value,
                    sum => {
                        let sum = sum.unwrap_or_else(|| compiler.constant(F::default()));
                        compiler.emit(action, 0, sum, value, &mut operations)
                    }
                });
            }
            if let Some(result) = result {
                compiler.group.parts.push(Part { power, operations, result });
            }
        }
        compiler.group
    }
}

struct Compiler<'a> {
    shared: &'a [Query],
    own: HashMap<Query, usize>,
    group: Group,
}

impl Compiler<'_> {
    /// Emits what computes the expression, using registers from `free` on.
    fn compile(&mut self, expression: &Expression, free: usize, out: &mut Vec<Operation>) -> Operand {
        match expression {
            Expression::Constant(value) => self.constant(*value),
            Expression::Cell { column, rotation } => self.query(Query { column: *column, rotation: *rotation }),
            Expression::Sum(terms) => self.chain(terms, Action::Add, free, out),
            Expression::Product(factors) => self.chain(factors, Action::Multiply, free, out),
            Expression::Negated(term) => {
                let (zero, value) = (self.constant(F::default()), self.compile(term, free, out));
                self.emit(Action::Subtract, free, zero, value, out)
            }
        }
    }

    /// ((a ∘ b) ∘ c) …; a negated part of a sum is subtracted.
    fn chain(&mut self, parts: &[Expression], action: Action, free: usize, out: &mut Vec<Operation>) -> Operand {
        let mut total = self.compile(&parts[0], free, out);
        for part in &parts[1..] {
            let (action, part) = match (action, part) {
                (Action::Add, Expression::Negated(term)) => (Action::Subtract, term.as_ref()),
                _ => (action, part),
            };
            let value = self.compile(part, free + 1, out);
            total = self.emit(action, free, total, value, out);
        }
        total
    }

    fn emit(&mut self, action: Action, to: usize, a: Operand, b: Operand, out: &mut Vec<Operation>) -> Operand {
        out.push(Operation { action, to, a, b });
        self.group.registers = self.group.registers.max(to + 1);
        Operand::Register(to)
    }

    fn constant(&mut self, value: F) -> Operand {
        let constants = &mut self.group.constants;
        let index = constants.iter().position(|c| *c == value).unwrap_or_else(|| {
            constants.push(value);
            constants.len() - 1
        });
        Operand::Constant(index)
    }

    fn query(&mut self, query: Query) -> Operand {
        if let Some(index) = self.shared.iter().position(|q| *q == query) {
            return Operand::Shared(index);
        }
        let queries = &mut self.group.queries;
        let index = self.own.entry(query).or_insert_with(|| {
            queries.push(query);
            queries.len() - 1
        });
        Operand::Own(*index)
    }
}
