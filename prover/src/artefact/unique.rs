//! JSON in which no object names a key twice: which of the two values counts would depend on the reader.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Any JSON value whose objects, however deep, have distinct keys. Keeps nothing of it.
pub struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON without doubled keys")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_unit<E>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
        let mut seen = HashSet::new();
        while let Some((key, _)) = entries.next_entry::<String, Unique>()? {
            if let Some(twice) = seen.replace(key) {
                return Err(A::Error::custom(format!("the name {twice:?} occurs twice")));
            }
        }
        Ok(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keys_are_found_however_deep() {
        let read = |text: &str| serde_json::from_str::<Unique>(text).map(|_| ()).map_err(|e| e.to_string());
        for good in [r#"{"a":{"a":[{"a":1},{"a":-1.5}]},"b":null,"c":true,"d":"a"}"#, "[]", "{}", "7"] {
            assert_eq!(read(good), Ok(()), "{good}");
        }
        for bad in [r#"{"a":1,"a":1}"#, r#"{"b":[{"c":{"a":1,"x":2,"a":1}}]}"#, r#"{"a":1,"\u0061":1}"#] {
            assert!(read(bad).unwrap_err().contains("occurs twice"), "{bad}");
        }
        assert!(read(r#"{"a":1"#).is_err());
    }
}
