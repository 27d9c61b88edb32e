//! The online prover step by step, over field elements; every intermediate value may be replaced between the steps.

use ff::{Field, PrimeField};
use midnight_curves::G1Projective;
use zkapex_prover::chunk::opening;
use zkapex_prover::error::Result;
use zkapex_prover::field::F;
use zkapex_prover::online::columns::{self, Challenges, Derived};
use zkapex_prover::online::running_sum::{self, Cells};
use zkapex_prover::online::statement::{Binding, Statement};
use zkapex_prover::plonk::{Committed, Randomness};
use zkapex_prover::ternary::Ternary;
use zkapex_prover::transcript::OuterTranscript;

pub use crate::online_client::{binding, statement, Client};
use crate::online_client::{flags, Blinds};
use crate::twin::*;
use crate::world::{world, World};

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

/// A message, and the powers of μ whose sums do not vanish.
pub struct Outcome {
    pub message: Vec<u8>,
    pub broken: Vec<usize>,
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
        self.message
            .extend(world.online.prover.prove(committed, &plain, vec![acc], &outer, &Randomness::System).unwrap());
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
