//! The sections of a table file.

use std::collections::{HashMap, HashSet};

use ff::Field;

use super::expression::{find, Parser};
use super::json::Node;
use super::limits;
use super::{ColumnRef, Copy, FixedColumn, Gate, InstanceColumn, Kind, LayoutMap, Lookup, Place, Region, Run, Tables};
use crate::error::Result;
use crate::field::MODULUS_DECIMAL;

const KEYS: [&str; 13] = [
    "format", "version", "field", "relation", "k", "layout", "advice", "fixed", "instance", "gates", "lookups",
    "copies", "regions",
];

/// The whole file; the digest is left to the caller.
pub(super) fn tables(root: &Node) -> Result<Tables> {
    let [format, version, field, relation, k, layout, advice, fixed, instance, gates, lookups, copies, regions] =
        root.object(KEYS)?;
    format.expect("zkapex.tables")?;
    version.expect("1")?;
    field.expect(MODULUS_DECIMAL)?;
    let mut out = Tables {
        relation: name(&relation)?.to_owned(),
        k: k.integer(limits::MIN_K.into(), limits::MAX_K.into())? as u32,
        layout: LayoutMap::parse(&layout)?,
        advice: advice.list(limits::COLUMNS)?.iter().map(|n| Ok(name(n)?.to_owned())).collect::<Result<_>>()?,
        instance: instance_columns(&instance)?,
        ..Tables::default()
    };
    let fixed_columns = fixed.list(limits::COLUMNS)?;
    if fixed_columns.len() << out.k > limits::FIXED_CELLS {
        return Err(fixed.error(format!("the fixed columns have more than {} cells", limits::FIXED_CELLS)));
    }
    out.fixed = fixed_columns.iter().map(|n| fixed_column(n, out.domain())).collect::<Result<_>>()?;
    let columns = columns(&out)?;
    let mut parser = Parser::new(&columns);
    let gates = gates.list(limits::CONSTRAINTS)?.iter().map(|n| gate(n, &mut parser)).collect::<Result<Vec<_>>>()?;
    let lookups =
        lookups.list(limits::CONSTRAINTS)?.iter().map(|n| lookup(n, &mut parser)).collect::<Result<Vec<_>>>()?;
    let copies =
        copies.list(limits::COPIES)?.iter().map(|n| copy(n, &columns, out.domain())).collect::<Result<Vec<_>>>()?;
    drop(columns);
    (out.gates, out.lookups, out.copies) = (gates, lookups, copies);
    out.regions = regions.list(limits::REGIONS)?.iter().map(|n| region(n, out.domain())).collect::<Result<_>>()?;
    distinct(&out)?;
    usable(&out)?;
    Ok(out)
}

/// Lower-case words with digits, dots and underscores.
fn name<'a>(node: &Node<'a>) -> Result<&'a str> {
    let text = node.text()?;
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    if text.is_empty() || text.len() > limits::NAME || !text.bytes().all(allowed) {
        return Err(node.error("must be a short name of lower-case letters, digits, dots and underscores"));
    }
    Ok(text)
}

fn instance_columns(node: &Node) -> Result<Vec<InstanceColumn>> {
    let mut plain_seen = false;
    let read = |item: &Node| {
        let [name_node, committed] = item.object(["name", "committed"])?;
        let column = InstanceColumn { name: name(&name_node)?.to_owned(), committed: committed.flag()? };
        if column.committed && plain_seen {
            return Err(committed.error("committed columns must come first"));
        }
        plain_seen |= !column.committed;
        Ok(column)
    };
    node.list(limits::COLUMNS)?.iter().map(read).collect()
}

fn fixed_column(node: &Node, domain: usize) -> Result<FixedColumn> {
    let [name_node, runs_node] = node.object(["name", "runs"])?;
    let mut runs: Vec<Run> = Vec::new();
    for item in runs_node.list(limits::RUNS)? {
        let [start, count, value] = triple(&item)?;
        let run = Run {
            start: start.count(domain)?,
            count: count.integer(1, domain as i64)? as usize,
            value: value.field_element()?,
        };
        let past = runs.last().map_or(0, |last| last.start + last.count);
        if run.start < past {
            return Err(item.error("runs must be in row order and must not overlap"));
        }
        if run.value.is_zero_vartime() {
            return Err(value.error("a run of zeros is not written"));
        }
        runs.push(run);
    }
    Ok(FixedColumn { name: name(&name_node)?.to_owned(), runs })
}

fn triple<'a>(node: &Node<'a>) -> Result<[Node<'a>; 3]> {
    node.list(3)?.try_into().map_err(|_| node.error("a run is start, count and value"))
}

