"""How a service is run: every limit in one place, each with its unit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["enrolment", "enrolment-proof", "bundle"]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0)]
Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/(second|minute|hour)$")]
MIB = 1 << 20


class Limits(BaseModel):
    """What one client may cost. Sizes in bytes, times in seconds, rates as `limits` writes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enrolment: Count = 512 * MIB
    enrolment_proof: Count = 128 * MIB
    bundle: Count = 128 * MIB
    #: One PATCH carries at most so much; it is kept when its digest is right, or not at all.
    piece: Count = 4 * MIB
    #: The header of a file, which is parsed whole: some 300 bytes a chunk.
    header: Count = 8 * MIB
    #: Body of any other call.
    document: Count = 16 << 10
    #: Uploads of one client that no job has taken yet, and their declared bytes together.
    open_uploads: Count = 8
    open_bytes: Count = 1024 * MIB
    #: An upload that nobody finished or used is removed after this.
    upload_lifetime: Seconds = 24 * 3600
    #: A piece that stands still for this long, or takes this long in all, is given up.
    idle: Seconds = 10
    piece_time: Seconds = 120
    #: Jobs of one client that wait or run.
    open_jobs: Count = 4
    #: Bytes of one client that workers judge within a day: a refused bundle is kept as evidence (`Keep`).
    day_bytes: Count = 4096 * MIB
    jobs: Rate = "60/hour"
    calls: Rate = "600/minute"
    #: New keys of one client.
    rotations: Rate = "10/hour"
    #: Connections of one address at once (a proxy's own are not counted), of the 256 that there are.
    connections: Count = 128
    #: Calls of one address before anybody is known to have signed them.
    strangers: Rate = "1200/minute"
    #: Bytes that must stay free on the disk of the provider's folder.
    spare_disk: Annotated[int, Field(ge=0)] = 512 * MIB

    def size_of(self, kind: Kind) -> int:
        """Most bytes of a file of this kind."""
        return {"enrolment": self.enrolment, "enrolment-proof": self.enrolment_proof, "bundle": self.bundle}[kind]


class Queue(BaseModel):
    """How jobs are handed out: a worker that says nothing for `lease` seconds has lost its job to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lease: Seconds = 60
    poll: Seconds = 0.5
    #: A job that fails so often for reasons of ours (disk, memory, a killed worker) is set aside; sending it again queues it anew.
    attempts: Count = 5
    #: Wait after the first failure; it doubles with each.
    backoff: Seconds = 5
    #: A job that takes longer is set aside, and its worker ended.
    longest: Seconds = 6 * 3600
    #: A queue whose oldest job waits for so long, while none ends, stands still: health says degraded.
    stalled: Seconds = 3600
    #: Most bytes of memory of a worker, and as many of the verifier that it runs; None: what there is.
    memory: Count | None = None


class Keep(BaseModel):
    """How long what nothing rests on any more is kept. Verdicts, receipts, refusals and what the ledger accepted stay for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Jobs that ended, and their uploads' rows. Not shorter than the day over which `day_bytes` counts.
    finished: Annotated[float, Field(ge=24 * 3600)] = 30 * 24 * 3600
    #: Refused bundles, and those of one client together; the oldest go first, none while a worker may be at it (`Queue.longest`).
    evidence: Seconds = 90 * 24 * 3600
    evidence_bytes: Annotated[int, Field(ge=0)] = 1024 * MIB


class Listen(BaseModel):
    """An address of this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseModel):
    """One service. `database`: URL of the ledger; None is where the provider's folder says that it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Path
    database: str | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8740
    #: Where the numbers for Prometheus are; None: nowhere.
    metrics: Listen | None = None
    #: Authorities (host or host:port) that signed calls may name, beside the address itself.
    authorities: tuple[str, ...] = ()
    #: Addresses of proxies whose word counts for who called (X-Forwarded-For); without them all of a proxy's calls are one address's.
    proxies: tuple[str, ...] = ()
    workers: Annotated[int, Field(ge=0, le=256)] = 1
    #: Threads of one worker's prover.
    threads: Count = 1
    #: Where tables and reference strings are kept; None: as `cache_folder`.
    cache: Path | None = None
    #: Take artefacts that are marked insecure; tests only.
    allow_insecure: bool = False
    #: Log lines as JSON.
    json_log: bool = False
    #: A client that has not answered a request after this many seconds is late.
    late_after: Seconds = 7 * 24 * 3600
    #: An invitation serves once, within this many seconds.
    invitation_lifetime: Seconds = 30 * 24 * 3600
    #: SHA-256 (hex) of the token that opens the dashboard; None shuts it.
    dashboard_token: str | None = None
    limits: Limits = Limits()
    queue: Queue = Queue()
    keep: Keep = Keep()

    @property
    def key(self) -> Path:
        """The provider's signing key: it signs receipts and heads of the ledger."""
        return self.provider / "provider.key"

    @property
    def uploads(self) -> Path:
        """Folder of files on their way in."""
        return self.provider / "uploads"
