//! A client's secrets as field elements, and what the provider holds of it.

use midnight_curves::G1Projective;
use rayon::prelude::*;
use zkapex_prover::chunk::Opening;
use zkapex_prover::commit;
use zkapex_prover::enrolment::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::field::F;

use crate::twin::*;
use crate::world::world;

/// What a client enrols, and what the provider holds of it.
#[derive(Clone)]
pub struct Client {
    pub weights: usize,
    pub free: Vec<Vec<bool>>,
    pub theta: Lanes,
    pub base: Lanes,
    pub current: Option<Lanes>,
    /// By row, lane and active row.
    pub rows: Vec<Lanes>,
    /// D0; the true ΣΔ² where `None`.
    pub distance: Option<u128>,
    pub theta_blind: Lanes,
    pub current_blind: Lanes,
    pub row_blinds: Vec<Lanes>,
}

impl Client {
    /// An honest client: three pads, one weight in twenty forgotten before, small rows and a model near the base.
    pub fn honest(seed: u64) -> Self {
        let (layout, mut rng) = (&world().enrol.layout, rng(seed));
        let weights = layout.capacity() - 3;
        let kept: Vec<bool> = (0..weights).map(|i| i % 20 != 7).collect();
        let free = layout.to_lanes(&kept, false).unwrap();
        let base = masked(&integers(layout, &mut rng, 3000), &layout.to_lanes(&vec![true; weights], false).unwrap());
        let moved = integers(layout, &mut rng, 200);
        let theta = minus(&masked(&base, &free), &masked(&moved, &free));
        let rows = (0..layout.client_rows).map(|_| masked(&integers(layout, &mut rng, 127), &free)).collect();
        let mut drawn = |count| blinds(layout, &mut rng, count);
        let (theta_blind, current_blind) = (drawn(layout.lanes), drawn(layout.lanes));
        let row_blinds = (0..layout.client_rows).map(|_| drawn(layout.lanes)).collect();
        Client {
            weights,
            free,
            theta,
            base,
            current: None,
            rows,
            distance: None,
            theta_blind,
            current_blind,
            row_blinds,
        }
    }

    pub fn base_free(&self) -> Lanes {
        masked(&self.base, &self.free)
    }

    pub fn delta(&self) -> Lanes {
        minus(&self.theta, &self.base_free())
    }

    /// ΣΔ² mod p.
    pub fn square_sum(&self) -> F {
        let delta = self.delta();
        inner(&delta, &delta, |_, _| true)
    }

    pub fn tie(&self) -> Option<Lanes> {
        self.current.as_ref().map(|current| minus(&self.theta, current))
    }

    /// A cell that is free, or is not, on a lane.
    pub fn cell(&self, lane: usize, free: bool) -> usize {
        self.free[lane].iter().position(|f| *f == free).unwrap()
    }

    /// What the verifier holds of this client.
    pub fn statement(&self, chunk: usize) -> Statement {
        let (world, layout) = (world(), &world().enrol.layout);
        let commit_all = |values: &[Vec<F>], blinds: &[Vec<F>]| -> Vec<G1Projective> {
            let one = |lane: usize| {
                world.commit(&column(layout, &[], &values[lane], blinds.get(lane).map_or(&[], Vec::as_slice)))
            };
            (0..layout.lanes).into_par_iter().map(one).collect()
        };
        let theta_p = commit_all(&self.theta, &self.theta_blind);
        let base_free = commit_all(&self.base_free(), &[]);
        let theta_current = self.current.as_ref().map(|current| commit_all(current, &self.current_blind));
        let rows: Vec<Vec<G1Projective>> =
            self.rows.iter().zip(&self.row_blinds).map(|(row, blind)| commit_all(row, blind)).collect();
        let rows_by_lane = (0..layout.lanes)
            .map(|lane| commit::to_affine(&rows.iter().map(|row| row[lane]).collect::<Vec<_>>()))
            .collect();
        let bytes = CommitmentBytes {
            theta_p: commit::compress(&theta_p),
            gradients: commit::compress(&rows.concat()),
            base_free: commit::compress(&base_free),
            theta_current: theta_current.as_ref().map_or(vec![], |points| commit::compress(points)),
        };
        let distance = self.distance.or(to_u128(self.square_sum())).unwrap_or(1);
        let gamma = 1 << 20;
        Statement {
            chunk,
            weights: self.weights,
            gamma,
            distance,
            free: self.free.clone(),
            theta_p,
            base_free,
            theta_current,
            rows_by_lane,
            bytes,
        }
    }
}

pub fn binding() -> Binding {
    let world = world();
    let opening = Opening {
        tables: world.enrol.digest,
        srs: world.srs.digest,
        preset: "toy".into(),
        client: "client-1".into(),
        enrolment: [7; 32],
    };
    Binding { opening, base: [8; 32], state: [0; 32] }
}
