"""Commands with which anyone who has the public files can check the verdict again."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax import workflow
from zkapex_jax.demo.options import Folders
from zkapex_jax.demo.path import Enrolled, Parties, insecure, public_key


def verify_again(
    folders: Folders, parties: Parties, enrolled: Enrolled, request: workflow.RequestResult, proof: Path
) -> list[str]:
    """Shell lines, as typed in the folder from which the demo was run: from files alone, recording nothing. `proof` is the bundle."""
    files = {
        "--enrolment": folders.provider_inbox / "enrolment.safetensors",
        "--request": request.path,
        "--state": enrolled.state,
        "--provider-key": public_key(folders),
        "--srs": parties.tool.srs,
    }
    lines = [f"zkapex verify {proof} \\", *(f"  {option} {path} \\" for option, path in files.items())]
    lines[-1] = lines[-1].removesuffix(" \\") + (" --allow-insecure" if insecure(parties.tool) else "")
    return lines
