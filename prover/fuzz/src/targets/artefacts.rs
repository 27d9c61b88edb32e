//! Artefacts on the toy preset. What is accepted is then read chunk by chunk, as proving and verifying do.

use std::path::Path;
use std::sync::OnceLock;

use zkapex_prover::artefact::kinds::{
    forget_name, gradients_name, Base, Bundle, Enrolment, EnrolmentProof, Frame, Points, Request, Secret, State, Update,
};
use zkapex_prover::artefact::Container;
use zkapex_prover::chunk::{files, ChunkLayout, Message, Rows};
use zkapex_prover::commit::point;
use zkapex_prover::{enrolment as enrol, online, Result};

use super::super::scratch::with_file;
use super::vectors;

/// Chunks that are read of a file, however many it has.
const READ: usize = 4;
/// What the points of the corpus belong to.
const OF: [u8; 32] = [0x11; 32];

fn online_layout() -> &'static online::Layout {
    static LAYOUT: OnceLock<online::Layout> = OnceLock::new();
    LAYOUT.get_or_init(|| online::Layout::from_tables(&vectors::tables("tables/toy.tables.json")).expect("toy tables"))
}

fn enrol_layout() -> &'static enrol::Layout {
    static LAYOUT: OnceLock<enrol::Layout> = OnceLock::new();
    LAYOUT.get_or_init(|| {
        enrol::Layout::from_tables(&vectors::tables("tables/enrol-toy.tables.json")).expect("toy tables")
    })
}

fn each_chunk(frame: &Frame, read: impl Fn(usize) -> Result<()>) -> Result<()> {
    (0..frame.chunks.len().min(READ)).try_for_each(read)
}

fn rows(file: &Container, layout: &ChunkLayout, name: &str, weights: usize) -> Result<()> {
    let cells = files::int8(file, name)?;
    Rows::new(layout, &cells.chunks(weights).collect::<Vec<_>>()).map(drop)
}

pub fn base(bytes: &[u8]) -> Result<()> {
    let layout = enrol_layout();
    with_file(bytes, |path| {
        let draft = Base::open_draft(path, layout, layout.distance_bits);
        let base = Base::open(path, layout, layout.distance_bits)?;
        assert!(draft.is_err(), "a draft holds no commitments");
        each_chunk(&base.frame, |chunk| {
            files::integers(&base.file, "theta0", &base.frame, chunk)?;
            point::parse_compressed_public(&base.file.read_slice("c_base", chunk)?).map(drop)
        })
    })
}

pub fn enrolment(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| {
        let enrolment = Enrolment::open(path, online_layout())?;
        each_chunk(&enrolment.frame, |chunk| {
            files::theta_points(&enrolment.file, chunk)?;
            point::parse_compressed_checked(&enrolment.file.read_slice("c_gradients", chunk)?).map(drop)
        })
    })
}

pub fn request(bytes: &[u8]) -> Result<()> {
    let layout = online_layout();
    with_file(bytes, |path| {
        let draft = Request::open_draft(path, layout);
        let request = Request::open(path, layout)?;
        assert!(draft.is_err(), "a draft holds no commitments");
        request.touched.iter().take(READ).try_for_each(|chunk| {
            let masked = files::mask(&request.file, "mask", &request.frame, *chunk)?;
            assert!(masked.contains(&true) && request.index_of(*chunk).is_some());
            rows(&request.file, layout, &forget_name(*chunk), request.frame.chunks[*chunk])
        })
    })
}

pub fn state(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| {
        let state = State::open(path, online_layout())?;
        each_chunk(&state.frame, |chunk| {
            files::mask(&state.file, "cumulative", &state.frame, chunk)?;
            files::theta_points(&state.file, chunk).map(drop)
        })
    })
}

pub fn secret(bytes: &[u8]) -> Result<()> {
    let layout = online_layout();
    with_file(bytes, |path| {
        let secret = Secret::open(path, layout)?;
        each_chunk(&secret.frame, |chunk| {
            files::integers(&secret.file, "theta", &secret.frame, chunk)?;
            secret.file.read_slice("theta_seeds", chunk)?;
            rows(&secret.file, layout, &gradients_name(chunk), secret.frame.chunks[chunk])
        })
    })
}

pub fn update(bytes: &[u8]) -> Result<()> {
    with_file(bytes, Update::open).map(drop)
}

/// Points that were admitted before, uncompressed.
pub fn admitted(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| {
        let points = Points::open(path, &OF)?;
        if points.file.has("c_gradients") {
            point::parse_uncompressed_public(&points.file.read_all("c_gradients")?)?;
            files::gradient_points(&points.file, 0)?;
        }
        Ok(())
    })
}

/// The messages of a file, cut into the sections of their relation.
fn messages(chunks: &[usize], sections: &[usize], message: impl Fn(usize) -> Result<Vec<u8>>) -> Result<()> {
    chunks.iter().take(READ).try_for_each(|chunk| {
        let message = Message::parse(sections, message(*chunk)?)?;
        let points: usize = (0..sections.len()).map(|section| message.points(section).len()).sum();
        assert_eq!(points, sections.iter().sum::<usize>());
        Ok(())
    })
}

pub fn bundle(bytes: &[u8]) -> Result<()> {
    let layout = online_layout();
    let read = |path: &Path| {
        let bundle = Bundle::open(path, layout)?;
        messages(&bundle.chunks, &layout.sections(), |chunk| bundle.message(chunk))
    };
    with_file(bytes, read)
}

pub fn enrolment_proof(bytes: &[u8]) -> Result<()> {
    let layout = enrol_layout();
    let read = |path: &Path| {
        let proof = EnrolmentProof::open(path, layout)?;
        messages(&proof.chunks, &layout.sections(), |chunk| proof.message(chunk))
    };
    with_file(bytes, read)
}
