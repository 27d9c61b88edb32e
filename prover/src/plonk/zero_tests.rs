//! Tables that the library counts otherwise than they do.

use std::sync::Arc;

use super::*;
use crate::srs::insecure;
use crate::tables::sample;

/// The library forgets a product with the constant 0, and its degree, which the tables count.
#[test]
fn a_product_that_is_zero_everywhere_is_an_error_of_the_tables() {
    let mut value = sample::json_tables();
    let zero = serde_json::json!({"tag": "const", "value": "0"});
    let mut factors = vec![zero];
    factors.resize(7, sample::cell("a", 0));
    let poly = serde_json::json!({"tag": "product", "factors": factors});
    value["gates"].as_array_mut().unwrap().push(serde_json::json!({"id": "sample.zero", "polys": [poly]}));
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let place = |error: Error| (error.code(), error.place().field.clone());
    let wanted = ("input", Some("gates".to_owned()));
    let srs = Arc::new(insecure::generate(sample::K).unwrap());
    assert_eq!(place(ProverSetup::new(tables.clone(), srs.clone()).err().unwrap()), wanted);
    assert_eq!(place(VerifierSetup::new(tables, srs).err().unwrap()), wanted);
}
