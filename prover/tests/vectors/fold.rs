//! `vectors/fold/`: integers and every column of toy chunks, and what a dishonest prover makes of them.

use serde_json::Value;
use zkapex_prover::chunk::Rows;
use zkapex_prover::field::{self, F};
use zkapex_prover::online::assign::{Assignment, Blinds, LongLived, Sent};
use zkapex_prover::online::columns::{self, Challenges};
use zkapex_prover::online::round_two::{self, Bits};
use zkapex_prover::online::statement::Statement;
use zkapex_prover::online::witness::Witness;
use zkapex_prover::online::Layout;
use zkapex_prover::tables::Tables;
use zkapex_prover::ternary::Ternary;

use crate::enrolment::{blind, blinds, digest};
use crate::forgeries::{replaced, replay, Columns, Toy};
use crate::{bytes, load, number, numbers, text};

const CASES: [&str; 2] = ["full", "partial"];

struct Case {
    value: Value,
    layout: Layout,
    statement: Statement,
    challenges: Challenges,
    ternary: Ternary,
    rows: Vec<Vec<i8>>,
}

fn integers(value: &Value) -> Vec<i32> {
    numbers(value).into_iter().map(|v| v.try_into().unwrap()).collect()
}

impl Case {
    fn load(name: &str) -> Self {
        let value = load(&format!("fold/{name}.json"));
        let tables = load(&format!("tables/{}", text(&value, "tables"))).to_string();
        let layout = Layout::from_tables(&Tables::parse(tables.as_bytes()).unwrap()).unwrap();
        let (s, w, c) = (&value["statement"], &value["witness"], &value["challenges"]);
        let free: Vec<bool> = numbers(&w["free"]).into_iter().map(|f| f == 1).collect();
        let statement = Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            limits: [number(s, "t1"), number(s, "t2"), number(s, "d")],
            free: layout.to_lanes(&free, false).unwrap(),
            theta_p: vec![],
            com_free: vec![],
            rows_by_lane: vec![],
            bytes: Default::default(),
        };
        let scalar = |name: &str| field::parse_decimal(text(c, name)).unwrap();
        let challenges = Challenges::new(&layout, scalar("eta"), scalar("rho"), scalar("mu"));
        let ternary = Ternary::expand(&bytes(text(c, "r")), &layout.projected_cells(), layout.projections);
        let rows = w["gradients"].as_array().unwrap().iter();
        let rows = rows.map(|r| numbers(r).into_iter().map(|g| g.try_into().unwrap()).collect()).collect();
        Case { layout, statement, challenges, ternary, rows, value }
    }

    fn witness(&self) -> Witness {
        let w = &self.value["witness"];
        let rows = Rows::new(&self.layout, &self.rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        let weights = (&integers(&w["theta_p"])[..], &integers(&w["theta_u"])[..]);
        let (gamma, sigma) = (self.statement.gamma, numbers(&w["sigma"]));
        Witness::derive(&self.layout, weights, rows, sigma, gamma, &self.statement.free).unwrap()
    }

    /// The columns of a claim, honest or not.
    fn assign(&self, claim: &Value) -> Assignment {
        let (layout, b) = (&self.layout, &self.value["blinding"]);
        let mut witness = self.witness();
        witness.e = numbers(&claim["e"]);
        witness.y = layout.to_lanes(&numbers(&claim["y"]), 0).unwrap();
        let slacks: Vec<u128> = text(claim, "slacks").split(' ').map(|s| s.parse().unwrap()).collect();
        let bits = Bits::claim(layout, &numbers(&claim["p"]), slacks.try_into().unwrap(), false).unwrap();
        let q: Vec<F> = text(claim, "q").split(' ').map(|x| field::parse_decimal(x).unwrap()).collect();
        let long = LongLived {
            theta_p: blinds(layout, &b["theta_p"], layout.lanes),
            theta_u: blinds(layout, &b["theta_u"], layout.lanes),
            gradients: (0..layout.client_rows).map(|k| blinds(layout, &b["gradients"][k], layout.lanes)).collect(),
        };
        let (y, bit_blinds) = (blinds(layout, &b["y"], layout.lanes), blinds(layout, &b["bits"], layout.bit_columns));
        let blinds = Blinds { long: &long, y: &y, bits: &bit_blinds, q: &blind(layout, &b["q"]) };
        let c = self.ternary.combine(self.challenges.eta[1]);
        let plain = columns::plain(layout, &self.statement, &self.challenges, &c);
        let sent = Sent { bits: &bits, q: &q };
        Assignment::new(layout, (&self.statement, &witness), &self.challenges, sent, &blinds, plain)
    }
}

/// What the fast paths compute is what the vector claims.
#[test]
fn the_claim_of_an_answer() {
    for name in CASES {
        let case = Case::load(name);
        let (layout, claim, witness) = (&case.layout, &case.value["claim"], case.witness());
        assert_eq!(witness.e, numbers(&claim["e"]), "{name}");
        assert_eq!(witness.y, layout.to_lanes(&numbers(&claim["y"]), 0).unwrap(), "{name}");
        let sums = ["t1", "t2", "d"].map(|sum| Some(number(&case.value["squared_sums"], sum)));
        assert_eq!(witness.sums, sums, "{name}");
        let cells: Vec<&[i64]> = witness.delta.iter().map(Vec::as_slice).chain([&witness.e[..]]).collect();
        assert_eq!(case.ternary.project(&cells).unwrap(), numbers(&claim["p"]), "{name}");
        let c = case.ternary.combine(case.challenges.eta[1]);
        let q = zkapex_prover::chunk::fold::inner_products(&witness.rows, &c[..layout.lanes]);
        assert_eq!(q.iter().map(field::to_decimal).collect::<Vec<_>>().join(" "), text(claim, "q"), "{name}");
        let slacks: Vec<u128> = text(claim, "slacks").split(' ').map(|s| s.parse().unwrap()).collect();
        let claimed = Bits::claim(layout, &numbers(&claim["p"]), slacks.try_into().unwrap(), true).unwrap();
        let made = round_two::bits(layout, &case.statement, &witness, &case.ternary, true).unwrap();
        assert_eq!(made.columns, claimed.columns, "{name}");
    }
}

#[test]
fn every_column_of_an_answer() {
    for name in CASES {
        let case = Case::load(name);
        let done = case.assign(&case.value["claim"]);
        let names = case.layout.column_names().chain(["acc".to_owned()]);
        let columns = [done.committed, done.plain, vec![done.acc]].concat();
        assert_eq!(columns.len(), case.value["columns"].as_object().unwrap().len());
        for (column, values) in names.zip(columns) {
            assert_eq!(digest(&values), text(&case.value["columns"], &column), "{name} {column}");
        }
    }
}

#[test]
fn forged_answers_are_refused() {
    let toy = Toy::new("toy");
    for name in CASES {
        let case = Case::load(name);
        let assign = |forgery: &Value| {
            let done = case.assign(&replaced(&case.value["claim"], forgery.get("claim")));
            Columns { committed: done.committed, plain: done.plain, acc: done.acc }
        };
        assert!(case.value["forgeries"].as_array().unwrap().len() >= 7, "{name}");
        replay((name, &toy), &case.value, case.challenges.mu[1], assign);
    }
}
