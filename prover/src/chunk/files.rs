//! Reading artefacts by chunk, and the checks that several artefacts speak of one thing.

use blst::blst_p1_affine;

use crate::artefact::kinds::{bit, Frame, Model};
use crate::artefact::{bad_input, Container};
use crate::commit;
use crate::error::Result;

/// Bits of a mask tensor for one chunk, in chunk order.
pub fn mask(file: &Container, tensor: &str, frame: &Frame, chunk: usize) -> Result<Vec<bool>> {
    let (start, weights) = (frame.start(chunk), frame.chunks[chunk]);
    let (from, to) = (start / 8, (start + weights).div_ceil(8));
    let bytes = file.read(tensor, from as u64, (to - from) as u64)?;
    Ok((0..weights).map(|i| bit(&bytes, start % 8 + i)).collect())
}

/// 32-bit integers of one chunk from a tensor over all weights.
pub fn integers(file: &Container, tensor: &str, frame: &Frame, chunk: usize) -> Result<Vec<i32>> {
    let (start, count) = (4 * frame.start(chunk) as u64, 4 * frame.chunks[chunk] as u64);
    let bytes = file.read(tensor, start, count)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect())
}

/// Int8 entries of a whole tensor.
pub fn int8(file: &Container, tensor: &str) -> Result<Vec<i8>> {
    Ok(file.read_all(tensor)?.into_iter().map(|b| b as i8).collect())
}

/// The digest in `field` must be `wanted`.
pub fn expect_digest(file: &Container, field: &str, found: &[u8; 32], wanted: &[u8; 32]) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    let name = field.trim_end_matches("_digest").replace('_', " ");
    let message = format!("made for other {name}: expected {}", hex::encode(wanted));
    Err(bad_input(file.path(), field, hex::encode(found), message))
}

/// The file must speak of the same weights, cut into the same chunks.
pub fn expect_frame(file: &Container, found: &Frame, wanted: &Frame) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    let message = "the target weights or chunks are not those of the enrolment";
    Err(bad_input(file.path(), "layout", found.weights, message))
}

/// The file must be about the same model, by the digest of its base and by name.
pub fn expect_model(file: &Container, found: &Model, wanted: &Model) -> Result<()> {
    expect_digest(file, "model.base_digest", &found.base, &wanted.base)?;
    if found == wanted {
        return Ok(());
    }
    let message = format!("must be {} of architecture {}, as elsewhere", wanted.name, wanted.architecture);
    Err(bad_input(file.path(), "model", &found.name, message))
}

/// The mark of the SRS that the file was made with must be true.
pub fn expect_mark(file: &Container, found: bool, wanted: bool) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(bad_input(file.path(), "srs_insecure", found, "the mark is not that of the SRS"))
}

/// The file must belong to `client`.
pub fn expect_client(file: &Container, found: &str, client: &str) -> Result<()> {
    if found == client {
        return Ok(());
    }
    Err(bad_input(file.path(), "client_id", found, format!("the enrolment is {client}'s")))
}

/// Commitments stored by row, then lane, as one list of rows for each lane.
pub fn by_lane(lanes: usize, rows: &[blst_p1_affine]) -> Vec<Vec<blst_p1_affine>> {
    (0..lanes).map(|lane| rows.iter().skip(lane).step_by(lanes).copied().collect()).collect()
}

/// Commitments of the client's rows of one chunk, admitted before and kept uncompressed.
pub fn gradient_points(points: &Container, chunk: usize) -> Result<Vec<blst_p1_affine>> {
    commit::parse_uncompressed_on_curve(&points.read_slice("c_gradients", chunk)?)
}

/// Compressed commitments of θ̂ of one chunk: their bytes and points, fully checked.
pub fn theta_points(file: &Container, chunk: usize) -> Result<(Vec<u8>, Vec<midnight_curves::G1Projective>)> {
    let bytes = file.read_slice("c_theta", chunk)?;
    let points = commit::parse_compressed_checked(&bytes).map_err(|e| e.at_field("c_theta").at_file(file.path()))?;
    Ok((bytes, points))
}
