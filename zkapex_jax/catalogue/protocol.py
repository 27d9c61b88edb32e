"""Refusals: well-formed, but the protocol says no."""

from zkapex_jax.catalogue.entry import Entry, Group

REFUSALS = Group(
    "Refused",
    "Everything is well-formed, but the protocol says no. A refusal is recorded where there is a ledger, and locks nobody out.",
    (
        Entry(
            "proof_refused",
            "A proof does not hold, for the chunk and reason that the sentence names.",
            "Make the answer again from the present request and state; an honest client's proof is not refused, so report it if this one's was.",
        ),
        Entry(
            "refused",
            "It was checked and refused, for the reason in the sentence.",
            "Read the reason; `zkapex inspect` shows what the files hold.",
        ),
        Entry(
            "bad_signature",
            "The signature does not hold: what it signs was altered, or it was made with another key.",
            "Do not use the file; ask the provider for it through another channel.",
        ),
        Entry("unsigned", "A file that the provider must sign has no signature.", "Do not use it; ask the provider for the signed one."),
        Entry(
            "other_signer",
            "It is signed, but by another key than the provider's.",
            "Do not answer it. Ask the provider through another channel whether its key has changed.",
        ),
        Entry(
            "insecure",
            "It was made with a test preset or a reference string that anyone could have forged.",
            "Use the default preset and ceremony; `--allow-insecure` is for tests alone.",
        ),
        Entry(
            "insecure_blinding",
            "A proof was made with blinding from a given seed, and hides nothing.",
            "Remove the folder of proofs, and prove again without a seed.",
        ),
        Entry(
            "replay",
            "It was used before, and serves once.",
            "Make a new one: a request needs a new id and nonce, an answer the client's present state.",
        ),
        Entry(
            "stale_state",
            "The answer starts from a state that is no longer the client's current one.",
            "Ask for the current state (`zkapex state` at the provider, or `zkapex client unlearn`), and answer from it.",
        ),
        Entry(
            "stale_secret",
            "The client's secret still holds the weights from before the last accepted answer.",
            "Run `zkapex advance` (or `adopt`, after enrolling anew) with the state that the provider returned.",
        ),
        Entry("state_order", "A state is not the next one of the client's chain.", "Ask the provider for the current state."),
        Entry(
            "unforgotten",
            "A state does not hold exactly what was forgotten so far.",
            "Ask the provider for the current state; what was forgotten stays forgotten.",
        ),
        Entry(
            "commitment_seen",
            "A commitment stands in this ledger already: copied, or made twice with the same blinding.",
            "Enrol with fresh blinding, from your own folder; never copy another client's files.",
        ),
        Entry(
            "already_enrolled",
            "The client is enrolled, and a second enrolment must be proven to hold the same weights.",
            "Make it with `zkapex re-enrol`.",
        ),
        Entry(
            "request_open",
            "The client cannot enrol anew while a request waits for its answer.",
            "Answer the request that the sentence names first.",
        ),
        Entry(
            "request_older",
            "The request was published before the client enrolled, and does not concern it.",
            "Nothing is to be done; answer requests that came later.",
        ),
        Entry(
            "request_closed",
            "The provider no longer waits for answers to this request.",
            "Nothing is to be done; ask the provider if that is a mistake.",
        ),
        Entry("replaced", "The enrolment was replaced by a later one of the same client.", "Work from the later enrolment."),
        Entry(
            "other_enrolment",
            "The answer was made for an enrolment that is not the client's in this ledger.",
            "Answer from the folder whose enrolment was admitted last.",
        ),
        Entry(
            "other_proof",
            "An enrolment was admitted with another proof than this one.",
            "Keep the proof that was admitted; a second one is not needed.",
        ),
        Entry(
            "no_enrolment",
            "No client is enrolled for these tensors and this preset, so nobody could answer.",
            "Admit enrolments first, then make the request.",
        ),
        Entry(
            "unknown_client",
            "No such client is enrolled in this ledger.",
            "Check the client id; `zkapex ledger show` lists those that are.",
        ),
        Entry(
            "unknown_request",
            "This ledger has published no such request.",
            "Publish it with `zkapex publish`, or ask the provider for the present one.",
        ),
        Entry(
            "unknown_enrolment",
            "This ledger does not know the enrolment that it is asked about.",
            "Check that it is the ledger of the same provider.",
        ),
        Entry(
            "unknown_base",
            "The provider has published no base model of these weights, tensors and preset.",
            "Publish it with `zkapex base`; a client asks the provider for its present base file.",
        ),
        Entry(
            "ledger_rule",
            "The ledger refuses the row: it would break a rule that holds for every row.",
            "Run `zkapex ledger check`; if the ledger is whole, report the command as a bug.",
        ),
        Entry(
            "openings_spent",
            "Commitments were opened as often as their blinding allows.",
            "Enrol anew with `zkapex re-enrol`, when no request is open.",
        ),
        Entry(
            "openings_lost",
            "The count of openings does not name the commitments that would be opened.",
            "Put back your own openings.json; without it no proof is safe. Never prove from two copies of one folder.",
        ),
        Entry("mismatch_client_id", "The file belongs to another client.", "Use the client's own file."),
        Entry(
            "mismatch_request_digest",
            "It answers another request than the one that was given.",
            "Give the request that it answers; `zkapex inspect` shows its digest.",
        ),
        Entry(
            "mismatch_state_digest",
            "It starts from another state than the one that was given.",
            "Ask for the client's current state, and make the answer again from it.",
        ),
        Entry(
            "mismatch_enrolment_digest",
            "It was made for another enrolment than the one that was given.",
            "Use the files that belong to the enrolment that was admitted last.",
        ),
        Entry(
            "mismatch_layout",
            "The target tensors are not those of the enrolment or base.",
            "Use the checkpoint and the pattern that were enrolled.",
        ),
        Entry(
            "mismatch_head",
            "A state does not follow from the earlier one and the accepted answer.",
            "Ask the provider for the state again; if it stays so, its ledger is not the one you were told of.",
        ),
        Entry("mismatch_insecure", "A file does not say truly whether it is insecure.", "Do not use it."),
        Entry(
            "mismatch_*",
            "Two files do not belong together: they differ in the field that the code names.",
            "Run `zkapex inspect` on both; one is of another client, request, preset or version.",
        ),
    ),
)
