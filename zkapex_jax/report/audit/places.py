"""Where each line of an audit can be looked up: gates, sections of the documents, tests. A test checks that all exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from zkapex_jax.report.audit.schema import Heading

_ONLINE = ("fold.step", "fold.first", "fold.last")
_ENROL = ("enrol.step", "enrol.first", "enrol.last")


def _page(page: str, *headings: str) -> tuple[Heading, ...]:
    return tuple(Heading(page=f"{page}.md", heading=heading) for heading in headings)


_SOUND = _page("protocol", "The online proof, line by line")
_ENROLLED = _page("protocol", "3. Enrolment: before any mask, with its own proof")


@dataclass(frozen=True)
class Places:
    """`tests` are `path::name` from the root of the repository; Rust tests are named by their function."""

    gates: tuple[str, ...] = ()
    docs: tuple[Heading, ...] = ()
    tests: tuple[str, ...] = field(default=())


#: By the key of the line.
PLACES: Mapping[str, Places] = MappingProxyType({
    "masked": Places(
        ("fold.mask",),
        _SOUND,
        (
            "tests/circuit/test_gate_expansion.py::test_masked_weights_are_zero_on_active_rows",
            "prover/tests/protocol/online_tests.rs::masked_weights_stay_zero",
            "tests/cli/test_cli_path.py::test_a_second_request_keeps_what_was_forgotten",
        ),
    ),
    "budget": Places(
        (*_ONLINE, "fold.bits"),
        _SOUND + _page("relations", "`fold_kkt`"),
        (
            "tests/circuit/test_gate_expansion.py::test_each_sum_can_be_broken_alone",
            "tests/reference/test_ref_rounds.py::test_an_exceeded_limit_is_named_and_an_exact_one_passes",
            "prover/tests/protocol/online_tests.rs::limits_end_at_the_sums",
        ),
    ),
    "stationary": Places(
        (*_ONLINE, "fold.bits"),
        _page("protocol", "1. What is claimed", "The online proof, line by line"),
        (
            "tests/reference/test_ref_rounds.py::test_each_sum_can_be_broken_alone_and_is_named",
            "tests/reference/test_ref_orders.py::test_r_known_before_y_hides_a_residual",
            "tests/witness/test_witness_chunk.py::test_rules",
        ),
    ),
    "rounding": Places(
        (*_ONLINE, "fold.bits"),
        _page("protocol", "1. What is claimed", "The online proof, line by line"),
        (
            "tests/reference/test_ref_orders.py::test_q_committed_after_rho_lets_y_be_anything",
            "tests/reference/test_ref_rounds.py::test_two_errors_do_not_cancel",
            "prover/tests/protocol/online_tests.rs::one_sum_broken_alone",
        ),
    ),
    "distance": Places(
        (),
        _page("protocol", "1. What is claimed"),
        (
            "tests/witness/test_witness_chunk.py::test_certificate_bounds_the_truth",
            "tests/witness/test_witness_chunk.py::test_certificate_holds_far_from_the_optimum",
            "tests/reference/test_ref_witness.py::test_built_chunks_pass_and_are_near_the_exact_optimum",
        ),
    ),
    "integers": Places(
        ("fold.bits", "enrol.bits"),
        _page("protocol", "The constants of the projections", "Integers, not residues") + _page("bounds", "Bounds and errors"),
        (
            "tests/circuit/test_presets.py::test_every_quantity_of_both_relations_stays_below_half_of_p",
            "tests/circuit/test_window_lemma.py::test_a_window_of_bits_binds_what_is_as_long_as_it",
            "tests/reference/test_ref_orders.py::test_bits_committed_after_eta_let_a_weight_leave_its_window",
        ),
    ),
    "binding": Places(
        (),
        _page("protocol", "Fiat–Shamir", "What the ledger does with it"),
        (
            "tests/reference/test_ref_transcript.py::test_chunk_and_every_tampering",
            "prover/tests/protocol/online_tests.rs::a_proof_serves_one_statement",
            "tests/cli/test_cli_bad_bundles.py::test_replay",
        ),
    ),
    "rows": Places(
        (*_ENROL, "enrol.bits"),
        _ENROLLED + _page("relations", "`enrol`"),
        (
            "tests/reference/test_ref_crafted_rows.py::test_crafted_rows_are_refused_at_enrolment_by_name",
            "tests/reference/test_ref_enrolment_orders.py::test_t_committed_after_eta_zeta_and_rho_lets_a_row_be_anything",
            "prover/tests/protocol/enrolment_tests.rs::large_entries_leave_the_window",
        ),
    ),
    "hiding_places": Places(
        _ENROL,
        _ENROLLED,
        (
            "tests/reference/test_ref_enrolment.py::test_a_pad_that_is_not_zero_breaks_the_mask",
            "prover/tests/protocol/enrolment_tests.rs::pads_and_forgotten_weights_are_zero",
            "tests/workflow/test_chain.py::test_new_rows_do_not_bring_a_forgotten_weight_back",
        ),
    ),
    "base": Places(
        (*_ENROL, "enrol.bits"),
        _ENROLLED,
        (
            "tests/reference/test_ref_enrolment.py::test_the_distance_is_exact",
            "prover/tests/protocol/enrolment_tests.rs::distances_end_at_d0",
            "tests/cli/test_cli_bad_enrolments.py::test_a_model_far_from_the_base",
        ),
    ),
    "tie": Places(
        _ENROL,
        _page("protocol", "Enrolling anew"),
        (
            "tests/reference/test_ref_enrolment.py::test_a_renewal_of_other_weights_is_named",
            "prover/tests/protocol/enrolment_tests.rs::renewals_must_keep_the_weights",
            "tests/workflow/test_enrolment_refused.py::test_a_new_enrolment_cannot_change_the_weights",
        ),
    ),
    "enrolment_binding": Places(
        (),
        _ENROLLED + _page("protocol", "What the ledger does with it"),
        (
            "tests/reference/test_ref_enrolment_inputs.py::test_transcript_and_every_tampering",
            "prover/tests/protocol/enrolment_tests.rs::a_proof_serves_one_statement",
            "tests/workflow/test_enrolment_refused.py::test_the_proof_is_of_this_enrolment_alone",
        ),
    ),
    "hidden": Places(
        (),
        _page("protocol", "Blinding rows", "The simulator"),
        (
            "tests/protocol/test_protocol_openings.py::test_one_evaluation_stays_hidden_after_the_last_proof",
            "tests/protocol/test_protocol_openings.py::test_no_proof_reaches_the_number_of_blinding_rows",
        ),
    ),
    "error": Places(
        (),
        _page("protocol", "6. Why it is sound", "Degrees") + _page("bounds", "Halo2's own challenges"),
        (
            "tests/circuit/test_golden.py::test_errors_of_serving_presets",
            "tests/circuit/test_golden.py::test_the_terms_of_an_enrolment_are_counted_by_hand",
            "tests/circuit/test_inner_error.py::test_fold_kkt_by_hand",
        ),
    ),
})  # fmt: skip

#: Where the documents say what is not proven.
NOT_PROVEN_DOCS = _page("protocol", "8. What is not proven") + _page("auditor", "What it does not prove")

#: What each gate says; the formulas of docs/relations.md, one a gate.
GATES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "fold.mask": ("(s − f_j)·θu_j = 0 on every lane j", "an active weight that is not free is zero"),
    "fold.step": (
        "q_step·(acc′ − acc) = Σ_j [ F_j(s·δ_j + c_j) + c_j(y_j + v·δ_j) + f_j(y_j² + δ_j²) ] + tail",
        "the running sum takes up what a row adds; seven sums sit at distinct powers of μ",
    ),
    "fold.bits": ("q_bits·x(x − 1) = 0", "bits are bits: windows of the p_j, slacks of T1, T2, D"),
    "fold.first": ("q_first·acc = 0", "the sum starts at zero"),
    "fold.last": ("q_last·acc = 0", "the sum ends at zero, hence each of the seven sums is zero"),
    "enrol.step": (
        "q_step·(acc′ − acc) = Σ_j [ c_j·F_j + s·Δ_j² ] + Σ_l w_l·cells_l + w_const",
        "the running sum takes up what a row adds; four sums sit at distinct powers of μ",
    ),
    "enrol.bits": ("q_bits·x(x − 1) = 0", "bits are bits: windows of the v_l, slack of D0"),
    "enrol.first": ("q_first·acc = 0", "the sum starts at zero"),
    "enrol.last": ("q_last·acc = 0", "the sum ends at zero, hence each of the four sums is zero"),
})  # fmt: skip


def anchor(heading: str) -> str:
    """The fragment that renderers of Markdown give a heading: small letters, digits, '-' and '_'; spaces become '-'."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
