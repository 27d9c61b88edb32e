"""Everybody who may say whether columns satisfy tables: the reference checker, the library's MockProver, and proofs made and
verified by both provers, each proof by both verifiers."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reference_prover import srs as srs_format
from reference_prover import tables as table_format
from reference_prover.checker import Violation, check
from reference_prover.curve import curve
from reference_prover.errors import ProofRefused, WitnessError
from reference_prover.plonk import Committed, ProvingKey, prove, verify
from reference_prover.tables import Tables
from zkapex_jax.circuit import Circuit, emit
from zkapex_jax.errors import InputError
from zkapex_jax.prover import Prover, ensure_srs, relation_check, relation_prove, relation_verify, write_columns, write_public

OUTER = bytes(range(64))


@dataclass(frozen=True)
class Court:
    """The judges of one circuit's columns, each 2^k field elements, zero on the rows of Halo2. Files go to `folder`."""

    folder: Path
    circuit: Circuit
    columns: Mapping[str, Sequence[int]]

    @cached_property
    def tables(self) -> Tables:
        return table_format.parse(emit(self.circuit))

    @cached_property
    def violations(self) -> list[Violation]:
        return check(self.tables, self.columns)

    def usable(self, names: Sequence[str]) -> list[list[int]]:
        return [list(self.columns[name][: self.tables.usable]) for name in names]

    @cached_property
    def names(self) -> tuple[list[str], list[str]]:
        """Committed and plain columns."""
        kinds = self.tables.instance.items()
        return [name for name, committed in kinds if committed], [name for name, committed in kinds if not committed]

    @cached_property
    def files(self) -> tuple[Path, Path]:
        """Tables and columns as the Rust binary reads them."""
        here = self.folder / uuid.uuid4().hex
        here.mkdir()
        (here / "tables.json").write_bytes(emit(self.circuit))
        every = [*self.tables.instance, *self.tables.advice]
        write_columns(here / "columns", dict(zip(every, self.usable(every), strict=True)))
        return here / "tables.json", here / "columns"

    @cached_property
    def srs(self) -> Path:
        return ensure_srs(Prover.find(), self.circuit.k, self.folder).path

    def mock(self) -> list[str]:
        """What the library's own checker finds."""
        return relation_check(*self.files)

    def rust_proof(self) -> bytes | None:
        """None where the prover cannot make one."""
        proof = self.files[0].with_name("proof")
        try:
            relation_prove(self.files[0], self.srs, self.files[1], OUTER, proof)
        except InputError:
            return None
        return proof.read_bytes()

    def python_proof(self) -> bytes | None:
        """None where the prover cannot make one."""
        committed = zip(self.usable(self.names[0]), self.points, strict=True)
        try:
            return prove(self.key, [Committed(*one) for one in committed], self.usable(self.names[1]), self.usable(self.tables.advice), OUTER)
        except WitnessError:
            return None

    def rust_accepts(self, proof: bytes) -> bool:
        here = self.files[0].with_name(uuid.uuid4().hex)
        here.with_suffix(".proof").write_bytes(proof)
        commitments = {name: self.key.verifying.curve.encode(point) for name, point in zip(self.names[0], self.points, strict=True)}
        write_public(here, commitments, dict(zip(self.names[1], self.usable(self.names[1]), strict=True)))
        return relation_verify(self.files[0], self.srs, here, OUTER, here.with_suffix(".proof"), allow_insecure=True).accepted

    def python_accepts(self, proof: bytes) -> bool:
        try:
            verify(self.key.verifying, self.points, self.usable(self.names[1]), OUTER, proof)
        except ProofRefused:
            return False
        return True

    @cached_property
    def key(self) -> ProvingKey:
        backend = curve()
        return ProvingKey.of(self.tables, srs_format.read(self.srs, backend), backend)

    @cached_property
    def points(self) -> list:
        """Commitments of the committed columns."""
        return [self.key.verifying.srs.commit_lagrange(column) for column in self.usable(self.names[0])]

    def verdicts(self) -> dict[str, bool]:
        """Who says that the columns satisfy the tables."""
        said = {"checker": not self.violations, "mock prover": not self.mock()}
        for maker, proof in (("rust", self.rust_proof()), ("python", self.python_proof())):
            said[f"{maker} proof, rust verifier"] = proof is not None and self.rust_accepts(proof)
            said[f"{maker} proof, python verifier"] = proof is not None and self.python_accepts(proof)
        return said
