"""The client's side of one request: its artefacts opened once and checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from zkapex_jax.protocol import ClientSecret, Enrolment, Request, State, chunk_name
from zkapex_jax.protocol.checks import check_request, check_secret, check_state
from zkapex_jax.workflow.folders import ClientFolder
from zkapex_jax.workflow.toolchain import Toolchain


@dataclass(frozen=True)
class ChunkInputs:
    """Integers of one chunk: θ̂p int32 [d], client rows int8 [n, d], forget rows int8 [K, d], mask bool [d], γ̂, D.

    `mask` joins the request's mask with all that was forgotten before; `new` counts the request's own weights in it.
    """

    chunk: int
    theta: np.ndarray
    gradients: np.ndarray
    forget: np.ndarray
    mask: np.ndarray
    new: int
    gamma: int
    budget: int


@dataclass(frozen=True)
class ClientSession:
    """Enrolment, secret, request and state of one client, known to belong together."""

    client: ClientFolder
    enrolment: Enrolment
    secret: ClientSecret
    request: Request
    state: State

    @classmethod
    def open(cls, tool: Toolchain, folder: Path, request: Path, state: Path) -> Self:
        """Raises InputError or RefusedError if a file is malformed or they do not belong together."""
        client = ClientFolder.open(folder)
        enrolment = Enrolment.from_file(client.enrolment)
        tool.check(enrolment)
        secret = ClientSecret.from_file(client.secret, verify=False)  # each tensor is checked as it is read
        session = cls(client, enrolment, secret, Request.from_file(request), State.from_file(state))
        check_secret(secret, enrolment)
        check_request(session.request, enrolment)
        check_state(session.state, enrolment)
        return session

    @property
    def work(self) -> Path:
        """Folder of this request's answer."""
        return self.client.request_folder(self.request.request_id)

    def chunks(self) -> Iterator[ChunkInputs]:
        """Inputs of each touched chunk, one in memory at a time beside the weights."""
        theta, new = self.secret.tensor("theta"), self.request.mask()
        joined = new | self.state.cumulative()
        for chunk in self.request.touched:
            place = slice(*self.enrolment.layout.bounds(chunk))
            yield ChunkInputs(
                chunk, theta[place], self.secret.tensor(chunk_name("gradients", chunk)), self.request.forget_rows(chunk),
                joined[place], int(new[place].sum()), self.enrolment.gamma[chunk], self.request.budget_of(chunk),
            )  # fmt: skip
