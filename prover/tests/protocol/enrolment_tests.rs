//! Every cheat at enrolment, and the check that catches it.

use ff::Field;
use zkapex_prover::enrolment::statement::Binding;
use zkapex_prover::enrolment::Statement;
use zkapex_prover::field::F;

use crate::enrolment_run::*;
use crate::twin::*;

/// Proves with a change of the run between t, v, slack and the cells.
fn outcome(client: &Client, change: impl FnOnce(&mut Run)) -> Outcome {
    let mut run = Run::start(client, Order::Right, &binding());
    change(&mut run);
    run.prove()
}

fn accepted(client: &Client, outcome: &Outcome) -> bool {
    match verify(&client.statement(0), &binding(), &outcome.message) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), "refused", "{error}");
            false
        }
    }
}

/// The proof is refused, and exactly these sums are broken.
fn refused(name: &str, client: &Client, broken: &[usize], change: impl FnOnce(&mut Run)) {
    let outcome = outcome(client, change);
    assert_eq!(outcome.broken, broken, "{name}");
    assert!(outcome.bits, "{name}");
    assert!(!accepted(client, &outcome), "{name}");
}

fn changed(change: impl FnOnce(&mut Client)) -> Client {
    let mut client = Client::honest(1);
    change(&mut client);
    client
}

#[test]
fn honest_enrolments_are_accepted() {
    for seed in 0..3 {
        let client = Client::honest(seed);
        let outcome = outcome(&client, |_| {});
        assert!(outcome.broken.is_empty() && outcome.closes && accepted(&client, &outcome));
    }
}

#[test]
fn renewals_must_keep_the_weights() {
    let honest = changed(|c| c.current = Some(c.theta.clone()));
    let outcome = outcome(&honest, |_| {});
    assert!(outcome.broken.is_empty() && accepted(&honest, &outcome));
    for lane in 0..2 {
        let moved = changed(|c| {
            c.current = Some(c.theta.clone());
            let cell = c.cell(lane, true);
            c.theta[lane][cell] += F::ONE;
        });
        refused("a weight that differs from the ledger's", &moved, &[1], |_| {});
    }
    // A first enrolment's proof says nothing about the ledger's weights.
    let first = Client::honest(1);
    let proof = self::outcome(&first, |_| {});
    assert!(accepted(&first, &proof) && !accepted(&honest, &proof));
}

#[test]
fn one_sum_broken_alone() {
    let client = Client::honest(2);
    refused("slack of D0", &client, &[0], |run| run.slack += F::ONE);
    refused("t, v follows it", &client, &[1], |run| {
        run.t[5] += F::ONE;
        run.follow();
    });
    refused("t of the row of Delta, v follows it", &client, &[1], |run| {
        let last = run.layout().client_rows;
        run.t[last] += F::ONE;
        run.follow();
    });
    let pad = changed(|c| *c.rows[3].last_mut().unwrap().last_mut().unwrap() = F::ONE);
    refused("a gradient row on a pad", &pad, &[2], |_| {});
    refused("v", &client, &[3], |run| run.v[4] += F::ONE);
}

#[test]
fn distances_end_at_d0() {
    let sum = to_u128(Client::honest(1).square_sum()).unwrap();
    for (distance, broken) in [(sum, &[][..]), (sum + 1, &[]), (sum - 1, &[0]), (1, &[0])] {
        let client = changed(|c| c.distance = Some(distance));
        let outcome = outcome(&client, |_| {});
        assert_eq!(outcome.broken, broken);
        assert_eq!(accepted(&client, &outcome), broken.is_empty());
    }
    let far = changed(|c| {
        let cell = c.cell(0, true);
        c.theta[0][cell] += F::from(1 << 20);
        c.distance = Some(sum);
    });
    refused("a weight moved far from the base", &far, &[0], |_| {});
}

