//! `tables`: the facts of a circuit as Halo2 sees it.

use serde_json::{json, Value};

use super::context::{Context, Setup};
use crate::error::Result;
use crate::plonk::VerifierSetup;

pub fn run(setup: &Setup) -> Result<Value> {
    let context = Context::open(setup)?;
    let setup = VerifierSetup::new(context.tables.clone(), context.srs.clone())?;
    Ok(json!({
        "relation": context.tables.relation,
        "digest": hex::encode(context.tables.digest),
        "k": context.tables.k,
        "preset": context.layout.preset,
        "insecure": context.insecure(),
        "capacity": context.layout.capacity(),
        "facts": setup.facts().to_json(),
    }))
}
