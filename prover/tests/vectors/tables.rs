//! `vectors/tables/`: the emitted tables, a tiny one in full, and twins that every reader refuses.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{json, Map, Value};
use zkapex_prover::field::{self, F};
use zkapex_prover::plonk::check;
use zkapex_prover::tables::Tables;

use crate::{load, text};

/// Facts as the vectors state them: numbers in decimal.
fn facts(tables: &Tables) -> Value {
    let count = |n: usize| json!(n.to_string());
    let polys = tables.gates.iter().map(|gate| {
        let degrees: Vec<Value> = gate.polys.iter().map(|poly| count(poly.degree())).collect();
        (gate.id.clone(), Value::Array(degrees))
    });
    json!({
        "digest": hex::encode(tables.digest), "relation": tables.relation, "k": tables.k.to_string(),
        "unusable": count(tables.domain() - tables.usable_rows()), "committed": count(tables.committed()),
        "columns": {"advice": count(tables.advice.len()), "fixed": count(tables.fixed.len()),
                    "instance": count(tables.instance.len())},
        "polys": polys.collect::<Map<_, _>>(),
    })
}

#[test]
fn emitted_tables() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/tables");
    let digests = load("tables/digests.json");
    assert!(digests.as_object().unwrap().len() >= 4);
    for (file, wanted) in digests.as_object().unwrap() {
        let tables = Tables::load(&folder.join(file)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(&facts(&tables), wanted, "{file}");
    }
}

fn columns<'a>(names: impl Iterator<Item = &'a str>, usable: usize, cells: &Value) -> Vec<Vec<F>> {
    let column = |name: &str| {
        let mut cells: Vec<F> = text(cells, name).split(' ').map(|x| field::parse_decimal(x).unwrap()).collect();
        let rest = cells.split_off(usable);
        assert!(rest.iter().all(|x| *x == F::default()), "{name} has a value on a row that is not usable");
        cells
    };
    names.map(column).collect()
}

#[test]
fn the_tiny_tables_are_read_and_satisfied() {
    let tiny = load("tables/tiny.json");
    let tables = Arc::new(Tables::parse(text(&tiny, "tables").as_bytes()).unwrap());
    assert_eq!(facts(&tables), tiny["facts"]);
    let usable = tables.usable_rows();
    let instance = columns(tables.instance_names(), usable, &tiny["columns"]);
    let advice = columns(tables.advice_names(), usable, &tiny["columns"]);
    assert_eq!(check(&tables, instance.clone(), advice.clone()).unwrap(), []);
    for (column, row) in [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 3)] {
        let mut changed = advice.clone();
        changed[column][row] += F::from(1 << 40);
        assert!(!check(&tables, instance.clone(), changed).unwrap().is_empty(), "column {column}, row {row}");
    }
}

#[test]
fn tables_with_one_thing_wrong_are_refused() {
    let cases = load("tables/invalid.json");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 50);
    for case in cases {
        let name = text(case, "name");
        match Tables::parse(text(case, "tables").as_bytes()) {
            Ok(_) => panic!("{name} is accepted"),
            Err(error) => assert_eq!(error.code(), "input", "{name}: {error}"),
        }
    }
}
