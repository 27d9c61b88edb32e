"""What no proof says, what is taken on trust, and the verdict in one sentence."""

from __future__ import annotations

from zkapex_jax.report.audit.facts import Facts
from zkapex_jax.report.audit.numbers import UNIT, power
from zkapex_jax.report.audit.places import NOT_PROVEN_DOCS
from zkapex_jax.report.audit.schema import Audit, NotProven, ProofVerdict

PROOF_TITLES = {"enrolment": "enrolment proof", "bundle": "bundle"}


def not_proven(facts: Facts) -> list[NotProven]:
    """To be said wherever a proof is shown."""
    found = []
    if not facts.unconditional:
        missing = (
            "That the enrolment was honest: its proof was not given to this audit. Without it the gradient rows may be out of range, "
            "and then all sums may wrap around the field."
        )
        found.append((missing, "give the enrolment proof and the base, or the provider's folder"))
    found.append(("That the committed gradients G are those of the client's data.", _curvature(facts)))
    found += [
        ("That the enrolled model is the one that runs on the client's machine.", "nothing in numbers can; audit the deployment"),
        ("That old copies of the weights are gone.", "nothing in numbers can; audit the deployment"),
    ]
    if facts.answer:
        found.append(("That the mask removes all influence of the forgotten data.", "the mask is public: measure its effect on the base model"))
    found.append(("That every client is shown the same ledger.", "publish its newest head"))
    return [NotProven(words=words, narrowed=narrowed, docs=list(NOT_PROVEN_DOCS)) for words, narrowed in found]


def _curvature(facts: Facts) -> str:
    told = ["committed before the mask was known"]
    if facts.enrolled:
        told += [f"each entry below {power(facts.sizes.range_bits + 1)}", "the model within D0 of the base"]
    if facts.answer:
        told += [f"{facts.sizes.forget_rows} public forget rows", f"free weights move by at most {facts.answer.reach * UNIT:.3g}"]
    return "; ".join(told)


def taken(facts: Facts) -> list[str]:
    """What the verdict rests on beside the proofs."""
    key = {
        "auditor": "The provider's key, which you gave.",
        "ledger": "The provider's key, which was read from the ledger: compare it with one that you have from elsewhere.",
    }[facts.key_from]
    found = [
        "KZG commitments on BLS12-381 bind (algebraic group model), and BLAKE2b behaves as a random oracle.",
        f"One participant of the ceremony behind the reference string ({facts.srs_source}) was honest.",
        key,
    ]
    if facts.answer and facts.answer.position:
        found.append(
            f"The ledger's state at position {facts.answer.position}: its commitments and cumulative mask come from "
            "earlier bundles or enrolments. Audit those as well."
        )
    if facts.enrolled and facts.enrolled.renews:
        found.append("The state that the enrolment replaces: audit the bundles and the enrolment before it as well.")
    found.append("The verifiers: two, in Rust and in Python, that share no code; and this program, which reads the public numbers for the page.")
    return found


def verdict(audit: Audit) -> str:
    """One sentence for the top of the page."""
    told = [PROOF_TITLES[proof.proof] for proof in audit.proofs if proof.outcome == audit.outcome]
    what = " and the ".join(told)
    if audit.outcome == "disagreement":
        return f"The verifiers DISAGREE on the {what}: one of them is wrong. Trust neither, keep these files and report them."
    by = " and ".join(audit.judges)
    verifiers = f"by both verifiers, {by}" if len(audit.judges) > 1 else f"by the {by} verifier alone"
    rest = "" if audit.facts.unconditional or audit.outcome == "refused" else ", on condition that its enrolment proof holds (not given)"
    return f"The {what} {'are' if len(told) > 1 else 'is'} {audit.outcome} {verifiers}{rest}."


def complaints(proof: ProofVerdict) -> list[str]:
    """What each verifier says of a proof that is not accepted by all, and which chunks they differ on; nothing of others."""
    if proof.outcome == "accepted":
        return []
    title = PROOF_TITLES[proof.proof]
    found = [
        f"{judge.name} accepts the {title}" if judge.accepted else f"{judge.name} refuses the {title}: {judge.reason}"
        for judge in proof.judges
    ]
    disputed = ", ".join(map(str, proof.disputed()))
    return found + ([f"They differ on chunk {disputed} of the {title}"] if disputed else [])
