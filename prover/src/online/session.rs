//! The files of one client and one request, checked against each other, and the statement of each chunk.

use std::path::PathBuf;

use blst::blst_p1_affine;
use safetensors::tensor::Dtype;

use super::layout::Layout;
use super::message::POINT;
use super::statement::{rules, Binding, CommitmentBytes, Statement};
use crate::artefact::bad_input;
use crate::artefact::kinds::{bit, Enrolment, Frame, Made, Points, Request, State, UNCOMPRESSED};
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
        check_made(&enrolment.file, &enrolment.made, made)?;
        check_made(&request.file, &request.made, made)?;
        for (file, frame) in [(&request.file, &request.frame), (&state.file, &state.frame)] {
            if *frame != enrolment.frame {
                let message = "the target weights or chunks are not those of the enrolment";
                return Err(bad_input(file.path(), "layout", frame.weights, message));
            }
        }
        if state.client != enrolment.client {
            return Err(bad_input(state.file.path(), "client_id", &state.client, format!("the enrolment is {}'s", enrolment.client)));
        }
        if state.enrolment != *enrolment.file.digest() {
            let message = "the state belongs to another enrolment";
            return Err(bad_input(state.file.path(), "enrolment_digest", hex::encode(state.enrolment), message));
        }
        check_untouched(&request)?;
        let enrolment_points = Points::open(&files.enrolment_points, enrolment.file.digest())?;
        let request_points = Points::open(&files.request_points, request.file.digest())?;
        check_points(&layout, &enrolment, &request, &enrolment_points, &request_points)?;
        let binding = Binding {
            tables: made.tables,
            srs: made.srs,
            preset: layout.preset.clone(),
            client: enrolment.client.clone(),
            enrolment: *enrolment.file.digest(),
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
        let mask = self.bits(&self.request.file, "mask", chunk)?;
        let cumulative = self.bits(&self.state.file, "cumulative", chunk)?;
        Ok(mask.iter().zip(&cumulative).map(|(a, b)| !a && !b).collect())
    }

    fn bits(&self, file: &crate::artefact::Container, tensor: &str, chunk: usize) -> Result<Vec<bool>> {
        let (start, weights) = (self.frame().start(chunk), self.frame().chunks[chunk]);
        let (from, to) = (start / 8, (start + weights).div_ceil(8));
        let bytes = file.read(tensor, from as u64, (to - from) as u64)?;
        Ok((0..weights).map(|i| bit(&bytes, start % 8 + i)).collect())
    }

    /// The statement of a touched chunk. Com(f) is corrected for the weights that earlier requests masked.
    pub fn statement(&self, chunk: usize, committer: &commit::Committer) -> Result<Statement> {
        let layout = &self.layout;
        let index = self.request.index_of(chunk).ok_or_else(|| Error::internal("a chunk that the request does not touch"))?;
        let weights = self.frame().chunks[chunk];
        let gamma = self.enrolment.gamma[chunk];
        let (t1, t2) = rules(gamma, weights, layout.rows());
        check_widths(layout, [t1, t2], &self.enrolment)?;
        let free = layout.to_lanes(&self.free(chunk)?, false)?;
        let com_free = self.com_free(index, chunk, committer)?;
        let theta_bytes = self.state.file.read_slice("c_theta", chunk)?;
        let bytes = CommitmentBytes {
            theta_p: theta_bytes,
            free: commit::compress(&com_free),
            gradients: self.enrolment.file.read_slice("c_gradients", chunk)?,
            forget_rows: self.request.file.read_slice("c_forget", index)?,
        };
        let theta_p = commit::parse_compressed_checked(&bytes.theta_p).map_err(|e| e.at_field("c_theta").at_file(self.state.file.path()))?;
        let rows_by_lane = self.rows_by_lane(chunk, index)?;
        let limits = [t1, t2, self.request.budget[index]];
        Ok(Statement { chunk, weights, gamma, limits, free, theta_p, com_free, rows_by_lane, bytes })
    }

    fn com_free(&self, index: usize, chunk: usize, committer: &commit::Committer) -> Result<Vec<midnight_curves::G1Projective>> {
        let layout = &self.layout;
        let fleet = commit::parse_uncompressed_public(&self.request_points.file.read_slice("c_free", index)?)?;
        let mask = self.bits(&self.request.file, "mask", chunk)?;
        let cumulative = self.bits(&self.state.file, "cumulative", chunk)?;
        let again: Vec<bool> = mask.iter().zip(&cumulative).map(|(new, old)| !new && *old).collect();
        layout
            .to_lanes(&again, false)?
            .iter()
            .zip(&fleet)
            .map(|(lane, point)| {
                let rows: Vec<usize> = (0..lane.len()).filter(|row| lane[*row]).map(|row| layout.active_start + row).collect();
                Ok(commit::from_affine(point) - committer.ones(&rows)?)
            })
            .collect()
    }

    fn rows_by_lane(&self, chunk: usize, index: usize) -> Result<Vec<Vec<blst_p1_affine>>> {
        let lanes = self.layout.lanes;
        let own = commit::parse_uncompressed_on_curve(&self.enrolment_points.file.read_slice("c_gradients", chunk)?)?;
        let forget = commit::parse_uncompressed_public(&self.request_points.file.read_slice("c_forget", index)?)?;
        let lane_of = |lane: usize| own.iter().chain(&forget).skip(lane).step_by(lanes).copied().collect();
        Ok((0..lanes).map(lane_of).collect())
    }
}

