"""Commands with which anyone who has the public files can check the verdict again."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax import workflow
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import Enrolled, Parties, insecure


def verify_again(
    folders: Folders, parties: Parties, enrolled: Enrolled, request: workflow.RequestResult, proof: workflow.ProveResult
) -> list[str]:
    """Shell lines, as typed in the folder from which the demo was run: from files alone, recording nothing."""
    files = {
        "--enrolment": enrolled.client.enrolment,
        "--request": request.path,
        "--state": enrolled.state,
        "--bundle": proof.bundle,
        "--provider-key": folders.provider / "signing-key.pem.pub",
        "--srs": parties.tool.srs,
    }
    lines = ["zkapex verify \\", *(f"  {option} {_shown(path)} \\" for option, path in files.items())]
    lines[-1] = lines[-1].removesuffix(" \\") + (" --allow-insecure" if insecure(parties.tool) else "")
    return lines


def _shown(path: Path) -> str:
    return str(path)
