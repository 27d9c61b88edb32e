"""The client's home: its folder of secrets and proofs, and beside them what it knows of a provider."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from zkapex_jax.client.certificates import context_of
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.atomic import SECRET_MODE, make_directory, write_bytes
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import Enrolment, Request, SigningKey, State, generate_key
from zkapex_jax.protocol.artefact import Header
from zkapex_jax.protocol.fields import ClientId, Hex32, Text, Timestamp
from zkapex_jax.workflow.folders import ClientFolder

_MAX_MEMBERSHIP = 64 << 10


class Membership(Header):
    """Whose client this is: `url` is empty where there is no service; requests and receipts count only from `provider_keys`."""

    format: Literal["zkapex.membership"] = "zkapex.membership"
    version: Literal["1"] = "1"
    client_id: ClientId
    url: Text
    provider_keys: tuple[Hex32, ...] = Field(min_length=1, max_length=64)
    joined: Timestamp

    def trusting(self, keys: Iterable[str]) -> Self:
        """The same, with more keys of the provider."""
        return self.model_copy(update={"provider_keys": tuple(dict.fromkeys((*self.provider_keys, *keys)))})

    def check_key(self, key: str, *, file: Path) -> str:
        """The key of a signed file. Raises RefusedError if it is none of the provider's."""
        if key not in self.provider_keys:
            raise RefusedError("is signed by another key than the provider's", code="other_signer", file=file, field="signer", value=key)
        return key


@dataclass(frozen=True)
class Home:
    """A `ClientFolder` with a membership, states and requests that arrived, and receipts."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> Self:
        return cls(make_directory(path, mode=0o700))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises InputError if nobody joined here."""
        home = cls(Path(path))
        if not home.membership_file.is_file():
            raise InputError(
                "knows of no provider", code="not_joined", file=path, hint="run `zkapex client join` first, or name another --home"
            )
        return home

    @property
    def folder(self) -> ClientFolder:
        return ClientFolder(self.path)

    @property
    def membership_file(self) -> Path:
        return self.path / "membership.json"

    @property
    def key_file(self) -> Path:
        """The private key that signs calls; beside it the public half."""
        return self.path / "client.key"

    @property
    def membership(self) -> Membership:
        """Raises InputError if the file is damaged."""
        try:
            return Membership.parse(canonical.loads(read_bytes(self.membership_file, max_bytes=_MAX_MEMBERSHIP)))
        except (InputError, TypeError, ValueError) as error:
            raise _in_file(error, self.membership_file) from error

    def keep_membership(self, membership: Membership) -> None:
        write_bytes(self.membership_file, canonical.dumps(membership.model_dump()), force=True)

    def key(self) -> SigningKey:
        """The client's key, made on the first call."""
        if self.key_file.exists():
            return SigningKey.load(self.key_file)
        return generate_key(self.key_file, force=True)

    @property
    def authority_file(self) -> Path:
        """Certificates of the authority that vouches for the service, where the provider has one of its own."""
        return self.path / "authority.pem"

    def keep_authority(self, certificates: bytes) -> None:
        write_bytes(self.authority_file, certificates, force=True)

    def authority(self) -> ssl.SSLContext | None:
        """TLS that trusts that authority alone; None where none is kept. Raises InputError if the file is damaged."""
        if not self.authority_file.is_file():
            return None
        return context_of(read_bytes(self.authority_file, max_bytes=_MAX_MEMBERSHIP), self.authority_file)

    @property
    def is_enrolled(self) -> bool:
        """Whether an enrolment and its proof are made; whether it is admitted, a state says."""
        return self.folder.enrolment.is_file() and self.folder.enrolment_proof.is_file()

    def request_file(self, request_id: str) -> Path:
        """Where a request that arrived is kept."""
        return make_directory(self.path / "inbox") / f"{request_id}.safetensors"

    def requests(self) -> list[Request]:
        """Requests that arrived, oldest first."""
        files = sorted((self.path / "inbox").glob("*.safetensors"))
        return sorted((Request.from_file(file, verify=False) for file in files), key=lambda found: (found.created, found.request_id))

    def state_file(self, digest: str) -> Path:
        """Where a state that arrived is kept."""
        return make_directory(self.path / "states") / f"{digest}.safetensors"

    def state(self) -> State:
        """The newest state of the present enrolment. Raises InputError if there is none: the provider has not admitted it."""
        states = self.states()
        if not states:
            raise InputError(
                "holds no state: the provider has not admitted its enrolment", code="not_enrolled", file=self.path,
                hint="run `zkapex client enrol`, or `zkapex client receive` the state that the provider handed out",
            )  # fmt: skip
        return states[-1]

    def states(self) -> list[State]:
        """States of the present enrolment, oldest first; none before an enrolment."""
        if not self.folder.enrolment.is_file():
            return []
        enrolment = Enrolment.from_file(self.folder.enrolment, verify=False).digest
        found = (State.from_file(file, verify=False) for file in (self.path / "states").glob("*.safetensors"))
        return sorted((state for state in found if state.enrolment_digest == enrolment), key=lambda state: state.position)

    def receipt_file(self, digest: str) -> Path:
        """Where the receipt of an answer, or of an enrolment, is kept; by the file's digest."""
        return make_directory(self.path / "receipts") / f"{digest}.json"

    def refusal_file(self, digest: str) -> Path:
        """Where the last refusal of a bundle, or of an enrolment's proof, is kept."""
        return make_directory(self.path / "receipts") / f"{digest}.refused.json"

    def answer_folder(self, request_id: str) -> Path:
        """Where the answer to a request is made, if it was begun."""
        return self.path / "requests" / request_id

    def write_secret(self, name: str, data: bytes) -> None:
        write_bytes(self.path / name, data, force=True, mode=SECRET_MODE)


def _in_file(error: Exception, file: Path) -> InputError:
    if isinstance(error, InputError):
        error.in_file(file)
        return error
    return InputError("is not a membership", code="bad_json", file=file)
