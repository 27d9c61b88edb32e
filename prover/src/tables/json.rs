//! Strict reading of canonical JSON: every step names the field, so that an error says where it is.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// A value and the way to it, such as `gates[3].polys[0]`.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
}

/// Parses canonical JSON: UTF-8, sorted keys, no spaces, minimal escapes, no duplicate keys.
pub(super) fn parse_canonical(bytes: &[u8]) -> Result<Value> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|e| Error::input(format!("the tables are not JSON: {e}")))?;
    let again = serde_json::to_vec(&value).map_err(|e| Error::internal(e.to_string()))?;
    if again != bytes {
        return Err(Error::input("the tables are not canonical JSON (sorted keys, no spaces, no duplicate keys)"));
    }
    Ok(value)
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Node { value, path: String::new() }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        let shown = match self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Error::input(message).at_field(self.path.clone()).with_value(shown)
    }

    fn map(&self) -> Result<&'a Map<String, Value>> {
        self.value.as_object().ok_or_else(|| self.error("must be an object"))
    }

    /// The object's keys and values; any key is allowed.
    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Node<'a>)>> {
        Ok(self.map()?.iter().map(|(key, value)| (key.as_str(), self.step(key, value))).collect())
    }

    /// The values of exactly these keys, in their order.
    pub(super) fn object<const N: usize>(&self, keys: [&str; N]) -> Result<[Node<'a>; N]> {
        let map = self.map()?;
        if let Some(key) = map.keys().find(|key| !keys.contains(&key.as_str())) {
            return Err(self.step(key, &Value::Null).error("is not a key of the format"));
        }
        if let Some(key) = keys.iter().find(|key| !map.contains_key(**key)) {
            return Err(self.step(key, &Value::Null).error("is missing"));
        }
        Ok(keys.map(|key| self.step(key, &map[key])))
    }

    /// The value of one key of an object.
    pub(super) fn get(&self, key: &str) -> Result<Node<'a>> {
        let value = self.map()?.get(key);
        value.map(|value| self.step(key, value)).ok_or_else(|| self.step(key, &Value::Null).error("is missing"))
    }

    fn step(&self, key: &str, value: &'a Value) -> Node<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Node { value, path }
    }

    /// The items of a list of at most `max`.
    pub(super) fn list(&self, max: usize) -> Result<Vec<Node<'a>>> {
        let items = self.value.as_array().ok_or_else(|| self.error("must be a list"))?;
        if items.len() > max {
            return Err(Error::input(format!("has more than {max} items"))
                .at_field(self.path.clone())
                .with_value(items.len()));
        }
        let item = |(index, value)| Node { value, path: format!("{}[{index}]", self.path) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        self.value.as_str().ok_or_else(|| self.error("must be a string"))
    }

    pub(super) fn flag(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.error("must be true or false"))
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn is_flag(&self) -> bool {
        self.value.is_boolean()
    }

    pub(super) fn expect(&self, wanted: &str) -> Result<()> {
        if self.text()? == wanted {
            Ok(())
        } else {
            Err(self.error(format!("must be {wanted}")))
        }
    }

    /// A canonical decimal integer in [low, high].
    pub(super) fn integer(&self, low: i64, high: i64) -> Result<i64> {
        let text = self.text()?;
        let value = text.parse::<i64>().ok().filter(|value| value.to_string() == text);
        match value {
            Some(value) if (low..=high).contains(&value) => Ok(value),
            _ => Err(self.error(format!("must be a decimal integer from {low} to {high}"))),
        }
    }

    /// A count or a row, at most `max`.
    pub(super) fn count(&self, max: usize) -> Result<usize> {
        let high = i64::try_from(max).unwrap_or(i64::MAX);
        Ok(self.integer(0, high)? as usize)
    }

    /// A field element below p.
    pub(super) fn field_element(&self) -> Result<crate::field::F> {
        crate::field::parse_decimal(self.text()?).map_err(|e| e.at_field(self.path.clone()))
    }
}
