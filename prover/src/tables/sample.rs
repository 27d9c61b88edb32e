//! A small circuit that uses everything tables offer: rotations both ways, committed and plain instance columns, a lookup,
//! constants, and copies over so many columns that the permutation argument needs three products.

use ff::Field;
use serde_json::{json, Value};

use super::Tables;
use crate::field::{fi, F};

/// 64 rows.
pub(crate) const K: u32 = 6;
/// Rows on which the running sum steps.
pub(crate) const STEPS: usize = 20;
/// The sum starts from this constant.
pub(crate) const START: i128 = 7;
/// Range of `y`.
pub(crate) const RANGE: i128 = 16;

pub(crate) fn cell(column: &str, rotation: i32) -> Value {
    json!({"tag": "cell", "column": column, "rotation": rotation.to_string()})
}

fn sum(terms: &[Value]) -> Value {
    json!({"tag": "sum", "terms": terms})
}

fn product(factors: &[Value]) -> Value {
    json!({"tag": "product", "factors": factors})
}

fn neg(term: Value) -> Value {
    json!({"tag": "neg", "term": term})
}

fn place(column: &str, row: usize) -> Value {
    json!({"column": column, "row": row.to_string()})
}

fn copy(left: (&str, usize), right: (&str, usize)) -> Value {
    json!({"left": place(left.0, left.1), "right": place(right.0, right.1)})
}

/// a' = a + x·p on the steps, again read from below; b = y in [0, 16); a starts at 7; b, y, x and p are tied by copies.
pub(crate) fn json_tables() -> Value {
    let steps = STEPS.to_string();
    let range: Vec<Value> = (1..RANGE).map(|v| json!([v.to_string(), "1", v.to_string()])).collect();
    let up = sum(&[cell("a", 1), neg(cell("a", 0)), neg(product(&[cell("x", 0), cell("p", 0)]))]);
    let down = sum(&[cell("a", 0), neg(cell("a", -1)), neg(product(&[cell("x", -1), cell("p", -1)]))]);
    let halved =
        sum(&[product(&[cell("b", 0), json!({"tag": "const", "value": "2"})]), neg(cell("y", 0)), neg(cell("y", 0))]);
    json!({
        "format": "zkapex.tables", "version": "1", "relation": "sample", "k": K.to_string(), "field": crate::field::MODULUS_DECIMAL,
        "layout": {"preset": "sample", "insecure": true, "lanes": "1", "slack_bits": ["1", "2"]},
        "advice": ["a", "b"],
        "fixed": [{"name": "q", "runs": [["0", steps, "1"]]}, {"name": "q_down", "runs": [["1", steps, "1"]]},
                  {"name": "t", "runs": range}, {"name": "start", "runs": [["0", "1", START.to_string()]]}],
        "instance": [{"name": "x", "committed": true}, {"name": "y", "committed": true}, {"name": "p", "committed": false}],
        "gates": [{"id": "sample.up", "polys": [product(&[cell("q", 0), up])]},
                  {"id": "sample.down", "polys": [product(&[cell("q_down", 0), down]), product(&[cell("q", 0), halved])]}],
        "lookups": [{"id": "sample.range", "inputs": [cell("b", 0)], "table": [cell("t", 0)]}],
        "copies": [copy(("a", 0), ("start", 0)), copy(("b", 3), ("p", 30)), copy(("x", 2), ("x", 41)), copy(("y", 5), ("b", 5))],
        "regions": [{"name": "steps", "start": "0", "rows": (STEPS + 1).to_string()}],
    })
}

pub(crate) fn tables() -> Tables {
    Tables::parse(json_tables().to_string().as_bytes()).unwrap()
}

/// Columns that satisfy the sample.
#[derive(Clone)]
pub(crate) struct Columns {
    pub a: Vec<F>,
    pub b: Vec<F>,
    pub x: Vec<F>,
    pub y: Vec<F>,
    pub p: Vec<F>,
}

pub(crate) fn columns(rng: &mut impl rand::RngCore) -> Columns {
    let mut x: Vec<F> = (0..50).map(|_| F::random(&mut *rng)).collect();
    let mut p: Vec<F> = (0..31).map(|_| F::random(&mut *rng)).collect();
    let y: Vec<F> = (0..STEPS).map(|_| fi(i128::from(rng.next_u32()) % RANGE)).collect();
    (x[41], p[30]) = (x[2], y[3]);
    let mut a = vec![fi(START)];
    (0..STEPS).for_each(|i| a.push(a[i] + x[i] * p[i]));
    Columns { a, b: y.clone(), x, y, p }
}
