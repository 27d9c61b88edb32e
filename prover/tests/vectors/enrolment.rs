//! `vectors/enrolment/`: challenges, integers and every column of toy enrolments.

use serde_json::Value;
use sha2::{Digest, Sha256};
use zkapex_prover::chunk::{ChunkLayout, Opening, Rows};
use zkapex_prover::enrolment::assign::{Assignment, LongLived};
use zkapex_prover::enrolment::cells::{products, Cells};
use zkapex_prover::enrolment::columns::{self, Challenges};
use zkapex_prover::enrolment::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::enrolment::witness::Witness;
use zkapex_prover::enrolment::Layout;
use zkapex_prover::field::{self, F};
use zkapex_prover::tables::Tables;
use zkapex_prover::ternary::Ternary;

use crate::{bytes, load, number, numbers, point_bytes, text};

fn statement(s: &Value, points: &Value, free: Vec<Vec<bool>>) -> Statement {
    let points_of = |label: &str| if points.is_null() { vec![] } else { point_bytes(points, label) };
    Statement {
        chunk: number(s, "chunk"),
        weights: number(s, "weights"),
        gamma: number(s, "gamma"),
        distance: number(s, "d0"),
        free,
        theta_p: vec![],
        base_free: vec![],
        theta_current: None,
        rows_by_lane: vec![],
        bytes: CommitmentBytes {
            theta_p: points_of("theta_p"),
            gradients: points_of("gradients"),
            base_free: points_of("base_free"),
            theta_current: points_of("theta_current"),
        },
    }
}

fn binding(s: &Value) -> Binding {
    let opening = Opening {
        tables: bytes(text(s, "tables")),
        srs: bytes(text(s, "srs")),
        preset: text(s, "preset").into(),
        client: text(s, "client").into(),
        enrolment: bytes(text(s, "enrolment")),
    };
    Binding { opening, base: bytes(text(s, "base")), state: bytes(text(s, "state")) }
}

pub const CASES: [&str; 3] = ["full", "partial", "renewal"];
const NAMES: [&str; 7] = ["b", "a", "eta", "zeta", "rho", "mu", "inner"];

fn challenges(layout: &Layout, s: &Value, points: &Value) -> [String; 7] {
    let mut transcript = statement(s, points, vec![]).transcript(&binding(s));
    let (b, a) = (transcript.squeeze("b"), transcript.squeeze("a"));
    transcript.absorb("cells", &point_bytes(points, "cells"));
    let drawn = Challenges::draw(layout, &mut transcript).unwrap();
    let inner = transcript.squeeze("inner");
    let scalars = [drawn.eta, drawn.zeta, drawn.rho[1], drawn.mu[1]].map(|x| field::to_decimal(&x));
    let [eta, zeta, rho, mu] = scalars;
    [hex::encode(b), hex::encode(a), eta, zeta, rho, mu, hex::encode(inner)]
}

fn toy() -> Layout {
    let tables = load("tables/enrol-toy.tables.json").to_string();
    Layout::from_tables(&Tables::parse(tables.as_bytes()).unwrap()).unwrap()
}

#[test]
fn challenges_of_an_enrolment_and_of_its_tampered_twins() {
    let (layout, vectors) = (toy(), load("enrolment/transcript.json"));
    for name in ["first", "renewal"] {
        let vector = &vectors[name];
        let wanted = |value: &Value| NAMES.map(|n| text(value, n).to_owned());
        assert_eq!(
            challenges(&layout, &vector["statement"], &vector["points"]),
            wanted(&vector["challenges"]),
            "{name}"
        );
        for twin in vector["tampered"].as_array().unwrap() {
            let (mut s, mut points) = (vector["statement"].clone(), vector["points"].clone());
            match text(twin, "field").strip_prefix("points.") {
                Some(label) => *points[label].as_array_mut().unwrap().last_mut().unwrap() = twin["value"].clone(),
                None => s[text(twin, "field")] = twin["value"].clone(),
            }
            assert_eq!(challenges(&layout, &s, &points), wanted(&twin["challenges"]), "{name} {}", text(twin, "field"));
        }
    }
}

fn integers(list: &Value) -> Vec<i32> {
    numbers(list).into_iter().map(|v| v.try_into().unwrap()).collect()
}

/// Blinding cells of one column, or zeros where the vector has none.
pub fn blind(layout: &ChunkLayout, value: &Value) -> Vec<F> {
    match value.as_str() {
        Some(cells) => cells.split(' ').map(|x| field::parse_decimal(x).unwrap()).collect(),
        None => vec![F::from(0); layout.blinding_rows],
    }
}

/// Blinding cells of several columns.
pub fn blinds(layout: &ChunkLayout, values: &Value, count: usize) -> Vec<Vec<F>> {
    (0..count).map(|i| blind(layout, &values[i])).collect()
}

