//! The parser: what it reads, and a table of what it refuses.

use serde_json::{json, Value};

use super::sample::{cell, json_tables, tables};
use super::*;

fn parse(value: &Value) -> Result<Tables> {
    Tables::parse(value.to_string().as_bytes())
}

#[test]
fn sample_is_read() {
    let t = tables();
    assert_eq!((t.relation.as_str(), t.k, t.domain(), t.committed()), ("sample", 6, 64, 2));
    assert_eq!(t.advice_names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(t.instance_names().collect::<Vec<_>>(), ["x", "y", "p"]);
    assert_eq!(t.fixed[3].runs, [Run { start: 0, count: 1, value: F::from(7) }]);
    assert_eq!(
        (t.gates[1].id.as_str(), t.gates[1].polys.len(), t.lookups.len(), t.copies.len()),
        ("sample.down", 2, 1, 4)
    );
    assert_eq!((t.degree(), t.usable_rows(), t.copied_columns().len()), (4, 58, 6));
    assert_eq!(t.digest, <[u8; 32]>::from(Sha256::digest(json_tables().to_string())));
    let negated = Expression::Negated(Box::new(Expression::Cell {
        column: ColumnRef { kind: Kind::Advice, index: 0 },
        rotation: -1,
    }));
    let Expression::Product(factors) = &t.gates[1].polys[0] else { panic!("a product") };
    let Expression::Sum(terms) = &factors[1] else { panic!("a sum") };
    assert_eq!(terms[1], negated);
}

#[test]
fn layout_getters_are_typed() {
    let layout = tables().layout;
    assert_eq!(layout.text("preset").unwrap(), "sample");
    assert_eq!((layout.flag("insecure").unwrap(), layout.count("lanes").unwrap()), (true, 1));
    assert_eq!(layout.list("slack_bits").unwrap(), [1, 2]);
    for error in
        [layout.count("preset").unwrap_err(), layout.text("lanes").unwrap_err(), layout.flag("lanes").unwrap_err()]
    {
        assert!(error.place().field.as_ref().unwrap().starts_with("layout."));
    }
    assert!(layout.list("none").is_err() && layout.count("insecure").is_err() && layout.text("slack_bits").is_err());
}

/// A change to the sample, and the field that the error must name.
type Case = (&'static str, fn(&mut Value), &'static str);

fn replace(value: &mut Value, pointer: &str, new: Value) {
    *value.pointer_mut(pointer).unwrap() = new;
}

const CASES: &[Case] = &[
    ("unknown key", |t| t["extra"] = json!("1"), "extra"),
    ("missing key", |t| drop(t.as_object_mut().unwrap().remove("copies")), "copies"),
    ("format", |t| t["format"] = json!("zkapex.request"), "format"),
    ("version", |t| t["version"] = json!("2"), "version"),
    (
        "another field",
        |t| t["field"] = json!("21888242871839275222246405745257275088548364400416034343698204186575808495617"),
        "field",
    ),
    ("relation not a string", |t| t["relation"] = json!(["sample"]), "relation"),
    ("relation with spaces", |t| t["relation"] = json!("a b"), "relation"),
    ("k a number", |t| t["k"] = json!(6), "k"),
    ("k too small", |t| t["k"] = json!("2"), "k"),
    ("k too large", |t| t["k"] = json!("21"), "k"),
    ("k not canonical", |t| t["k"] = json!("06"), "k"),
    ("k negative", |t| t["k"] = json!("-6"), "k"),
    ("k with a sign", |t| t["k"] = json!("+6"), "k"),
    ("layout no object", |t| t["layout"] = json!([]), "layout"),
    ("layout count too large", |t| t["layout"]["lanes"] = json!("16777217"), "layout.lanes"),
    ("layout count negative", |t| t["layout"]["lanes"] = json!("-1"), "layout.lanes"),
    ("layout nested", |t| t["layout"]["lanes"] = json!({}), "layout.lanes"),
    ("layout empty text", |t| t["layout"]["preset"] = json!(""), "layout.preset"),
    ("layout long text", |t| t["layout"]["preset"] = json!("x".repeat(65)), "layout.preset"),
    ("layout list of text", |t| t["layout"]["slack_bits"] = json!(["x"]), "layout.slack_bits[0]"),
    ("advice name empty", |t| t["advice"][0] = json!(""), "advice[0]"),
    ("advice name not ASCII", |t| t["advice"][0] = json!("ä"), "advice[0]"),
    ("advice names twice", |t| t["advice"] = json!(["a", "b", "a"]), "advice"),
    ("name in two kinds", |t| t["instance"][2]["name"] = json!("a"), "instance"),
    ("too many columns", |t| t["advice"] = json!(vec!["a"; 2049]), "advice"),
    ("committed after plain", |t| t["instance"].as_array_mut().unwrap().reverse(), "instance[1].committed"),
    ("committed not a flag", |t| t["instance"][0]["committed"] = json!("true"), "instance[0].committed"),
    ("instance with a third key", |t| t["instance"][0]["rows"] = json!("3"), "instance[0].rows"),
    ("run of two", |t| t["fixed"][0]["runs"] = json!([["0", "1"]]), "fixed[0].runs[0]"),
    ("run of four", |t| t["fixed"][0]["runs"] = json!([["0", "1", "1", "1"]]), "fixed[0].runs[0]"),
    ("run of no rows", |t| t["fixed"][0]["runs"] = json!([["0", "0", "1"]]), "fixed[0].runs[0][1]"),
    ("run of zeros", |t| t["fixed"][0]["runs"] = json!([["0", "1", "0"]]), "fixed[0].runs[0][2]"),
    ("run of p", |t| t["fixed"][0]["runs"] = json!([["0", "1", crate::field::MODULUS_DECIMAL]]), "fixed[0].runs[0][2]"),
    ("run out of order", |t| t["fixed"][0]["runs"] = json!([["5", "1", "1"], ["4", "1", "1"]]), "fixed[0].runs[1]"),
    ("runs overlap", |t| t["fixed"][0]["runs"] = json!([["0", "5", "1"], ["4", "1", "1"]]), "fixed[0].runs[1]"),
    ("run past the usable rows", |t| t["fixed"][0]["runs"] = json!([["57", "2", "1"]]), "fixed"),
    ("run past the domain", |t| t["fixed"][0]["runs"] = json!([["0", "65", "1"]]), "fixed[0].runs[0][1]"),
    (
        "run start overflow",
        |t| t["fixed"][0]["runs"] = json!([["18446744073709551615", "2", "1"]]),
        "fixed[0].runs[0][0]",
    ),
    ("gate ID twice", |t| t["gates"][1]["id"] = json!("sample.up"), "gates"),
    ("lookup ID of a gate", |t| t["lookups"][0]["id"] = json!("sample.up"), "lookups"),
    ("gate without polynomials", |t| t["gates"][0]["polys"] = json!([]), "gates[0].polys"),
    ("unknown tag", |t| replace(t, "/gates/0/polys/0/tag", json!("power")), "gates[0].polys[0].tag"),
    ("no tag", |t| replace(t, "/gates/0/polys/0", json!({"value": "1"})), "gates[0].polys[0].tag"),
    ("polynomial no object", |t| replace(t, "/gates/0/polys/0", json!("x")), "gates[0].polys[0]"),
    (
        "sum of one",
        |t| replace(t, "/gates/0/polys/0", json!({"tag": "sum", "terms": [cell("a", 0)]})),
        "gates[0].polys[0].terms",
    ),
    (
        "sum with factors",
        |t| replace(t, "/gates/0/polys/0", json!({"tag": "sum", "factors": []})),
        "gates[0].polys[0].factors",
    ),
    ("constant alone", |t| replace(t, "/gates/0/polys/0", json!({"tag": "const", "value": "1"})), "gates[0].polys[0]"),
    (
        "constant p",
        |t| replace(t, "/gates/1/polys/1/factors/1/terms/0/factors/1/value", json!(crate::field::MODULUS_DECIMAL)),
        "gates[1].polys[1].factors[1].terms[0].factors[1].value",
    ),
    (
        "constant negative",
        |t| replace(t, "/gates/1/polys/1/factors/1/terms/0/factors/1/value", json!("-1")),
        "gates[1].polys[1].factors[1].terms[0].factors[1].value",
    ),
    (
        "unknown column",
        |t| replace(t, "/gates/0/polys/0/factors/0/column", json!("z")),
        "gates[0].polys[0].factors[0].column",
    ),
    (
        "rotation too far",
        |t| replace(t, "/gates/0/polys/0/factors/0/rotation", json!("9")),
        "gates[0].polys[0].factors[0].rotation",
    ),
    (
        "rotation -0",
        |t| replace(t, "/gates/0/polys/0/factors/0/rotation", json!("-0")),
        "gates[0].polys[0].factors[0].rotation",
    ),
    (
        "degree over the limit",
        |t| replace(t, "/gates/0/polys/0", json!({"tag": "product", "factors": vec![cell("a", 0); 10]})),
        "gates[0].polys",
    ),
    ("lookup sides differ", |t| t["lookups"][0]["table"] = json!([cell("t", 0), cell("t", 0)]), "lookups[0].table"),
    (
        "lookup degree",
        |t| t["lookups"][0]["inputs"][0] = json!({"tag": "product", "factors": vec![cell("a", 0); 7]}),
        "lookups[0]",
    ),
    ("lookup empty", |t| t["lookups"][0]["inputs"] = json!([]), "lookups[0].inputs"),
    ("copy to itself", |t| t["copies"][0]["right"] = t["copies"][0]["left"].clone(), "copies[0]"),
    ("copy on an unusable row", |t| t["copies"][0]["left"]["row"] = json!("58"), "copies"),
    ("copy outside the domain", |t| t["copies"][0]["left"]["row"] = json!("65"), "copies[0].left.row"),
    ("copy of an unknown column", |t| t["copies"][0]["left"]["column"] = json!("z"), "copies[0].left.column"),
    ("region past the usable rows", |t| t["regions"][0]["rows"] = json!("59"), "regions"),
    ("region of no rows", |t| t["regions"][0]["rows"] = json!("0"), "regions[0].rows"),
    ("regions of one name", |t| t["regions"] = json!([t["regions"][0], t["regions"][0]]), "regions"),
    ("null", |t| t["regions"] = Value::Null, "regions"),
];

#[test]
fn bad_tables_are_refused_with_their_field() {
    for (name, change, field) in CASES {
        let mut value = json_tables();
        change(&mut value);
        let error = parse(&value).expect_err(name);
        assert_eq!(error.code(), "input", "{name}");
        assert_eq!(error.place().field.as_deref(), Some(*field), "{name}: {error}");
    }
}

#[test]
fn rows_up_to_the_last_usable_one_are_accepted() {
    let mut value = json_tables();
    value["fixed"][0]["runs"] = json!([["57", "1", "1"]]);
    value["regions"][0]["rows"] = json!("58");
    value["copies"][0]["left"]["row"] = json!("57");
    parse(&value).unwrap();
}

#[test]
fn deep_and_wide_trees_are_refused() {
    let nest = |depth: usize| (0..depth).fold(cell("a", 0), |term, _| json!({"tag": "neg", "term": term}));
    let with = |poly: Value| {
        let mut value = json_tables();
        value["gates"][0]["polys"] = json!([poly]);
        parse(&value)
    };
    with(nest(limits::DEPTH)).unwrap();
    assert!(with(nest(limits::DEPTH + 1)).unwrap_err().to_string().contains("deeper"));
    assert_eq!(with(nest(100)).unwrap_err().code(), "input");
    let wide = |count: usize| json!({"tag": "sum", "terms": vec![json!({"tag": "const", "value": "0"}); count]});
    assert!(with(wide(limits::NODES)).is_err());
}

#[test]
fn bytes_must_be_canonical() {
    let good = json_tables().to_string();
    for bad in [
        good.replace("\"k\":\"6\"", "\"k\": \"6\""),
        good.replace("\"k\":\"6\"", "\"k\":\"6\",\"k\":\"6\""),
        good.replace("\"version\":\"1\"", "\"version\":\"\\u0031\""),
        format!("{good}\n"),
        format!("\u{feff}{good}"),
        good[..good.len() - 1].to_owned(),
        String::new(),
        "null".to_owned(),
        "[".repeat(100_000),
    ] {
        assert_ne!(bad, good);
        assert_eq!(Tables::parse(bad.as_bytes()).unwrap_err().code(), "input");
    }
    assert!(Tables::parse(&vec![b' '; limits::BYTES + 1]).is_err());
    assert!(Tables::parse(&[0xff; 40]).is_err());
}

#[test]
fn files_name_themselves_in_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tables.json");
    assert_eq!(Tables::load(&path).unwrap_err().code(), "io");
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(Tables::load(&path).unwrap_err().place().file, Some(path.display().to_string()));
    std::fs::write(&path, json_tables().to_string()).unwrap();
    assert_eq!(Tables::load(&path).unwrap(), tables());
}

#[test]
fn advice_openings_cost_usable_rows() {
    let mut value = json_tables();
    value["gates"][0]["polys"]
        .as_array_mut()
        .unwrap()
        .push(json!({"tag": "sum", "terms": [cell("a", 4), cell("a", 5)]}));
    assert_eq!(parse(&value).unwrap().usable_rows(), 64 - (5 + 3));
}
