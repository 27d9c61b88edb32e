//! The online prover step by step, over field elements; every intermediate value may be replaced between the steps.

use ff::{Field, PrimeField};
use midnight_curves::G1Projective;
use rand::Rng;
use zkapex_prover::chunk::{opening, Opening};
use zkapex_prover::commit;
use zkapex_prover::error::Result;
use zkapex_prover::field::{self, F};
use zkapex_prover::online::columns::{self, Challenges, Derived};
use zkapex_prover::online::running_sum::{self, Cells};
use zkapex_prover::online::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::online::Layout;
use zkapex_prover::plonk::Committed;
use zkapex_prover::ternary::Ternary;
use zkapex_prover::transcript::OuterTranscript;

use crate::twin::*;
use crate::world::{world, World};

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
    fn products(&self) -> Vec<F> {
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

fn flags(free: &[Vec<bool>]) -> Lanes {
    free.iter().map(|lane| lane.iter().map(|f| F::from(u64::from(*f))).collect()).collect()
}

/// One proof in the making.
pub struct Run<'a> {
    pub client: &'a Client,
    pub world: &'static World,
    pub y: Lanes,
    pub sigma: Vec<F>,
    pub e: Vec<F>,
    pub p: Vec<F>,
    pub slacks: [F; 3],
    /// Replaces q_k = ⟨c, Ĝ_k⟩, given σ̂.
    pub change_q: Option<fn(&mut [F], &[F])>,
    statement: Statement,
    blinds: Blinds,
    transcript: OuterTranscript,
    message: Vec<u8>,
    seed: [u8; 64],
    theta_u: Vec<G1Projective>,
    com_y: Vec<G1Projective>,
}

struct Blinds {
    theta_p: Lanes,
    theta_u: Lanes,
    y: Lanes,
    rows: Vec<Lanes>,
    bits: Lanes,
    q: Lanes,
}

/// A message, and the powers of μ whose sums do not vanish.
pub struct Outcome {
    pub message: Vec<u8>,
    pub broken: Vec<usize>,
}

