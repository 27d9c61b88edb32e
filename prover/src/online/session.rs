//! The files of one client and one request, checked against each other, and the statement of each chunk.

use std::path::PathBuf;

use blst::blst_p1_affine;
use safetensors::tensor::Dtype;

use super::layout::Layout;
use super::statement::{rules, Binding, CommitmentBytes, Statement};
use crate::artefact::bad_input;
use crate::artefact::kinds::{Enrolment, Frame, Made, Points, Request, State, UNCOMPRESSED};
use crate::chunk::files;
use crate::chunk::Opening;
use crate::commit;
use crate::error::{Error, Result};

/// Paths of the public artefacts of one proof.
#[derive(Clone, Debug, clap::Args)]
pub struct PublicFiles {
    /// The client's enrolment.
    #[arg(long)]
    pub enrolment: PathBuf,
    /// Its points, as `admit-enrolment` wrote them.
    #[arg(long)]
    pub enrolment_points: PathBuf,
    /// The signed request.
    #[arg(long)]
    pub request: PathBuf,
    /// Its points, as `admit-request` wrote them.
    #[arg(long)]
    pub request_points: PathBuf,
    /// What the ledger holds of the client.
    #[arg(long)]
    pub state: PathBuf,
}

/// Everything public that the proofs of one bundle share.
pub struct Session {
    pub layout: Layout,
    pub binding: Binding,
    pub enrolment: Enrolment,
    pub request: Request,
    pub state: State,
    enrolment_points: Points,
    request_points: Points,
}

impl Session {
    /// Opens the artefacts and checks that they speak of one model, preset, client, SRS and set of tables.
    pub fn open(files: &PublicFiles, layout: Layout, made: &Made) -> Result<Self> {
        let enrolment = Enrolment::open(&files.enrolment, &layout)?;
        let request = Request::open(&files.request, &layout)?;
        let state = State::open(&files.state, &layout)?;
        enrolment.made.expect(&enrolment.file, made)?;
        request.made.expect(&request.file, made)?;
        for (file, frame) in [(&request.file, &request.frame), (&state.file, &state.frame)] {
            files::expect_frame(file, frame, &enrolment.frame)?;
        }
        files::expect_model(&request.file, &request.model, &enrolment.model)?;
        files::expect_client(&state.file, &state.client, &enrolment.client)?;
        files::expect_digest(&state.file, "enrolment_digest", &state.enrolment, enrolment.file.digest())?;
        let enrolment_points = Points::open(&files.enrolment_points, enrolment.file.digest())?;
        let request_points = Points::open(&files.request_points, request.file.digest())?;
        check_points(&layout, &enrolment, &request, &enrolment_points, &request_points)?;
        let binding = Binding {
            opening: Opening {
                tables: made.tables,
                srs: made.srs,
                preset: layout.preset.clone(),
                client: enrolment.client.clone(),
                enrolment: *enrolment.file.digest(),
            },
            state: *state.file.digest(),
            request: *request.file.digest(),
        };
        Ok(Session { layout, binding, enrolment, request, state, enrolment_points, request_points })
    }

    pub fn frame(&self) -> &Frame {
        &self.enrolment.frame
    }

    /// True where neither the request nor an accepted one masks the weight; chunk order.
    pub fn free(&self, chunk: usize) -> Result<Vec<bool>> {
        let mask = files::mask(&self.request.file, "mask", self.frame(), chunk)?;
        let cumulative = files::mask(&self.state.file, "cumulative", self.frame(), chunk)?;
        Ok(mask.iter().zip(&cumulative).map(|(a, b)| !a && !b).collect())
    }

    /// The statement of a touched chunk. Com(f) is corrected for the weights that earlier requests masked.
    pub fn statement(&self, chunk: usize, committer: &commit::Committer) -> Result<Statement> {
        let layout = &self.layout;
        let index =
            self.request.index_of(chunk).ok_or_else(|| Error::internal("a chunk that the request does not touch"))?;
        let weights = self.frame().chunks[chunk];
        let gamma = self.enrolment.gamma[chunk];
        let (t1, t2) = rules(gamma, weights, layout.rows());
        check_widths(layout, [t1, t2], &self.enrolment)?;
        let free = layout.to_lanes(&self.free(chunk)?, false)?;
        let com_free = self.com_free(index, chunk, committer)?;
        let (theta_bytes, theta_p) = files::theta_points(&self.state.file, chunk)?;
        let bytes = CommitmentBytes {
            theta_p: theta_bytes,
            free: commit::compress(&com_free),
            gradients: self.enrolment.file.read_slice("c_gradients", chunk)?,
            forget_rows: self.request.file.read_slice("c_forget", index)?,
        };
        let rows_by_lane = self.rows_by_lane(chunk, index)?;
        let limits = [t1, t2, self.request.budget[index]];
        Ok(Statement { chunk, weights, gamma, limits, free, theta_p, com_free, rows_by_lane, bytes })
    }

    fn com_free(
        &self,
        index: usize,
        chunk: usize,
        committer: &commit::Committer,
    ) -> Result<Vec<midnight_curves::G1Projective>> {
        let layout = &self.layout;
        let fleet = commit::parse_uncompressed_public(&self.request_points.file.read_slice("c_free", index)?)?;
        let mask = files::mask(&self.request.file, "mask", self.frame(), chunk)?;
        let cumulative = files::mask(&self.state.file, "cumulative", self.frame(), chunk)?;
        let again: Vec<bool> = mask.iter().zip(&cumulative).map(|(new, old)| !new && *old).collect();
        layout
            .to_lanes(&again, false)?
            .iter()
            .zip(&fleet)
            .map(|(lane, point)| Ok(commit::from_affine(point) - committer.ones(&layout.marked(lane))?))
            .collect()
    }

    fn rows_by_lane(&self, chunk: usize, index: usize) -> Result<Vec<Vec<blst_p1_affine>>> {
        let mut rows = files::gradient_points(&self.enrolment_points.file, chunk)?;
        rows.extend(commit::parse_uncompressed_public(&self.request_points.file.read_slice("c_forget", index)?)?);
        Ok(files::by_lane(self.layout.lanes, &rows))
    }
}

/// T1 and T2 must leave their slacks in width, or no client could prove.
fn check_widths(layout: &Layout, limits: [u128; 2], enrolment: &Enrolment) -> Result<()> {
    for (limit, bits) in limits.iter().zip(layout.slack_bits) {
        if bits < 128 && limit >> bits != 0 {
            let message =
                format!("the damping makes a limit of more than {bits} bits: use a smaller scale of the gradient rows");
            return Err(bad_input(enrolment.file.path(), "gamma", limit, message));
        }
    }
    Ok(())
}

fn check_points(layout: &Layout, enrolment: &Enrolment, request: &Request, own: &Points, fleet: &Points) -> Result<()> {
    let (m, t, p) = (enrolment.frame.chunks.len(), request.touched.len(), layout.lanes);
    own.file.expect("c_gradients", Dtype::U8, &[m, layout.client_rows, p, UNCOMPRESSED])?;
    fleet.file.expect("c_free", Dtype::U8, &[t, p, UNCOMPRESSED])?;
    fleet.file.expect("c_forget", Dtype::U8, &[t, layout.forget_rows, p, UNCOMPRESSED])?;
    Ok(())
}
