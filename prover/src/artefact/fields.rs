//! Typed reading of a canonical JSON header. Integers are decimal strings; every error names the file and the field.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::bad_input;
use crate::error::{Error, Result};

/// A JSON object of an artefact, with the place it came from.
#[derive(Clone, Debug)]
pub struct Fields {
    path: PathBuf,
    prefix: String,
    map: Map<String, Value>,
}

impl Fields {
    /// Parses canonical JSON: sorted keys, no spaces, no duplicates, so that equal headers have equal digests.
    pub fn parse_canonical(path: &Path, text: &str) -> Result<Self> {
        let bad = |message: String| bad_input(path, "header", "", message);
        let value: Value = serde_json::from_str(text).map_err(|e| bad(format!("the header is no JSON: {e}")))?;
        if serde_json::to_string(&value).ok().as_deref() != Some(text) {
            return Err(bad("the header is not canonical JSON (sorted keys, no spaces, no duplicate keys)".into()));
        }
        match value {
            Value::Object(map) => Ok(Fields { path: path.to_owned(), prefix: String::new(), map }),
            _ => Err(bad("the header is no JSON object".into())),
        }
    }

    fn name(&self, field: &str) -> String {
        if self.prefix.is_empty() {
            field.to_owned()
        } else {
            format!("{}.{field}", self.prefix)
        }
    }

    /// What is wrong with a field.
    pub(in crate::artefact) fn error(&self, field: &str, value: impl ToString, message: impl ToString) -> Error {
        bad_input(&self.path, self.name(field), value.to_string(), message.to_string())
    }

    fn get(&self, field: &str) -> Result<&Value> {
        self.map.get(field).ok_or_else(|| self.error(field, "", "the field is missing"))
    }

    /// A nested object, given its value.
    pub fn nested(&self, field: &str, value: &Value) -> Result<Fields> {
        match value {
            Value::Object(map) => Ok(Fields { path: self.path.clone(), prefix: self.name(field), map: map.clone() }),
            other => Err(self.error(field, other, "expected an object")),
        }
    }

    /// The nested object `field`.
    pub fn child(&self, field: &str) -> Result<Fields> {
        self.nested(field, self.get(field)?)
    }

    pub fn object(&self, field: &str) -> Result<Map<String, Value>> {
        Ok(self.child(field)?.map)
    }

    /// Refuses keys that are not in `keys`.
    pub fn expect_keys(&self, keys: &[&str]) -> Result<()> {
        match self.map.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(self.error(key, "", "unknown field")),
            None => Ok(()),
        }
    }

    /// Refuses keys that are not in `keys`, and a key that is missing.
    pub fn expect_exactly(&self, keys: &[&str]) -> Result<()> {
        self.expect_keys(keys)?;
        keys.iter().try_for_each(|key| self.get(key).map(drop))
    }

    pub(in crate::artefact) fn list(&self, field: &str) -> Result<&[Value]> {
        match self.get(field)? {
            Value::Array(items) => Ok(items),
            other => Err(self.error(field, other, "expected a list")),
        }
    }

    /// One line of `low` to `high` characters.
    pub fn printable(&self, field: &str, low: usize, high: usize) -> Result<String> {
        let text = self.text(field)?;
        let printable = |c: char| c == ' ' || !(c.is_control() || c.is_whitespace());
        if !text.chars().all(printable) || !(low..=high).contains(&text.chars().count()) {
            return Err(self.error(field, text, format!("expected {low} to {high} printable characters")));
        }
        Ok(text.to_owned())
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`.
    pub fn timestamp(&self, field: &str) -> Result<()> {
        let text = self.text(field)?;
        let form = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b }).eq(*b"0000-00-00T00:00:00Z");
        if form {
            Ok(())
        } else {
            Err(self.error(field, text, "expected a time in UTC, YYYY-MM-DDTHH:MM:SSZ"))
        }
    }

    pub fn text(&self, field: &str) -> Result<&str> {
        match self.get(field)? {
            Value::String(text) => Ok(text),
            other => Err(self.error(field, other, "expected a string")),
        }
    }

    pub fn expect_str(&self, field: &str, wanted: &str) -> Result<()> {
        let found = self.text(field)?;
        if found == wanted {
            Ok(())
        } else {
            Err(self.error(field, found, format!("expected {wanted:?}")))
        }
    }

    pub fn flag(&self, field: &str) -> Result<bool> {
        self.get(field)?.as_bool().ok_or_else(|| self.error(field, "", "expected true or false"))
    }

    /// 32 bytes in lower-case hex.
    pub fn digest(&self, field: &str) -> Result<[u8; 32]> {
        let text = self.text(field)?;
        let bytes: Option<[u8; 32]> = hex::decode(text).ok().and_then(|b| b.try_into().ok());
        match bytes {
            Some(bytes) if hex::encode(bytes) == text => Ok(bytes),
            _ => Err(self.error(field, text, "expected 32 bytes in lower-case hex")),
        }
    }

    /// An integer in [low, high].
    pub fn integer(&self, field: &str, low: u128, high: u128) -> Result<u128> {
        let text = self.text(field)?;
        self.parse_integer(field, text, low, high)
    }

    fn parse_integer(&self, field: &str, text: &str, low: u128, high: u128) -> Result<u128> {
        let value = text.parse::<u128>().ok().filter(|v| v.to_string() == text);
        match value {
            Some(value) if (low..=high).contains(&value) => Ok(value),
            _ => Err(self.error(field, text, format!("expected a decimal integer from {low} to {high}"))),
        }
    }

    /// A list of integers, each in [low, high].
    pub fn integers(&self, field: &str, low: u128, high: u128) -> Result<Vec<u128>> {
        self.list(field)?
            .iter()
            .enumerate()
            .map(|(i, item)| {
                let place = format!("{field}[{i}]");
                let text = item.as_str().ok_or_else(|| self.error(&place, item, "expected a decimal string"))?;
                self.parse_integer(&place, text, low, high)
            })
            .collect()
    }

    /// A list of counts below 2^40.
    pub fn counts(&self, field: &str) -> Result<Vec<usize>> {
        Ok(self.integers(field, 0, 1 << 40)?.into_iter().map(|v| v as usize).collect())
    }
}