impl Blinds {
    fn fixed(layout: &Layout) -> Self {
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

impl<'a> Run<'a> {
    /// The honest values of round 1, then `change`, then round 2's honest p and slacks.
    pub fn start(client: &'a Client, change: impl FnOnce(&mut Lanes, &mut [F])) -> Self {
        let (world, layout) = (world(), &world().online.layout);
        let (mut y, sigma, mut e) = (client.y(), client.sigma(), client.e.clone());
        change(&mut y, &mut e);
        let (blinds, statement) = (Blinds::fixed(layout), statement(client));
        let tail = |lane: usize| match lane {
            0 => sigma.clone(),
            1 => e.clone(),
            _ => vec![],
        };
        let theta_u: Vec<G1Projective> = (0..layout.lanes)
            .map(|l| world.commit(&column(layout, &[], &client.theta_u[l], &blinds.theta_u[l])))
            .collect();
        let com_y: Vec<G1Projective> =
            (0..layout.lanes).map(|l| world.commit(&column(layout, &tail(l), &y[l], &blinds.y[l]))).collect();
        let (mut transcript, mut message) = (statement.transcript(&binding()), vec![]);
        opening::send(&mut transcript, &mut message, "theta_u", &theta_u);
        opening::send(&mut transcript, &mut message, "y", &com_y);
        let seed = transcript.squeeze("r");
        let r = ternary(&seed, &layout.projected_cells(), layout.projections);
        let mut delta = client.delta();
        delta.push(e.clone());
        let project = |j: usize| -> F {
            delta.iter().zip(&r).flat_map(|(d, r)| d.iter().zip(r)).map(|(d, r)| signed(r[j], *d)).sum()
        };
        let p = (0..layout.projections).map(project).collect();
        let mut sums = client.sums();
        sums[1] = e.iter().map(Field::square).sum();
        let slacks = std::array::from_fn(|i| F::from_u128(statement.limits[i]) - sums[i]);
        Run {
            client,
            world,
            y,
            sigma,
            e,
            p,
            slacks,
            change_q: None,
            statement,
            blinds,
            transcript,
            message,
            seed,
            theta_u,
            com_y,
        }
    }

    /// Rounds 2 to 4.
    pub fn prove(mut self) -> Outcome {
        let (world, client) = (self.world, self.client);
        let layout = &world.online.layout;
        let half = power_of_two(layout.window_bits as u64 - 1);
        let windows: Vec<Vec<F>> = self.p.iter().map(|p| low_bits(*p + half, layout.window_bits)).collect();
        let slacks: Vec<Vec<F>> =
            self.slacks.iter().zip(layout.slack_bits).map(|(s, width)| low_bits(*s, width)).collect();
        let bits: Vec<F> = windows.iter().chain(&slacks).flatten().copied().collect();
        let bit_columns: Vec<Vec<F>> = bits
            .chunks(layout.bits_per_column)
            .zip(&self.blinds.bits)
            .map(|(b, blind)| column(layout, b, &[], blind))
            .collect();
        let com_bits: Vec<G1Projective> = bit_columns.iter().map(|c| world.commit(c)).collect();
        opening::send(&mut self.transcript, &mut self.message, "bits", &com_bits);
        let eta = self.transcript.challenge("eta");
        let c = Ternary::expand(&self.seed, &layout.projected_cells(), layout.projections).combine(eta);
        let mut q: Vec<F> = client.rows.iter().map(|row| inner(row, &c[..layout.lanes], |_, _| true)).collect();
        if let Some(change) = self.change_q {
            change(&mut q, &self.sigma);
        }
        let q_column = column(layout, &q, &[], &self.blinds.q[0]);
        let com_q = world.commit(&q_column);
        opening::send(&mut self.transcript, &mut self.message, "q", &[com_q]);
        let rho = self.transcript.challenge("rho");
        let mu = self.transcript.nonzero_challenge("mu").unwrap();
        let outer = self.transcript.squeeze("inner");

        let challenges = Challenges::new(layout, eta, rho, mu);
        let derived = Derived::new(&self.statement, &challenges, &self.com_y, &world.com_active).unwrap();
        let plain = columns::plain(layout, &self.statement, &challenges, &c);
        let v = challenges.v(client.gamma);
        let with_blind = |values: &Lanes, blinds: &Lanes| -> Vec<Vec<F>> {
            values.iter().zip(blinds).map(|(v, b)| column(layout, &[], v, b)).collect()
        };
        let (theta_p, theta_u) =
            (with_blind(&client.theta_p, &self.blinds.theta_p), with_blind(&client.theta_u, &self.blinds.theta_u));
        let mut y = with_blind(&self.y, &self.blinds.y);
        y[0][..self.sigma.len()].copy_from_slice(&self.sigma);
        y[1][..self.e.len()].copy_from_slice(&self.e);
        y.iter_mut().flatten().for_each(|cell| *cell *= challenges.mu[4]);
        let fold = self.fold_columns(&challenges);
        let free: Vec<Vec<F>> = flags(&client.free).iter().map(|f| column(layout, &[], f, &[])).collect();
        let bools: Vec<Vec<bool>> =
            bits.chunks(layout.bits_per_column).map(|c| c.iter().map(|b| *b == F::ONE).collect()).collect();
        let cells = Cells {
            theta_p: &theta_p,
            theta_u: &theta_u,
            y: &y,
            fold: &fold,
            free: &client.free,
            bits: &bools,
            q: &q_column,
            v,
            plain: &plain,
        };
        let acc = running_sum::accumulate(layout, &cells);
        let sums = self.broken(&c, &q, (&windows, &slacks), &challenges);
        let total: F = sums.iter().map(|(power, sum)| challenges.mu[*power] * sum).sum();
        assert_eq!(total, *acc.last().unwrap(), "the running sum is the stated polynomial in mu");
        let mut v_column = vec![F::ZERO; layout.blinding_start()];
        v_column[layout.active_start..].fill(v);
        let columns = [theta_p, theta_u, y, fold, free, bit_columns, vec![q_column, v_column]].concat();
        let groups =
            [&self.statement.theta_p, &self.theta_u, &derived.y, &derived.fold, &self.statement.com_free, &com_bits];
        let commitments = groups.into_iter().flatten().copied().chain([com_q, derived.v]);
        let committed: Vec<Committed> =
            columns.into_iter().zip(commitments).map(|(values, commitment)| Committed { values, commitment }).collect();
        for column in &committed {
            assert_eq!(world.commit(&column.values), column.commitment, "every column is that of its commitment");
        }
        self.message.extend(world.online.prover.prove(committed, &plain, vec![acc], &outer).unwrap());
        let broken = sums.iter().filter(|(_, sum)| *sum != F::ZERO).map(|(power, _)| *power).collect();
        Outcome { message: self.message, broken }
    }

    fn fold_columns(&self, challenges: &Challenges) -> Vec<Vec<F>> {
        let layout = &self.world.online.layout;
        let lane = |lane: usize| {
            let mut sum = vec![F::ZERO; layout.blinding_end()];
            for (k, weight) in challenges.fold_weights().iter().enumerate() {
                let blind = self.blinds.rows.get(k).map_or(&[][..], |row| &row[lane]);
                let row = column(layout, &[], &self.client.rows[k][lane], blind);
                sum.iter_mut().zip(&row).for_each(|(s, x)| *s += *weight * x);
            }
            sum
        };
        (0..layout.lanes).map(lane).collect()
    }

    /// The seven sums by power of μ, from what is committed and not from the running sum.
    fn broken(
        &self,
        c: &Lanes,
        q: &[F],
        (windows, slacks): (&[Vec<F>], &[Vec<F>]),
        ch: &Challenges,
    ) -> [(usize, F); 7] {
        let (layout, client) = (&self.world.online.layout, self.client);
        let (delta, own_c, all) = (client.delta(), &c[..layout.lanes], |_: usize, _: usize| true);
        let free = |lane: usize, row: usize| client.is_free(lane, row);
        let half = power_of_two(layout.window_bits as u64 - 1);
        let limit = |i: usize| F::from_u128(self.statement.limits[i]) - from_bits(&slacks[i]);
        let projected: F = windows.iter().zip(&ch.eta).map(|(bits, eta)| *eta * (from_bits(bits) - half)).sum();
        let rows = |sum: &dyn Fn(usize) -> F| -> F { (0..layout.rows()).map(|k| ch.rho[k] * sum(k)).sum() };
        let products = client.products();
        [
            (0, inner(&delta, &delta, free) - limit(2)),
            (
                5,
                inner(own_c, &self.y, all)
                    - F::from(client.gamma) * inner(own_c, &delta, all)
                    - self.sigma.iter().zip(q).map(|(s, q)| *s * q).sum::<F>(),
            ),
            (6, rows(&|k| products[k] - self.sigma[k] + self.e[k])),
            (7, rows(&|k| inner(&client.rows[k], own_c, all) - q[k])),
            (8, inner(&self.y, &self.y, free) - limit(0)),
            (
                10,
                inner(own_c, &delta, all) + c[layout.lanes].iter().zip(&self.e).map(|(c, e)| *c * e).sum::<F>()
                    - projected,
            ),
            (11, self.e.iter().map(Field::square).sum::<F>() - limit(1)),
        ]
    }
}

/// The library's verifier.
pub fn verify(statement: &Statement, binding: &Binding, message: &[u8]) -> Result<()> {
    let (world, side) = (world(), &world().online);
    zkapex_prover::online::verify::verify(
        &side.verifier,
        &side.layout,
        &world.com_active,
        binding,
        statement,
        message.to_vec(),
    )
}
