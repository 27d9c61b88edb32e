//! The sizes of a relation as its tables state them; the prover of a relation reads what it needs.

use std::collections::BTreeMap;

use super::json::Node;
use super::limits;
use crate::error::{Error, Result};

/// A value of the layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutValue {
    Count(usize),
    Flag(bool),
    Text(String),
    List(Vec<usize>),
}

/// Layout values by name, with typed getters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayoutMap(BTreeMap<String, LayoutValue>);

impl LayoutMap {
    pub(super) fn parse(node: &Node) -> Result<Self> {
        let entries = node.entries()?;
        if entries.len() > limits::LAYOUT {
            return Err(node.error(format!("has more than {} entries", limits::LAYOUT)));
        }
        let values = entries.into_iter().map(|(key, value)| Ok((key.to_owned(), parse_value(&value)?)));
        Ok(LayoutMap(values.collect::<Result<_>>()?))
    }

    fn get(&self, key: &str) -> Result<&LayoutValue> {
        self.0.get(key).ok_or_else(|| wrong(key, "is missing"))
    }

    /// A count below 2^24.
    ///
    /// # Errors
    /// This and the other getters: `Error::Input` that names the field where it is missing or of another type.
    pub fn count(&self, key: &str) -> Result<usize> {
        match self.get(key)? {
            LayoutValue::Count(count) => Ok(*count),
            _ => Err(wrong(key, "must be a count")),
        }
    }

    pub fn flag(&self, key: &str) -> Result<bool> {
        match self.get(key)? {
            LayoutValue::Flag(flag) => Ok(*flag),
            _ => Err(wrong(key, "must be true or false")),
        }
    }

    pub fn text(&self, key: &str) -> Result<&str> {
        match self.get(key)? {
            LayoutValue::Text(text) => Ok(text),
            _ => Err(wrong(key, "must be text")),
        }
    }

    pub fn list(&self, key: &str) -> Result<Vec<usize>> {
        match self.get(key)? {
            LayoutValue::List(list) => Ok(list.clone()),
            _ => Err(wrong(key, "must be a list")),
        }
    }
}

fn wrong(key: &str, message: &str) -> Error {
    Error::input(message).at_field(format!("layout.{key}"))
}

fn parse_value(node: &Node) -> Result<LayoutValue> {
    if node.is_flag() {
        return Ok(LayoutValue::Flag(node.flag()?));
    }
    if node.is_list() {
        let items = node.list(limits::LAYOUT)?;
        return Ok(LayoutValue::List(items.iter().map(|item| item.count(limits::COUNT)).collect::<Result<_>>()?));
    }
    let text = node.text()?;
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return Ok(LayoutValue::Count(node.count(limits::COUNT)?));
    }
    let printable = text.bytes().all(|b| b.is_ascii_graphic());
    if text.is_empty() || text.len() > limits::NAME || !printable {
        return Err(node.error("must be a count or a short name"));
    }
    Ok(LayoutValue::Text(text.to_owned()))
}