#[test]
fn large_entries_leave_the_window() {
    let entries = [
        ("2^28", power_of_two(28)),
        ("-2^28", -power_of_two(28)),
        ("2^200", power_of_two(200)),
        ("1/2 mod p", F::from(2).invert().unwrap()),
    ];
    for (name, entry) in entries {
        let client = changed(|c| {
            let cell = c.cell(2, true);
            c.rows[5][2][cell] += entry;
        });
        refused(name, &client, &[3], |_| {});
    }
    let within = changed(|c| {
        let cell = c.cell(2, true);
        c.rows[5][2][cell] = power_of_two(18);
    });
    assert!(accepted(&within, &outcome(&within, |_| {})), "2^18 fits");
    let delta = changed(|c| {
        let cell = c.cell(2, true);
        c.theta[2][cell] += power_of_two(28);
    });
    assert!(delta.statement(0).distance >> 48 > 0, "D0 would allow it");
    let outcome = outcome(&delta, |_| {});
    assert!(outcome.broken.contains(&3) && !accepted(&delta, &outcome));
}

/// t as if the large entry were not there: then t is not that of the rows.
#[test]
fn large_entries_cannot_be_left_out_of_t() {
    let honest = Client::honest(1);
    let t = Run::start(&honest, Order::Right, &binding()).t.len();
    let client = changed(|c| {
        let cell = c.cell(2, true);
        c.rows[5][2][cell] += power_of_two(28);
    });
    refused("t without the entry", &client, &[1], |run| {
        let cell = run.client.cell(2, true);
        let width = run.layout().tested_rows();
        for j in 0..t / width {
            run.t[j * width + 5] -= signed(run.b[2][cell][j], power_of_two(28));
        }
        run.follow();
    });
}

#[test]
fn rows_that_cancel_mod_p_are_refused() {
    for exponent in [20, 100] {
        let client = changed(|c| {
            for cell in 0..64 {
                if c.free[3][cell] {
                    c.rows[0][3][cell] = power_of_two(exponent);
                    c.rows[1][3][cell] = imaginary() * power_of_two(exponent);
                }
            }
        });
        refused("rows 2^t and i 2^t", &client, &[3], |_| {});
    }
}

#[test]
fn pads_and_forgotten_weights_are_zero() {
    let pad = changed(|c| *c.theta.last_mut().unwrap().last_mut().unwrap() = F::ONE);
    refused("theta on a pad", &pad, &[2], |_| {});
    let forgotten = changed(|c| {
        let cell = c.cell(1, false);
        c.theta[1][cell] = F::from(7);
    });
    refused("theta on a forgotten weight", &forgotten, &[2], |_| {});
    let row = changed(|c| {
        let cell = c.cell(1, false);
        c.rows[5][1][cell] = F::from(3);
    });
    refused("a gradient row on a forgotten weight", &row, &[2], |_| {});
}

#[test]
fn bits_are_bits() {
    let client = Client::honest(3);
    let mut run = Run::start(&client, Order::Right, &binding());
    run.write();
    let bits = &run.cells[..run.layout().bit_cells()];
    let place = (0..bits.len() - 1).find(|i| bits[*i] == F::ZERO && bits[i + 1] == F::ONE).unwrap();
    (run.cells[place], run.cells[place + 1]) = (F::from(2), F::ZERO);
    let outcome = run.finish();
    assert!(!outcome.bits && !accepted(&client, &outcome));
}

/// The prover folds rows without the large entry and hands in its own commitment of the fold: all sums close.
#[test]
fn folds_come_from_the_verifier() {
    let client = changed(|c| {
        let cell = c.cell(2, true);
        c.rows[0][2][cell] += power_of_two(40);
    });
    let mut run = Run::start(&client, Order::Right, &binding());
    let (cell, width) = (client.cell(2, true), run.layout().tested_rows());
    for j in 0..run.layout().projections {
        run.t[j * width] -= signed(run.b[2][cell][j], power_of_two(40));
    }
    run.follow();
    let mut own = vec![vec![F::ZERO; run.layout().active_rows]; run.layout().lanes];
    own[2][cell] = -power_of_two(40);
    run.own_fold = Some(own);
    let outcome = run.prove();
    assert!(outcome.broken.is_empty() && outcome.closes, "with its own fold everything holds");
    assert!(!accepted(&client, &outcome));
}

