"""Every header field is bounded; each bad value is refused with its file, field and value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from artefact_factory import LAYOUT, WEIGHTS, Factory

from zkapex_jax.errors import InputError, ZkapexError
from zkapex_jax.formats.container import open_container
from zkapex_jax.formats.container_writer import write_container
from zkapex_jax.presets import TOY
from zkapex_jax.protocol import KINDS, Bundle, Enrolment, Request, SigningKey, State, Update
from zkapex_jax.protocol.artefact import Artefact

Json = dict[str, Any]

#: Order of the scalar field of BLS12-381: an integer near it would void a statement.
P = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


@pytest.fixture
def artefacts(make: Factory, key: SigningKey) -> dict[str, Artefact]:
    enrolment = make.enrolment()
    request, state = make.request(key), make.state(enrolment)
    made: list[Artefact] = [
        make.base(key), make.enrolment_proof(enrolment), enrolment, request, state, make.secret(enrolment), make.update(enrolment, request, state), make.bundle(enrolment, request, state),
    ]  # fmt: skip
    return {artefact.kind: artefact for artefact in made}


def rewrite(
    artefact: Artefact, change: Callable[[Json], Any], tensors: Callable[[dict[str, np.ndarray]], Any] = lambda _: None
) -> Path:
    """The artefact with other header fields or tensors, digests made right again: what a hostile writer would send."""
    fields = {name: value for name, value in artefact.container.fields.items() if name not in ("format", "version")}
    arrays = {name: artefact.tensor(name) for name in artefact.container.specs}
    change(fields)
    tensors(arrays)
    path = artefact.path.with_suffix(".changed")
    write_container(path, artefact.kind, fields, arrays, force=True)
    return path


def test_every_kind_reads_back(artefacts: dict[str, Artefact]) -> None:
    for artefact in artefacts.values():
        again = type(artefact).from_file(artefact.path)
        assert again == artefact and again.digest == artefact.digest
        assert KINDS[artefact.kind] is type(artefact)


@pytest.mark.parametrize("kind", ["base", "enrolment", "enrolment-proof", "request", "state", "update", "bundle", "secret"])
def test_secret_files_are_the_owners_alone(artefacts: dict[str, Artefact], kind: str) -> None:
    mode = artefacts[kind].path.stat().st_mode & 0o777
    assert mode == (0o600 if kind in ("secret", "update") else 0o644)


@pytest.mark.parametrize("kind", ["base", "enrolment", "enrolment-proof", "request", "state", "update", "bundle", "secret"])
def test_every_field_is_required_and_no_other_allowed(artefacts: dict[str, Artefact], kind: str) -> None:
    artefact = artefacts[kind]
    for name in type(artefact).model_fields:
        with pytest.raises(InputError, match=f"{name}.*missing") as caught:
            type(artefact).from_file(rewrite(artefact, lambda fields, name=name: fields.pop(name)))
        assert caught.value.field == name and caught.value.file
    with pytest.raises(InputError, match="does not belong"):
        type(artefact).from_file(rewrite(artefact, lambda fields: fields.update(note="hello")))


@pytest.mark.parametrize("kind", ["base", "enrolment", "enrolment-proof", "request", "state", "update", "bundle", "secret"])
def test_every_tensor_is_required_and_no_other_allowed(artefacts: dict[str, Artefact], kind: str) -> None:
    artefact = artefacts[kind]
    for name in artefact.container.specs:
        if name.startswith("sigma."):
            continue  # how many belong is the request's to say: `check_update` compares
        with pytest.raises(InputError):
            type(artefact).from_file(rewrite(artefact, lambda _: None, lambda arrays, name=name: arrays.pop(name)))
    with pytest.raises(InputError):
        type(artefact).from_file(rewrite(artefact, lambda _: None, lambda arrays: arrays.update(more=np.zeros(3, np.uint8))))


BAD_IDS = ["", "a" * 65, "a b", "a/b", "../x", "é", "a\n", "a\0"]
BAD_HEX = ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"]
BAD_FIELDS: list[tuple[str, str, Any]] = [
    *(("enrolment", "client_id", value) for value in BAD_IDS),
    *(("state", "client_id", value) for value in BAD_IDS[:2]),
    *(("enrolment", "tables_digest", value) for value in BAD_HEX),
    *(("bundle", "request_digest", value) for value in BAD_HEX[:2]),
    ("enrolment", "gamma", ["0"] * 3),
    ("enrolment", "gamma", ["-1"] * 3),
    ("enrolment", "gamma", ["5"] * 3),
    ("enrolment", "gamma", [str(2**39 + 1)] * 3),
    ("enrolment", "gamma", [str(2**40)] * 3),
    ("enrolment", "gamma", ["768"] * 2),
    ("enrolment", "gamma", ["768"] * 4),
    ("enrolment", "gamma", ["0768"] * 3),
    ("enrolment", "gamma", []),
    ("enrolment", "gamma", "768"),
    ("enrolment", "fixed_point_bits", "15"),
    ("enrolment", "preset", "none-such"),
    ("enrolment", "preset", "ceremony-4096"),
    ("enrolment", "srs_insecure", "false"),
    ("enrolment", "created", "yesterday"),
    ("enrolment", "created", "2026-02-30T12:00:00Z"),
    ("enrolment", "model", {"name": "x", "architecture": "vit"}),
    ("enrolment", "model", {"name": "", "architecture": "vit", "base_digest": "1" * 64}),
    ("enrolment", "model", {"name": "x", "architecture": "vit", "base_digest": "1" * 64, "more": "x"}),
    ("enrolment", "gamma", [str(P - 1)] * 3),
    ("enrolment", "nonce", "00"),
    ("base", "distance", []),
    ("base", "distance", ["0"] * 3),
    ("base", "distance", [str(2**48)] * 3),
    ("base", "distance", [str(P - 1)] * 3),
    ("base", "distance", ["1"] * 4),
    ("base", "distance", ["-1"] * 3),
    ("base", "distance", ["01"] * 3),
    ("base", "signer", "xyz"),
    ("base", "enrol_tables_digest", "00"),
    ("enrolment-proof", "state_digest", "00"),
    ("enrolment-proof", "insecure", "no"),
    ("enrolment-proof", "chunks", []),
    ("enrolment-proof", "chunks", ["0", "2", "1"]),
    ("enrolment-proof", "chunks", ["1", "2"]),
    ("enrolment-proof", "chunks", ["0", "1"]),
    ("request", "budget", [str(P - 1)]),
    ("request", "rules", {"t1": str(P - 1), "t2": "32*rows*gamma"}),
    ("request", "budget", []),
    ("request", "budget", ["0"]),
    ("request", "budget", [str(2**56)]),
    ("request", "budget", [str(2**96)]),
    ("request", "budget", ["1", "1"]),
    ("request", "touched", []),
    ("request", "touched", ["3"]),
    ("request", "touched", ["1", "0"]),
    ("request", "touched", ["0", "0"]),
    ("request", "touched", ["1"]),
    ("request", "rules", {"t1": "gamma^2*d", "t2": "32*rows*gamma"}),
    ("request", "rules", {"t1": "gamma^2*d/8"}),
    ("request", "nonce", "00"),
    ("request", "signer", "xyz"),
    ("request", "forget", "a\nb"),
    ("request", "forget", "x" * 501),
    ("request", "request_id", "Upper"),
    ("request", "request_id", "../../etc"),
    ("state", "position", "-1"),
    ("state", "position", str(2**64)),
    ("state", "position", str(2**32 + 1)),
    ("state", "head", "0"),
    ("bundle", "insecure", "yes"),
    ("bundle", "chunks", ["0", "1"]),
    ("bundle", "chunks", ["1", "0"]),
    ("secret", "enrolment_digest", "00"),
]


@pytest.mark.parametrize(("kind", "field", "value"), BAD_FIELDS)
def test_bad_fields(artefacts: dict[str, Artefact], kind: str, field: str, value: Any) -> None:
    path = rewrite(artefacts[kind], lambda fields: fields.update({field: value}))
    with pytest.raises(ZkapexError) as caught:
        KINDS[kind].from_file(path)
    assert caught.value.exit_code == 2 and caught.value.file == str(path)
    assert "\n" not in str(caught.value)


BAD_LAYOUTS: list[Callable[[Json], Any]] = [
    lambda layout: layout.update(weights="1999"),
    lambda layout: layout.update(chunks=["666", "667", "667"]),
    lambda layout: layout.update(chunks=["1000", "1000"]),
    lambda layout: layout.update(chunks=["2000"]),
    lambda layout: layout.update(chunks=[]),
    lambda layout: layout.update(chunks=["0", "2000"]),
    lambda layout: layout.update(tensors=layout["tensors"][::-1]),
    lambda layout: layout.update(tensors=layout["tensors"] * 2),
    lambda layout: layout.update(tensors=[]),
    lambda layout: layout.pop("pattern"),
    lambda layout: layout.update(more="x"),
]


@pytest.mark.parametrize("change", BAD_LAYOUTS)
@pytest.mark.parametrize("kind", ["base", "enrolment", "request", "state"])
def test_bad_layouts(artefacts: dict[str, Artefact], kind: str, change: Callable[[Json], Any]) -> None:
    path = rewrite(artefacts[kind], lambda fields: change(fields["layout"]))
    with pytest.raises(InputError, match="layout|c_theta|cumulative"):
        KINDS[kind].from_file(path)


def test_a_base_that_names_other_weights(artefacts: dict[str, Artefact]) -> None:
    def nudge(arrays: dict[str, np.ndarray]) -> None:
        arrays["theta0"][7] += 1

    def blow_up(arrays: dict[str, np.ndarray]) -> None:
        arrays["theta0"][7] = 1 << 28

    for change, words in ((nudge, "does not name the weights"), (blow_up, r"below 2\^28")):
        with pytest.raises(InputError, match=words):
            KINDS["base"].from_file(rewrite(artefacts["base"], lambda _: None, change))


def test_mask_of_another_shape(artefacts: dict[str, Artefact]) -> None:
    request = artefacts["request"]
    with pytest.raises(InputError, match=r"mask.*must be U8\[250\]"):
        Request.from_file(rewrite(request, lambda _: None, lambda arrays: arrays.update(mask=arrays["mask"][:-1])))


def test_mask_that_touches_other_chunks_than_it_says(artefacts: dict[str, Artefact]) -> None:
    def also_the_last_weight(arrays: dict[str, np.ndarray]) -> None:
        arrays["mask"][-1] |= 0x80

    with pytest.raises(InputError, match="exactly the chunks that the mask touches"):
        Request.from_file(rewrite(artefacts["request"], lambda _: None, also_the_last_weight))


def test_mask_with_bits_after_the_last_weight() -> None:
    from zkapex_jax.protocol.masks import pack_mask, unpack_mask

    packed = pack_mask(np.ones(13, bool))
    assert unpack_mask(packed, 13).all()
    packed[-1] |= 0x20
    with pytest.raises(InputError, match="unused bits"):
        unpack_mask(packed, 13)


@pytest.mark.parametrize("size", [0, 1, (2 * TOY.lanes + TOY.bit_columns + 1) * 48, (1 << 20) + 1])
def test_proofs_of_impossible_size(artefacts: dict[str, Artefact], size: int) -> None:
    path = rewrite(artefacts["bundle"], lambda _: None, lambda arrays: arrays.update({"proof.00000": np.zeros(size, np.uint8)}))
    with pytest.raises(InputError, match="proof.00000"):
        Bundle.from_file(path)


@pytest.mark.parametrize("shape", [(0,), (2000, 1), (1, 2000)])
def test_update_of_another_shape(artefacts: dict[str, Artefact], shape: tuple[int, ...]) -> None:
    path = rewrite(artefacts["update"], lambda _: None, lambda arrays: arrays.update(theta_u=np.zeros(shape, np.int32)))
    with pytest.raises(InputError, match="theta_u"):
        Update.from_file(path)


def test_one_kind_is_not_another(artefacts: dict[str, Artefact]) -> None:
    for kind, artefact in artefacts.items():
        for other in (Enrolment, Request, State, Update, Bundle):
            if other.kind != kind:
                with pytest.raises(InputError, match=f"must be a zkapex.{other.kind}"):
                    other.from_file(artefact.path)


def test_truncated_and_altered_artefacts(artefacts: dict[str, Artefact]) -> None:
    for artefact in artefacts.values():
        data = artefact.path.read_bytes()
        for keep in (0, 7, 100, len(data) // 2, len(data) - 1):
            artefact.path.write_bytes(data[:keep])
            with pytest.raises(InputError, match=artefact.path.name):
                type(artefact).from_file(artefact.path)
        artefact.path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(InputError, match="do not match their SHA-256"):
            type(artefact).from_file(artefact.path)


def test_bounds_of_chunks_match_their_sizes() -> None:
    ends = [LAYOUT.bounds(chunk) for chunk in range(len(LAYOUT.chunks))]
    assert ends[0][0] == 0 and ends[-1][1] == WEIGHTS
    assert all(stop - start == size for (start, stop), size in zip(ends, LAYOUT.chunks, strict=True))
    assert all(one[1] == two[0] for one, two in zip(ends, ends[1:], strict=False))


def test_digest_is_that_of_the_header(artefacts: dict[str, Artefact]) -> None:
    import hashlib

    for artefact in artefacts.values():
        assert artefact.digest == hashlib.sha256(open_container(artefact.path).header).hexdigest()
