//! A client that answers a request, as field elements, and what the provider holds of it.

use ff::Field;
use midnight_curves::G1Projective;
use rand::Rng;
use zkapex_prover::chunk::Opening;
use zkapex_prover::commit;
use zkapex_prover::field::{self, F};
use zkapex_prover::online::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::online::Layout;

use crate::twin::*;
use crate::world::world;

/// A client that answers a request, with all that the verifier holds of it.
#[derive(Clone)]
pub struct Client {
    pub weights: usize,
    pub gamma: u64,
    pub free: Vec<Vec<bool>>,
    pub theta_p: Lanes,
    pub theta_u: Lanes,
    /// The client's rows, then the request's.
    pub rows: Vec<Lanes>,
    /// σ̂_k − ⟨Ĝ_k, δ̂⟩.
    pub e: Vec<F>,
    /// T1, T2, D; the true sums where `None`.
    pub limits: [Option<u128>; 3],
}

impl Client {
    /// An honest client with one weight in nine masked and an update of a few units.
    pub fn honest(seed: u64) -> Self {
        let (layout, mut rng) = (&world().online.layout, rng(seed));
        let weights = layout.capacity() - 2;
        let kept: Vec<bool> = (0..weights).map(|i| i % 9 != 4).collect();
        let inside = layout.to_lanes(&vec![true; weights], false).unwrap();
        let free = layout.to_lanes(&kept, false).unwrap();
        let theta_p = masked(&integers(layout, &mut rng, 3000), &inside);
        let theta_u = masked(&minus(&theta_p, &integers(layout, &mut rng, 40)), &free);
        let rows = (0..layout.rows()).map(|_| masked(&integers(layout, &mut rng, 5), &inside)).collect();
        let e = (0..layout.rows()).map(|_| field::fi(rng.gen_range(-2i128..=2))).collect();
        Client { weights, gamma: 1 << 8, free, theta_p, theta_u, rows, e, limits: [None; 3] }
    }

    pub fn delta(&self) -> Lanes {
        minus(&self.theta_u, &self.theta_p)
    }

    /// ⟨Ĝ_k, δ̂⟩ for every row.
    pub fn products(&self) -> Vec<F> {
        let delta = self.delta();
        self.rows.iter().map(|row| inner(row, &delta, |_, _| true)).collect()
    }

    pub fn sigma(&self) -> Vec<F> {
        self.products().iter().zip(&self.e).map(|(product, e)| *product + e).collect()
    }

    /// ŷ = γ̂δ̂ + Ĝᵀσ̂.
    pub fn y(&self) -> Lanes {
        let (sigma, gamma) = (self.sigma(), F::from(self.gamma));
        let mut y: Lanes = self.delta().iter().map(|lane| lane.iter().map(|d| gamma * d).collect()).collect();
        for (row, sigma) in self.rows.iter().zip(&sigma) {
            y.iter_mut().flatten().zip(row.iter().flatten()).for_each(|(y, g)| *y += *sigma * g);
        }
        y
    }

    pub fn is_free(&self, lane: usize, row: usize) -> bool {
        self.free[lane][row]
    }

    /// Σ f ŷ², Σ e², Σ f δ̂² mod p.
    pub fn sums(&self) -> [F; 3] {
        let (y, delta) = (self.y(), self.delta());
        let free = |lane: usize, row: usize| self.is_free(lane, row);
        [inner(&y, &y, free), self.e.iter().map(Field::square).sum(), inner(&delta, &delta, free)]
    }

    pub fn limits(&self) -> [u128; 3] {
        let sums = self.sums();
        std::array::from_fn(|i| self.limits[i].or(to_u128(sums[i])).unwrap_or(1))
    }
}

pub fn binding() -> Binding {
    let world = world();
    let opening = Opening {
        tables: world.online.digest,
        srs: world.srs.digest,
        preset: "toy".into(),
        client: "client-1".into(),
        enrolment: [7; 32],
    };
    Binding { opening, state: [0; 32], request: [9; 32] }
}

/// A mask as field elements.
pub fn flags(free: &[Vec<bool>]) -> Lanes {
    free.iter().map(|lane| lane.iter().map(|f| F::from(u64::from(*f))).collect()).collect()
}

/// Blinding of every committed column.
pub struct Blinds {
    pub theta_p: Lanes,
    pub theta_u: Lanes,
    pub y: Lanes,
    pub rows: Vec<Lanes>,
    pub bits: Lanes,
    pub q: Lanes,
}

impl Blinds {
    /// Always the same, so that a client's commitments are.
    pub fn fixed(layout: &Layout) -> Self {
        let rng = &mut rng(77);
        let mut drawn = |count| blinds(layout, rng, count);
        let p = layout.lanes;
        let (theta_p, theta_u, y) = (drawn(p), drawn(p), drawn(p));
        let rows = (0..layout.client_rows).map(|_| drawn(p)).collect();
        Blinds { theta_p, theta_u, y, rows, bits: drawn(layout.bit_columns), q: drawn(1) }
    }
}

/// What the verifier holds of this client; a client's blinding is always the same here.
pub fn statement(client: &Client) -> Statement {
    let (world, layout) = (world(), &world().online.layout);
    let fixed = Blinds::fixed(layout);
    let commit_all = |values: &[Vec<F>], blinds: &[Vec<F>]| -> Vec<G1Projective> {
        let one = |lane: usize| {
            world.commit(&column(layout, &[], &values[lane], blinds.get(lane).map_or(&[], Vec::as_slice)))
        };
        (0..layout.lanes).map(one).collect()
    };
    let theta_p = commit_all(&client.theta_p, &fixed.theta_p);
    let com_free = commit_all(&flags(&client.free), &[]);
    let row = |k: usize| commit_all(&client.rows[k], fixed.rows.get(k).map_or(&[], Vec::as_slice));
    let rows: Vec<Vec<G1Projective>> = (0..layout.rows()).map(row).collect();
    let by_lane = |lane: usize| commit::to_affine(&rows.iter().map(|row| row[lane]).collect::<Vec<_>>());
    let bytes = CommitmentBytes {
        theta_p: commit::compress(&theta_p),
        free: commit::compress(&com_free),
        gradients: commit::compress(&rows[..layout.client_rows].concat()),
        forget_rows: commit::compress(&rows[layout.client_rows..].concat()),
    };
    Statement {
        chunk: 0,
        weights: client.weights,
        gamma: client.gamma,
        limits: client.limits(),
        free: client.free.clone(),
        theta_p,
        com_free,
        rows_by_lane: (0..layout.lanes).map(by_lane).collect(),
        bytes,
    }
}
