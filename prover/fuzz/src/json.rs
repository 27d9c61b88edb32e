//! Changes of JSON values. What is written afterwards is canonical again: else every change would end at that check.

use serde_json::{Map, Value};

use super::dice::{Bytes, Dice};

/// Strings at the edges of what the formats allow.
const EDGES: [&str; 22] = [
    "",
    "0",
    "1",
    "-1",
    "-0",
    "00",
    "+1",
    "255",
    "8",
    "1048576",
    "549755813888",
    "1099511627776",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211455",
    "340282366920938463463374607431768211456",
    "52435875175126190479447740508185965837690552500527637822603658699938581184512",
    "52435875175126190479447740508185965837690552500527637822603658699938581184513",
    "../a",
    "a\u{0}b",
    "0000000000000000000000000000000000000000000000000000000000000000",
];

/// Alters one place of `root`; `bytes` alters text.
pub fn mutate(dice: &mut Dice, root: &mut Value, bytes: &mut Bytes) {
    let other = {
        let at = dice.below(count(root));
        nth(root, at).clone()
    };
    let at = dice.below(count(root));
    let place = nth(root, at);
    match place {
        _ if dice.once_in(12) => *place = other,
        _ if dice.once_in(40) => *place = odd(dice),
        Value::String(text) => string(dice, text, bytes),
        Value::Array(items) => list(dice, items, other),
        Value::Object(map) => object(dice, map, other, bytes),
        _ => *place = Value::Bool(dice.once_in(2)),
    }
}

/// A value of a type that canonical JSON may not hold, or that nests deep.
fn odd(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => Value::Null,
        1 => Value::from(dice.next()),
        2 => Value::from(-1.5e300),
        3 => (0..dice.below(130)).fold(Value::from("0"), |inner, _| Value::Array(vec![inner])),
        4 => (0..dice.below(130))
            .fold(Value::from("0"), |inner, _| Value::Object([("a".to_owned(), inner)].into_iter().collect())),
        _ => Value::Array(vec![Value::from("1"); dice.below(70)]),
    }
}

fn string(dice: &mut Dice, text: &mut String, bytes: &mut Bytes) {
    match (dice.below(4), text.parse::<i128>()) {
        (0, _) => *text = (*dice.pick(&EDGES).unwrap_or(&"")).to_owned(),
        (1 | 2, Ok(number)) => {
            let change = *dice.pick(&[1, -1, 2, 7, 255, 256, -64]).unwrap_or(&1);
            *text = number.saturating_add(change).to_string();
        }
        _ => {
            let mut raw = std::mem::take(text).into_bytes();
            bytes(&mut raw, 200);
            *text = String::from_utf8_lossy(&raw).into_owned();
        }
    }
}

fn list(dice: &mut Dice, items: &mut Vec<Value>, other: Value) {
    let (at, to) = (dice.below(items.len()), dice.below(items.len()));
    match dice.below(6) {
        0 if !items.is_empty() => drop(items.remove(at)),
        1 if !items.is_empty() => items.push(items[at].clone()),
        2 if !items.is_empty() => items.swap(at, to),
        3 => items.truncate(at),
        4 if !items.is_empty() => items.resize(items.len() + dice.below(40), items[at].clone()),
        _ => items.insert(at, other),
    }
}

fn object(dice: &mut Dice, map: &mut Map<String, Value>, other: Value, bytes: &mut Bytes) {
    let names: Vec<String> = map.keys().cloned().collect();
    let name = dice.pick(&names).cloned().unwrap_or_default();
    match dice.below(4) {
        0 => drop(map.remove(&name)),
        1 => {
            let mut changed = name.clone();
            string(dice, &mut changed, bytes);
            if let Some(value) = map.remove(&name) {
                map.insert(changed, value);
            }
        }
        2 => drop(map.insert(name, other)),
        _ => {
            let mut added = name;
            string(dice, &mut added, bytes);
            map.insert(added, other);
        }
    }
}

/// Values in `root`, itself among them.
fn count(root: &Value) -> usize {
    1 + match root {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The `index`-th of them, outer ones first.
fn nth(root: &mut Value, index: usize) -> &mut Value {
    if index == 0 {
        return root;
    }
    let mut left = index - 1;
    let inner: Box<dyn Iterator<Item = &mut Value>> = match root {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(map) => Box::new(map.values_mut()),
        _ => unreachable!("a leaf holds one value"),
    };
    for item in inner {
        let size = count(item);
        if left < size {
            return nth(item, left);
        }
        left -= size;
    }
    unreachable!("the index is below the count")
}