/// The prover forgets the weight of one cell in c: the large entry there then is nowhere in the sums.
#[test]
fn plain_columns_come_from_the_verifier() {
    let client = changed(|c| {
        assert!(c.free[2][0]);
        c.rows[0][2][0] = power_of_two(40);
    });
    let mut run = Run::start(&client, Order::Right, &binding());
    let width = run.layout().tested_rows();
    let delta = client.delta();
    for j in 0..run.layout().projections {
        for (k, row) in client.rows.iter().chain([&delta]).enumerate() {
            run.t[j * width + k] -= signed(run.b[2][0][j], row[2][0]);
        }
    }
    run.follow();
    run.own_plain = Some(|layout, plain| plain[2][layout.active_start] = F::ZERO);
    let outcome = run.prove();
    assert!(outcome.closes, "with its own plain column everything holds");
    assert!(!accepted(&client, &outcome));
    // And a constant of the prover's: D0 raised by one.
    let far = changed(|c| c.distance = Some(to_u128(c.square_sum()).unwrap() - 1));
    let mut run = Run::start(&far, Order::Right, &binding());
    run.slack = F::ZERO;
    run.own_plain = Some(|_, plain| plain.last_mut().unwrap()[0] -= F::ONE);
    let outcome = run.prove();
    assert!(outcome.closes && !accepted(&far, &outcome));
}

#[test]
fn a_proof_serves_one_statement() {
    let client = Client::honest(4);
    let message = outcome(&client, |_| {}).message;
    verify(&client.statement(0), &binding(), &message).unwrap();
    let check = |name: &str, statement: &Statement, binding: &Binding| {
        assert_eq!(verify(statement, binding, &message).unwrap_err().code(), "refused", "{name}");
    };
    let right = client.statement(0);
    type Bind = fn(&mut Binding);
    let bindings: [(&str, Bind); 7] = [
        ("client", |b| b.opening.client = "client-2".into()),
        ("enrolment", |b| b.opening.enrolment[0] ^= 1),
        ("tables", |b| b.opening.tables[0] ^= 1),
        ("srs", |b| b.opening.srs[0] ^= 1),
        ("preset", |b| b.opening.preset = "toy2".into()),
        ("base", |b| b.base[0] ^= 1),
        ("state", |b| b.state[0] ^= 1),
    ];
    for (name, change) in bindings {
        let mut other = binding();
        change(&mut other);
        check(name, &right, &other);
    }
    type Change = fn(&mut Statement);
    let statements: [(&str, Change); 9] = [
        ("chunk", |s| s.chunk = 1),
        ("weights", |s| s.weights -= 1),
        ("gamma", |s| s.gamma *= 2),
        ("gamma zero", |s| s.gamma = 0),
        ("distance", |s| s.distance += 1),
        ("a forgotten weight less", |s| s.free[1][7 / 4 + 3] ^= true),
        ("lanes of theta swapped", |s| {
            s.theta_p.swap(0, 1);
            let (a, b) = s.bytes.theta_p.split_at_mut(48);
            a.swap_with_slice(&mut b[..48]);
        }),
        ("lanes of a row swapped", |s| {
            let point = s.rows_by_lane[0][3];
            s.rows_by_lane[0][3] = std::mem::replace(&mut s.rows_by_lane[1][3], point);
        }),
        ("rows swapped", |s| s.rows_by_lane[2].swap(0, 1)),
    ];
    for (name, change) in statements {
        let mut other = client.statement(0);
        change(&mut other);
        check(name, &other, &binding());
    }
    check("another client's commitments", &Client::honest(5).statement(0), &binding());
}

/// Commitments of two chunks exchanged: each proof is refused with the other's.
#[test]
fn chunks_are_not_exchanged() {
    let (one, two) = (Client::honest(6), Client::honest(7));
    let proof = outcome(&one, |_| {}).message;
    for chunk in [0, 1] {
        assert!(verify(&two.statement(chunk), &binding(), &proof).is_err());
    }
}

#[test]
fn hostile_bytes_are_refused() {
    let client = Client::honest(8);
    let (statement, good) = (client.statement(0), outcome(&client, |_| {}).message);
    let mut cases =
        vec![vec![], vec![0; good.len()], good[..good.len() - 1].to_vec(), [good.as_slice(), &[0]].concat()];
    cases.extend((0..good.len()).step_by(61).map(|i| {
        let mut bad = good.clone();
        bad[i] ^= 1 << (i % 8);
        bad
    }));
    for bytes in cases {
        assert_eq!(verify(&statement, &binding(), &bytes).map_err(|e| e.code()), Err("refused"));
    }
    assert!(good.len() < 2048, "{} bytes", good.len());
}