/// A mask must be zero on the chunks that the request does not list: nobody would prove those.
fn check_untouched(request: &Request) -> Result<()> {
    let mut start = 0;
    for (chunk, weights) in request.frame.chunks.iter().enumerate() {
        let (from, end) = (start / 8, start + weights);
        if request.index_of(chunk).is_none() {
            let bytes = request.file.read("mask", from as u64, (end.div_ceil(8) - from) as u64)?;
            if (start..end).any(|i| bit(&bytes, i - 8 * from)) {
                let message = "the mask zeroes weights of a chunk that the request does not list as touched";
                return Err(bad_input(request.file.path(), "touched", chunk, message));
            }
        }
        start = end;
    }
    Ok(())
}

/// T1 and T2 must leave their slacks in width, or no client could prove.
fn check_widths(layout: &Layout, limits: [u128; 2], enrolment: &Enrolment) -> Result<()> {
    for (limit, bits) in limits.iter().zip(layout.slack_bits) {
        if bits < 128 && limit >> bits != 0 {
            let message = format!("the damping makes a limit of more than {bits} bits: use a smaller scale of the gradient rows");
            return Err(bad_input(enrolment.file.path(), "gamma", limit, message));
        }
    }
    Ok(())
}

fn check_made(file: &crate::artefact::Container, found: &Made, made: &Made) -> Result<()> {
    for (field, found, wanted) in [("tables_digest", found.tables, made.tables), ("srs_digest", found.srs, made.srs)] {
        if found != wanted {
            let message = format!("made with other {}: expected {}", field.trim_end_matches("_digest"), hex::encode(wanted));
            return Err(bad_input(file.path(), field, hex::encode(found), message));
        }
    }
    Ok(())
}

fn check_points(layout: &Layout, enrolment: &Enrolment, request: &Request, own: &Points, fleet: &Points) -> Result<()> {
    let (m, t, p) = (enrolment.frame.chunks.len(), request.touched.len(), layout.lanes);
    own.file.expect("c_gradients", Dtype::U8, &[m, layout.client_rows, p, UNCOMPRESSED])?;
    fleet.file.expect("c_free", Dtype::U8, &[t, p, UNCOMPRESSED])?;
    fleet.file.expect("c_forget", Dtype::U8, &[t, layout.forget_rows, p, UNCOMPRESSED])?;
    debug_assert_eq!(POINT * 2, UNCOMPRESSED);
    Ok(())
}
