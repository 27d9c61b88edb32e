//! The verifier of one chunk: bytes of the message and the statement, nothing of the witness.

use midnight_curves::G1Projective;

use super::columns::{self, Challenges, Derived};
use super::layout::Layout;
use super::statement::{Binding, Statement};
use crate::chunk::Message;
use crate::error::Result;
use crate::plonk::{Opening, VerifierSetup};
use crate::ternary::Ternary;

/// Checks one chunk's message.
///
/// # Errors
/// `Error::Refused` with the check that failed.
pub fn verify(
    setup: &VerifierSetup,
    layout: &Layout,
    com_active: &G1Projective,
    binding: &Binding,
    statement: &Statement,
    bytes: Vec<u8>,
) -> Result<()> {
    setup.finish(&prepare(setup, layout, com_active, binding, statement, bytes)?)
}

/// All of [`verify`] but its last check, which can be done for many chunks at once. Every column that is not a commitment of
/// the message or of the ledger is rebuilt here.
///
/// # Errors
/// As [`verify`].
pub fn prepare(
    setup: &VerifierSetup,
    layout: &Layout,
    com_active: &G1Projective,
    binding: &Binding,
    statement: &Statement,
    bytes: Vec<u8>,
) -> Result<Opening> {
    let message = Message::parse(&layout.sections(), bytes)?;
    let mut transcript = statement.transcript(binding);
    transcript.absorb("theta_u", message.bytes(0));
    transcript.absorb("y", message.bytes(1));
    let seed = transcript.squeeze("r");
    transcript.absorb("bits", message.bytes(2));
    let eta = transcript.challenge("eta");
    transcript.absorb("q", message.bytes(3));
    let rho = transcript.challenge("rho");
    let mu = transcript.nonzero_challenge("mu")?;
    let outer = transcript.squeeze("inner");

    let challenges = Challenges::new(layout, eta, rho, mu);
    let c = Ternary::expand(&seed, &layout.projected_cells(), layout.projections)
        .combine_scaled(eta, &columns::c_factors(layout, &challenges));
    let plain = columns::plain_of_scaled(layout, statement, &challenges, &c);
    let derived = Derived::new(statement, &challenges, message.points(1), com_active)?;
    let committed: Vec<G1Projective> = [
        statement.theta_p.as_slice(),
        message.points(0),
        &derived.y,
        &derived.fold,
        &statement.com_free,
        message.points(2),
        message.points(3),
        std::slice::from_ref(&derived.v),
    ]
    .concat();
    setup.prepare(&committed, &plain, &outer, message.proof())
}