/// Columns by name, unique over all kinds.
fn columns(tables: &Tables) -> Result<HashMap<&str, ColumnRef>> {
    let refs = |kind: Kind| move |(index, name)| (name, ColumnRef { kind, index });
    let fixed = tables.fixed.iter().map(|column| column.name.as_str());
    let all = (tables.advice_names().enumerate().map(refs(Kind::Advice)))
        .chain(fixed.enumerate().map(refs(Kind::Fixed)))
        .chain(tables.instance_names().enumerate().map(refs(Kind::Instance)));
    let mut out = HashMap::new();
    for (name, column) in all {
        if out.insert(name, column).is_some() {
            let field = match column.kind {
                Kind::Advice => "advice",
                Kind::Fixed => "fixed",
                Kind::Instance => "instance",
            };
            return Err(tables.error(field, "two columns have one name").with_value(name));
        }
    }
    if out.is_empty() || out.len() > limits::COLUMNS {
        return Err(tables
            .error("advice", format!("there must be from 1 to {} columns", limits::COLUMNS))
            .with_value(out.len()));
    }
    Ok(out)
}

fn gate(node: &Node, parser: &mut Parser) -> Result<Gate> {
    let [id, polys] = node.object(["id", "polys"])?;
    let gate = Gate { id: name(&id)?.to_owned(), polys: constraints(&polys, parser)? };
    check_degree(&polys, gate.polys.iter().map(|p| p.degree()).fold(0, usize::max))?;
    Ok(gate)
}

fn lookup(node: &Node, parser: &mut Parser) -> Result<Lookup> {
    let [id, inputs, table] = node.object(["id", "inputs", "table"])?;
    let lookup = Lookup {
        id: name(&id)?.to_owned(),
        inputs: constraints(&inputs, parser)?,
        table: constraints(&table, parser)?,
    };
    if lookup.inputs.len() != lookup.table.len() {
        return Err(table.error("must have as many parts as the inputs"));
    }
    check_degree(node, lookup.degree())?;
    Ok(lookup)
}

fn constraints(node: &Node, parser: &mut Parser) -> Result<Vec<super::Expression>> {
    let items = node.list(limits::COLUMNS)?;
    if items.is_empty() {
        return Err(node.error("must have at least one part"));
    }
    items.iter().map(|item| parser.constraint(item)).collect()
}

fn check_degree(node: &Node, degree: usize) -> Result<()> {
    if degree > limits::DEGREE {
        let message = format!("the degree {degree} is over the limit of {}", limits::DEGREE);
        return Err(crate::error::Error::input(message).at_field(node.path()).with_value(degree));
    }
    Ok(())
}

fn copy(node: &Node, columns: &HashMap<&str, ColumnRef>, domain: usize) -> Result<Copy> {
    let [left, right] = node.object(["left", "right"])?;
    let place = |side: &Node| {
        let [column, row] = side.object(["column", "row"])?;
        Ok(Place { column: find(columns, &column)?, row: row.count(domain)? })
    };
    let copy = Copy { left: place(&left)?, right: place(&right)? };
    if copy.left == copy.right {
        return Err(node.error("a copy joins two different cells"));
    }
    Ok(copy)
}

fn region(node: &Node, domain: usize) -> Result<Region> {
    let [name_node, start, rows] = node.object(["name", "start", "rows"])?;
    Ok(Region {
        name: name(&name_node)?.to_owned(),
        start: start.count(domain)?,
        rows: rows.integer(1, domain as i64)? as usize,
    })
}

/// IDs of gates and lookups, and names of regions, occur once.
fn distinct(tables: &Tables) -> Result<()> {
    let ids = tables.gates.iter().map(|g| ("gates", &g.id)).chain(tables.lookups.iter().map(|l| ("lookups", &l.id)));
    let mut seen = HashSet::new();
    for (field, id) in ids {
        if !seen.insert(id) {
            return Err(tables.error(field, "two constraints have one ID").with_value(id));
        }
    }
    let mut names = HashSet::new();
    match tables.regions.iter().find(|region| !names.insert(&region.name)) {
        Some(region) => Err(tables.error("regions", "two regions have one name").with_value(&region.name)),
        None => Ok(()),
    }
}

/// Nothing is written on the rows that Halo2 keeps for itself.
fn usable(tables: &Tables) -> Result<()> {
    let usable = tables.usable_rows();
    if usable == 0 {
        return Err(tables.error("k", "the domain has no usable row").with_value(tables.k));
    }
    let runs = tables.fixed.iter().flat_map(|c| c.runs.iter().map(|r| r.start + r.count)).map(|end| ("fixed", end));
    let copies = tables.copies.iter().flat_map(|c| [c.left.row, c.right.row]).map(|row| ("copies", row + 1));
    let regions = tables.regions.iter().map(|r| ("regions", r.start + r.rows));
    match runs.chain(copies).chain(regions).find(|(_, end)| *end > usable) {
        Some((field, end)) => {
            Err(tables.error(field, format!("only the rows below {usable} are usable")).with_value(end - 1))
        }
        None => Ok(()),
    }
}
