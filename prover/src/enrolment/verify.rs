//! The verifier of one chunk's enrolment: bytes of the message and the statement, nothing of the witness.

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
    binding: &Binding,
    statement: &Statement,
    bytes: Vec<u8>,
) -> Result<()> {
    setup.finish(&prepare(setup, layout, binding, statement, bytes)?)
}

/// All of [`verify`] but its last check, which can be done for many chunks at once. Every column that is not a commitment of
/// the message or of the ledger is rebuilt here.
///
/// b is drawn after θ̂p and Ĝ are committed, and η, ζ, ρ after t is: either order reversed, forgeries pass.
///
/// # Errors
/// As [`verify`].
pub fn prepare(
    setup: &VerifierSetup,
    layout: &Layout,
    binding: &Binding,
    statement: &Statement,
    bytes: Vec<u8>,
) -> Result<Opening> {
    let message = Message::parse(&layout.sections(), bytes)?;
    let mut transcript = statement.transcript(binding);
    let (seed_b, seed_a) = (transcript.squeeze("b"), transcript.squeeze("a"));
    transcript.absorb("cells", message.bytes(0));
    let challenges = Challenges::draw(layout, &mut transcript)?;
    let outer = transcript.squeeze("inner");

    let c = Ternary::expand(&seed_b, &layout.projected_cells(), layout.projections).combine(challenges.eta);
    let a = Ternary::expand(&seed_a, &[layout.products()], layout.projections).combine(challenges.zeta);
    let plain = columns::plain(layout, statement, &challenges, &c, &a[0]);
    let derived = Derived::new(layout, statement, &challenges)?;
    let committed: Vec<G1Projective> = [derived.delta.as_slice(), &derived.fold, message.points(0)].concat();
    setup.prepare(&committed, &plain, &outer, message.proof())
}
