//! The files of one client's enrolment, checked against each other, and the statement of each chunk.

use std::path::PathBuf;

use midnight_curves::G1Projective;
use safetensors::tensor::Dtype;

use super::layout::Layout;
use super::statement::{Binding, CommitmentBytes, Statement};
use crate::artefact::bad_input;
use crate::artefact::kinds::{Base, Enrolment, Frame, Made, Model, Points, State, UNCOMPRESSED};
use crate::chunk::{files, Opening};
use crate::commit::{self, Committer};
use crate::error::Result;

/// Paths of the public artefacts of one enrolment proof.
#[derive(Clone, Debug, clap::Args)]
pub struct PublicFiles {
    /// The client's enrolment.
    #[arg(long)]
    pub enrolment: PathBuf,
    /// Its points, as `admit-enrolment` wrote them.
    #[arg(long)]
    pub enrolment_points: PathBuf,
    /// The provider's signed base.
    #[arg(long)]
    pub base: PathBuf,
    /// Its points, as `admit-base` wrote them.
    #[arg(long)]
    pub base_points: PathBuf,
    /// For a re-enrolment: what the ledger holds of the client now.
    #[arg(long)]
    pub state: Option<PathBuf>,
}

/// Everything public that the proofs of one enrolment share.
pub struct Session {
    pub layout: Layout,
    pub binding: Binding,
    pub enrolment: Enrolment,
    pub base: Base,
    /// Present for a re-enrolment.
    pub state: Option<State>,
    enrolment_points: Points,
    base_points: Points,
}

impl Session {
    /// Opens the artefacts and checks that they speak of one base, preset, client, SRS and set of tables.
    ///
    /// `made` holds the digests of the `enrol` tables and of the SRS.
    pub fn open(files: &PublicFiles, layout: Layout, made: &Made) -> Result<Self> {
        let enrolment = Enrolment::open(&files.enrolment, &layout)?;
        let base = Base::open(&files.base, &layout, layout.distance_bits)?;
        let state = files.state.as_ref().map(|path| State::open(path, &layout)).transpose()?;
        check_base(&enrolment, &base, made)?;
        if let Some(state) = &state {
            check_state(&enrolment, state)?;
        }
        let enrolment_points = Points::open(&files.enrolment_points, enrolment.file.digest())?;
        let base_points = Points::open(&files.base_points, base.file.digest())?;
        let (chunks, lanes) = (enrolment.frame.chunks.len(), layout.lanes);
        enrolment_points.file.expect("c_gradients", Dtype::U8, &[chunks, layout.client_rows, lanes, UNCOMPRESSED])?;
        base_points.file.expect("c_base", Dtype::U8, &[chunks, lanes, UNCOMPRESSED])?;
        let binding = Binding {
            opening: Opening {
                tables: made.tables,
                srs: made.srs,
                preset: layout.preset.clone(),
                client: enrolment.client.clone(),
                enrolment: *enrolment.file.digest(),
            },
            base: *base.file.digest(),
            state: state.as_ref().map_or([0; 32], |state| *state.file.digest()),
        };
        Ok(Session { layout, binding, enrolment, base, state, enrolment_points, base_points })
    }

    pub fn frame(&self) -> &Frame {
        &self.enrolment.frame
    }

    /// The statement of one chunk.
    pub fn statement(&self, chunk: usize, committer: &Committer) -> Result<Statement> {
        let free = self.layout.to_lanes(&self.free(chunk)?, false)?;
        let base_free = self.base_free(chunk, committer)?;
        let (theta_bytes, theta_p) = files::theta_points(&self.enrolment.file, chunk)?;
        let current = self.state.as_ref().map(|state| files::theta_points(&state.file, chunk)).transpose()?;
        let (current_bytes, theta_current) = current.unzip();
        let bytes = CommitmentBytes {
            theta_p: theta_bytes,
            gradients: self.enrolment.file.read_slice("c_gradients", chunk)?,
            base_free: commit::compress(&base_free),
            theta_current: current_bytes.unwrap_or_default(),
        };
        let rows = files::gradient_points(&self.enrolment_points.file, chunk)?;
        Ok(Statement {
            chunk,
            weights: self.frame().chunks[chunk],
            gamma: self.enrolment.gamma[chunk],
            distance: self.base.distance[chunk],
            free,
            theta_p,
            base_free,
            theta_current,
            rows_by_lane: files::by_lane(self.layout.lanes, &rows),
            bytes,
        })
    }

    /// True where no accepted request masks the weight; chunk order.
    fn free(&self, chunk: usize) -> Result<Vec<bool>> {
        match &self.state {
            Some(state) => {
                Ok(files::mask(&state.file, "cumulative", self.frame(), chunk)?.iter().map(|masked| !masked).collect())
            }
            None => Ok(vec![true; self.frame().chunks[chunk]]),
        }
    }

    /// Com(f_cum∘θ̂0): the fleet's commitment less the base weights that were forgotten.
    fn base_free(&self, chunk: usize, committer: &Committer) -> Result<Vec<G1Projective>> {
        let layout = &self.layout;
        let fleet = commit::parse_uncompressed_public(&self.base_points.file.read_slice("c_base", chunk)?)?;
        let base = files::integers(&self.base.file, "theta0", self.frame(), chunk)?;
        let mut forgotten: Vec<Vec<(usize, i64)>> = vec![Vec::new(); layout.lanes];
        for (i, _) in self.free(chunk)?.iter().enumerate().filter(|(_, free)| !**free) {
            forgotten[i % layout.lanes].push((layout.active_start + i / layout.lanes, base[i].into()));
        }
        fleet
            .iter()
            .zip(&forgotten)
            .map(|(point, cells)| Ok(commit::from_affine(point) - committer.gather(cells)?))
            .collect()
    }
}

fn check_base(enrolment: &Enrolment, base: &Base, made: &Made) -> Result<()> {
    files::expect_digest(&base.file, "enrol_tables_digest", &base.enrol_tables, &made.tables)?;
    let shared = Made { tables: base.made.tables, ..made.clone() };
    base.made.expect(&base.file, &shared)?;
    enrolment.made.expect(&enrolment.file, &shared)?;
    files::expect_frame(&base.file, &base.frame, &enrolment.frame)?;
    let model = Model { base: *base.file.digest(), ..base.model.clone() };
    files::expect_model(&enrolment.file, &enrolment.model, &model)
}

/// A re-enrolment replaces another enrolment of the same client over the same weights.
fn check_state(enrolment: &Enrolment, state: &State) -> Result<()> {
    files::expect_frame(&state.file, &state.frame, &enrolment.frame)?;
    files::expect_client(&state.file, &state.client, &enrolment.client)?;
    if state.enrolment == *enrolment.file.digest() {
        let message = "the ledger's state already belongs to this enrolment: a re-enrolment needs a new one";
        return Err(bad_input(state.file.path(), "enrolment_digest", hex::encode(state.enrolment), message));
    }
    Ok(())
}
