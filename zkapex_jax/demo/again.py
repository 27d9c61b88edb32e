"""Commands with which anyone who has the public files can check the verdicts again."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import Enrolled, Parties, public_key
from zkapex_jax.demo.serving import Served
from zkapex_jax.protocol import State


def enrolment_again(folders: Folders, parties: Parties, enrolled: Enrolled, before: Path | None = None) -> list[str]:
    """Shell lines, as typed in the folder from which the demo was run; `before` is the state that a re-enrolment replaced."""
    name = "re-enrolment" if before is not None else "enrolment"
    files = {
        "--proof": folders.provider_inbox / f"{name}-proof.safetensors",
        "--base": parties.base.path,
        **({"--state": _kept(parties, before)} if before is not None else {}),
    }
    return _lines(f"zkapex verify-enrolment {folders.provider_inbox / f'{name}.safetensors'}", files, folders, parties)


def bundle_again(folders: Folders, parties: Parties, served: Served) -> list[str]:
    """The same for an answer to a request."""
    answer = served.answer
    files = {
        "--enrolment": folders.provider_inbox / "enrolment.safetensors",
        "--request": answer.request.path,
        "--state": _kept(parties, answer.state),
    }
    return _lines(f"zkapex verify {folders.provider_inbox / f'bundle-{answer.index + 1}.safetensors'}", files, folders, parties)


def _kept(parties: Parties, state: Path) -> Path:
    """The provider's own copy of a state."""
    return parties.provider.artefact(State.from_file(state).digest)


def _lines(command: str, files: dict[str, Path], folders: Folders, parties: Parties) -> list[str]:
    files = files | {"--provider-key": public_key(folders), "--srs": parties.tool.srs}
    lines = [f"{command} \\", *(f"  {option} {path} \\" for option, path in files.items())]
    lines[-1] = lines[-1].removesuffix(" \\") + (" --allow-insecure" if parties.insecure else "")
    return lines
