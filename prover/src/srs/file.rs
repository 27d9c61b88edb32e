//! A reference string on disk: the artefact container, kind `srs`.

use std::path::Path;

use blst::blst_p1_affine;
use safetensors::tensor::Dtype;
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};

use super::trust::{self, Origin};
use super::{check, domain_size, g2, Points, Srs, MAX_K};
use crate::artefact::writer::Writer;
use crate::artefact::Container;
use crate::commit::{parse_uncompressed_on_curve, uncompressed};
use crate::error::{Locate, Result};

const KIND: &str = "srs";
const MONOMIAL: &str = "g1_monomial";
const LAGRANGE: &str = "g1_lagrange";
const G2: &str = "g2";
const POINT: usize = 96;
const HEADER_KEYS: [&str; 6] = ["format", "insecure", "k", "source", "tensors", "version"];

type Tensor = (&'static str, [usize; 2], Vec<u8>);

fn tensors(points: &Points) -> [Tensor; 3] {
    let g1 = |p: &[blst_p1_affine]| ([p.len(), POINT], uncompressed(p));
    let (monomial, lagrange) = (g1(&points.g), g1(&points.g_lagrange));
    let pair = [g2::uncompressed(&points.g2), g2::uncompressed(&points.s_g2)].concat();
    [(MONOMIAL, monomial.0, monomial.1), (LAGRANGE, lagrange.0, lagrange.1), (G2, [2, g2::UNCOMPRESSED], pair)]
}

fn fields(k: u32, insecure: bool, source: &str) -> Map<String, Value> {
    [("k", json!(k.to_string())), ("insecure", json!(insecure)), ("source", json!(source))]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The header that the file has, or would have: canonical JSON.
pub(super) fn header(k: u32, points: &Points, insecure: bool, source: &str) -> Result<String> {
    domain_size(k)?;
    let tensors: Map<String, Value> = tensors(points)
        .into_iter()
        .map(|(name, shape, bytes)| {
            let sha256 = hex::encode(Sha256::digest(&bytes));
            let entry = json!({"dtype": "U8", "sha256": sha256, "shape": shape.map(|s| s.to_string())});
            (name.to_owned(), entry)
        })
        .collect();
    let mut header = fields(k, insecure, source);
    header.insert("format".into(), json!(format!("zkapex.{KIND}")));
    header.insert("version".into(), json!("1"));
    header.insert("tensors".into(), Value::Object(tensors));
    Ok(Value::Object(header).to_string())
}

/// The digest of an artefact.
pub(super) fn digest(header: &str) -> [u8; 32] {
    Sha256::digest(header.as_bytes()).into()
}

impl Srs {
    /// Writes the file, atomically.
    ///
    /// # Errors
    /// `Error::Io` where the system refuses.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut writer = Writer::new(path)?;
        for (name, shape, bytes) in tensors(&self.points()) {
            writer.tensor(name, &shape, [Ok(bytes)])?;
        }
        writer.finish_artefact(KIND, fields(self.k, self.insecure, &self.source))
    }

    /// Reads a file and checks all of it: the points are consecutive powers of one τ and their Lagrange form, each in its
    /// group. Those of the shipped ceremony are known by their digest; whatever else takes its name is refused, and
    /// whatever is neither that nor an import must be marked insecure.
    ///
    /// # Errors
    /// `Error::Input` that names the file and the field, `Error::Io`.
    pub fn load(path: &Path) -> Result<Self> {
        let container = Container::open(path, KIND)?;
        let header = container.header();
        header.expect_keys(&HEADER_KEYS)?;
        let k = header.integer("k", 1, MAX_K.into())? as u32;
        let (insecure, source) = (header.flag("insecure")?, header.text("source")?);
        let origin = trust::judge(k, container.digest(), insecure, source).at_file(path)?;
        let points = read_points(&container, k).at_file(path)?;
        if origin == Origin::Unknown {
            check::powers(&points).at_file(path)?;
            check::lagrange(k, &points).at_file(path)?;
        }
        Srs::with_digest(k, points, insecure, source, *container.digest())
    }
}

fn read_points(container: &Container, k: u32) -> Result<Points> {
    let size = domain_size(k)?;
    let g1 = |name: &str| {
        container.expect(name, Dtype::U8, &[size, POINT])?;
        parse_uncompressed_on_curve(&container.read_all(name)?).at_field(name)
    };
    container.expect(G2, Dtype::U8, &[2, g2::UNCOMPRESSED])?;
    let pair = container.read_all(G2)?;
    let point =
        |index: usize| g2::parse_uncompressed(&pair[index * g2::UNCOMPRESSED..][..g2::UNCOMPRESSED]).at_field(G2);
    Ok(Points { g: g1(MONOMIAL)?, g_lagrange: g1(LAGRANGE)?, g2: point(0)?, s_g2: point(1)? })
}