/// SHA-256 of a column over the whole domain.
pub fn digest(column: &[F]) -> String {
    let mut hash = Sha256::new();
    let padded = column.iter().copied().chain(std::iter::repeat(F::from(0))).take(1 << 8);
    padded.for_each(|x| hash.update(field::to_le_bytes(&x)));
    hex::encode(hash.finalize())
}

/// A case of `full`, `partial` or `renewal`, read.
pub struct Case {
    pub value: Value,
    pub layout: Layout,
    pub statement: Statement,
    pub challenges: Challenges,
    b: Ternary,
    a: Ternary,
}

impl Case {
    pub fn load(name: &str) -> Self {
        let (layout, value) = (toy(), load(&format!("enrolment/{name}.json")));
        let kept: Vec<bool> = numbers(&value["witness"]["free"]).into_iter().map(|f| f == 1).collect();
        let statement = statement(&value["statement"], &Value::Null, layout.to_lanes(&kept, false).unwrap());
        let c = &value["challenges"];
        let scalar = |name: &str| field::parse_decimal(text(c, name)).unwrap();
        let challenges = Challenges {
            eta: scalar("eta"),
            zeta: scalar("zeta"),
            rho: field::powers(scalar("rho"), layout.tested_rows() + 1),
            mu: field::powers(scalar("mu"), 4),
        };
        let b = Ternary::expand(&bytes(text(c, "b")), &layout.projected_cells(), layout.projections);
        let a = Ternary::expand(&bytes(text(c, "a")), &[layout.products()], layout.projections);
        Case { layout, statement, challenges, b, a, value }
    }

    /// The integers of a witness, honest or not.
    fn witness(&self, w: &Value) -> Witness {
        let rows: Vec<Vec<i8>> = w["gradients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| numbers(r).into_iter().map(|g| g.try_into().unwrap()).collect())
            .collect();
        let rows = Rows::new(&self.layout, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let current = (!w["theta_current"].is_null()).then(|| integers(&w["theta_current"]));
        let (theta_p, theta_0) = (integers(&w["theta_p"]), integers(&w["theta_0"]));
        Witness::derive(&self.layout, (&theta_p, &theta_0), current.as_deref(), rows, &self.statement.free).unwrap()
    }

    /// The columns of a witness and a claim, honest or not.
    pub fn assign(&self, w: &Value, claim: &Value) -> Assignment {
        let (layout, b) = (&self.layout, &self.value["blinding"]);
        let witness = self.witness(w);
        let slack: u128 = number(claim, "slack");
        let cells = Cells::claim(layout, slack, &numbers(&claim["v"]), claimed_products(claim), false).unwrap();
        let (c, weights) = (self.b.combine(self.challenges.eta), self.a.combine(self.challenges.zeta));
        let plain = columns::plain(layout, &self.statement, &self.challenges, &c, &weights[0]);
        let long = LongLived {
            theta_p: blinds(layout, &b["theta_p"], layout.lanes),
            theta_current: witness.tie.as_ref().map(|_| blinds(layout, &b["theta_current"], layout.lanes)),
            gradients: (0..layout.client_rows).map(|k| blinds(layout, &b["gradients"][k], layout.lanes)).collect(),
        };
        let cell_blinds = blinds(layout, &b["cells"], layout.cell_columns);
        Assignment::new(layout, &witness, &self.challenges, &long, (&cells, &cell_blinds), plain)
    }
}

fn claimed_products(claim: &Value) -> Vec<i64> {
    claim["t"].as_array().unwrap().iter().flat_map(numbers).collect()
}

/// What the fast paths compute is what the vector claims.
#[test]
fn the_claim_of_an_enrolment() {
    for name in CASES {
        let case = Case::load(name);
        let (layout, claim) = (&case.layout, &case.value["claim"]);
        let witness = case.witness(&case.value["witness"]);
        witness.check(layout, &case.statement.free).unwrap();
        assert_eq!(witness.distance, number(&case.value, "distance"));
        let t = products(layout, &witness, &case.b).unwrap();
        assert_eq!(t, claimed_products(claim), "{name}");
        assert_eq!(case.a.project(&[&t]).unwrap(), numbers(&claim["v"]), "{name}");
        assert_eq!(case.statement.distance - witness.distance, number(claim, "slack"), "{name}");
        Cells::new(layout, &case.statement, &witness, (&case.a, t), true).unwrap();
    }
}

#[test]
fn every_column_of_an_enrolment() {
    for name in CASES {
        let case = Case::load(name);
        let done = case.assign(&case.value["witness"], &case.value["claim"]);
        let names = case.layout.column_names().chain(["acc".to_owned()]);
        let columns = [done.delta, done.fold, done.cells, done.plain, vec![done.acc]].concat();
        assert_eq!(columns.len(), case.value["columns"].as_object().unwrap().len());
        for (column, values) in names.zip(columns) {
            assert_eq!(digest(&values), text(&case.value["columns"], &column), "{name} {column}");
        }
    }
}
