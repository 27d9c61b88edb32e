//! Import of a ceremony's published transcript (JSON).
//!
//! `{"transcripts": [{"numG1Powers", "numG2Powers", "powersOfTau": {"G1Powers": [hex], "G2Powers": [hex]}, …}, …], …}`, one
//! transcript for each of 2^12 … 2^15 powers. The file is mapped, not read: only the points are kept. The contributors'
//! witness is skipped: that τ is unknown rests on the ceremony's own audit, not on this program.

use std::fmt;
use std::fs::File;
use std::path::Path;

use blst::blst_p1_affine;
use rayon::prelude::*;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::Deserialize;

use super::{g2, Points, Srs};
use crate::commit::parse_compressed_affine;
use crate::error::{Error, Locate, Result};

/// Supported sizes.
pub const MIN_K: u32 = 12;
pub const MAX_K: u32 = 15;

/// The published transcript has about 250 MB.
const MAX_BYTES: u64 = 2 << 30;
const MAX_TRANSCRIPTS: usize = 8;
const G1_BYTES: usize = 48;

/// `source` of an imported reference string.
fn source(k: u32) -> String {
    format!("ceremony-{}", 1u64 << k)
}

/// Whether `source` is what [`load`] writes for 2^k rows.
pub(super) fn is_source(k: u32, name: &str) -> bool {
    (MIN_K..=MAX_K).contains(&k) && name == source(k)
}

#[derive(Deserialize)]
struct Ceremony {
    transcripts: List<Transcript, MAX_TRANSCRIPTS>,
}

#[derive(Deserialize)]
struct Transcript {
    #[serde(rename = "numG1Powers")]
    g1_count: u64,
    #[serde(rename = "numG2Powers")]
    g2_count: u64,
    #[serde(rename = "powersOfTau")]
    powers: Powers,
}

#[derive(Deserialize)]
struct Powers {
    #[serde(rename = "G1Powers")]
    g1: List<HexPoint<G1_BYTES>, { 1 << MAX_K }>,
    #[serde(rename = "G2Powers")]
    g2: List<HexPoint<{ g2::COMPRESSED }>, 128>,
}

/// At most `MAX` items.
struct List<T, const MAX: usize>(Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = List<T, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "a list of at most {MAX} items")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() == MAX {
                        return Err(A::Error::custom(format!("a list has more than {MAX} items")));
                    }
                    items.push(item);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(Items(std::marker::PhantomData))
    }
}

/// `0x` and 2·N hex digits.
struct HexPoint<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for HexPoint<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Text<const N: usize>;
        impl<const N: usize> Visitor<'_> for Text<N> {
            type Value = HexPoint<N>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "0x and {} hex digits", 2 * N)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Self::Value, E> {
                let mut bytes = [0u8; N];
                let digits = text.strip_prefix("0x").ok_or_else(|| E::custom("a point must start with 0x"))?;
                hex::decode_to_slice(digits, &mut bytes)
                    .map_err(|e| E::custom(format!("a point is not {N} bytes of hex: {e}")))?;
                Ok(HexPoint(bytes))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The reference string for 2^k rows from the transcript of exactly 2^k powers, 12 ≤ k ≤ 15, fully checked.
///
/// # Errors
/// `Error::Input` that names the file and the field; `Error::Io`.
pub fn load(path: &Path, k: u32) -> Result<Srs> {
    read(path, k).at_file(path)
}

fn read(path: &Path, k: u32) -> Result<Srs> {
    if !(MIN_K..=MAX_K).contains(&k) {
        return Err(Error::input(format!("ceremonies have transcripts for k from {MIN_K} to {MAX_K}"))
            .at_field("k")
            .with_value(k));
    }
    let file = File::open(path).map_err(|e| Error::io("cannot open the ceremony", e))?;
    let length = file.metadata().map_err(|e| Error::io("cannot read the ceremony", e))?.len();
    if length > MAX_BYTES {
        return Err(Error::input("the ceremony is too long").with_value(length));
    }
    // SAFETY: the map is read only. Were the file to change meanwhile, the parser would see other bytes, which it treats as
    // hostile in any case; a file that shrinks ends the process, as any mapped file does.
    let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|e| Error::io("cannot read the ceremony", e))?;
    parse(&map, k)
}

/// As [`load`], over the bytes of the file.
fn parse(bytes: &[u8], k: u32) -> Result<Srs> {
    let ceremony: Ceremony =
        serde_json::from_slice(bytes).map_err(|e| Error::input(format!("the ceremony is malformed: {e}")))?;
    let size = 1usize << k;
    let mut wanted = ceremony.transcripts.0.into_iter().filter(|t| t.g1_count == size as u64);
    let transcript = match (wanted.next(), wanted.next()) {
        (Some(transcript), None) => transcript,
        _ => {
            return Err(Error::input(format!("the ceremony does not have exactly one transcript of {size} powers"))
                .at_field("transcripts"))
        }
    };
    let points = points(k, &transcript).within("powersOfTau").within("transcripts")?;
    Srs::assemble(k, points, false, &source(k))
}

fn points(k: u32, transcript: &Transcript) -> Result<Points> {
    let powers = &transcript.powers;
    let counts =
        [("G1Powers", powers.g1.0.len(), transcript.g1_count), ("G2Powers", powers.g2.0.len(), transcript.g2_count)];
    for (field, found, stated) in counts {
        if found as u64 != stated {
            return Err(Error::input(format!("{found} points where the transcript states {stated}"))
                .at_field(field)
                .with_value(found));
        }
    }
    let [first, second, ..] = powers.g2.0.as_slice() else {
        return Err(Error::input("two points of G2 are needed").at_field("G2Powers").with_value(powers.g2.0.len()));
    };
    let g2 = g2::parse_compressed(&first.0).at_field("G2Powers[0]")?;
    let s_g2 = g2::parse_compressed(&second.0).at_field("G2Powers[1]")?;
    Points::from_powers(k, g1_points(&powers.g1.0)?, g2, s_g2)
}

fn g1_points(powers: &[HexPoint<G1_BYTES>]) -> Result<Vec<blst_p1_affine>> {
    let one = |(index, point): (usize, &HexPoint<G1_BYTES>)| {
        let parsed = parse_compressed_affine(&point.0).map_err(|e| e.at_field(format!("G1Powers[{index}]")))?;
        parsed.first().copied().ok_or_else(|| Error::internal("a point was lost"))
    };
    powers.par_iter().enumerate().map(one).collect()
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
