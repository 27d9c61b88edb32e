"""A file that is refused leaves the provider's signed word beside it, where its key is at hand: as a service does for every client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from zkapex_jax.cli.options import option
from zkapex_jax.errors import RefusedError, ZkapexError
from zkapex_jax.formats.atomic import refuse_existing
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof, SigningKey
from zkapex_jax.protocol.receipts import AnyReceipt, read_receipt
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.receipts import make_receipt, make_refusal

RefusalFile = Annotated[
    Path | None,
    option("refusal", "FILE", "Where to write the signed refusal, if it comes to that. Default: beside the file, named by what was refused and why."),
]


@dataclass(frozen=True)
class Refusing:
    """Who signs, and where to: `key` None signs nothing, `out` None writes beside the file. `note` takes what keeps it from being signed."""

    key: SigningKey | None
    out: Path | None
    force: bool
    note: Callable[[str], None]

    @classmethod
    def of(cls, provider: Path, key: Path | None, out: Path | None, *, force: bool, note: Callable[[str], None]) -> Refusing:
        """With the key of `--key`, or the folder's own if there is one. Raises as `SigningKey.load`; StorageError where `out` exists."""
        if out is not None:
            refuse_existing(out, force=force)
        found = key or provider / "provider.key"
        return cls(SigningKey.load(found) if key is not None or found.is_file() else None, out, force, note)

    @contextlib.contextmanager
    def signing(self, provider: Provider, file: Path, proof: Path | None = None) -> Iterator[None]:
        """Sign what a rule, or an enrolment's verifier, refuses in the block, and raise it on; `error.refusal` names the file written.

        `proof`: of an enrolment, whose refusal is of its proof.
        """
        try:
            yield
        except RefusedError as error:
            if self.key is not None:
                with self._going_on():
                    given: Bundle | EnrolmentProof = EnrolmentProof.from_file(proof) if proof else Bundle.from_file(file)
                    if _belong(given, file):
                        error.refusal = str(self._write(make_refusal(provider, self.key, given, error), file, error.code))
            raise

    def verdict(self, provider: Provider, file: Path, digest: str) -> Path | None:
        """Write the receipt of a refused bundle, which the ledger holds a verdict on; None without a key."""
        if self.key is not None:
            with self._going_on():
                return self._write(make_receipt(provider, self.key, digest), file, "proof_refused")
        return None

    @contextlib.contextmanager
    def _going_on(self) -> Iterator[None]:
        """What keeps the refusal from being signed does not hide why the file was refused."""
        try:
            yield
        except ZkapexError as missing:
            self.note(f"no refusal was signed: {missing}")

    def _write(self, receipt: AnyReceipt, file: Path, code: str) -> Path:
        """The same refusal again is no new one."""
        path = self.out or file.with_name(f"{file.stem}.{receipt.subject[:16]}.{code}.refused.json")
        if self.out is not None or not _says_so(path, receipt):
            receipt.to_file(path, force=self.force or self.out is None)
        return path


def _belong(given: Bundle | EnrolmentProof, file: Path) -> bool:
    """Nothing is signed of a proof because it was given with an enrolment that it is not of."""
    return isinstance(given, Bundle) or Enrolment.from_file(file, verify=False).digest == given.enrolment_digest


def _says_so(path: Path, receipt: AnyReceipt) -> bool:
    """Whether a file is this provider's word on the same file, in the same sense."""
    if not path.is_file():
        return False
    try:
        known = read_receipt(path)
        known.check_signature(receipt.provider, path)
    except ZkapexError:
        return False
    return (known.kind, known.subject, getattr(known, "code", "")) == (receipt.kind, receipt.subject, getattr(receipt, "code", ""))
