"""What docs/auditor.md tells an auditor to compare is what the program gives."""

import re
from pathlib import Path

from zkapex_jax.presets import DEFAULT_PRESET, get_preset
from zkapex_jax.prover import Prover

PAGE = (Path(__file__).parents[2] / "docs" / "auditor.md").read_text(encoding="utf-8")


def test_the_digest_of_the_default_reference_string(tmp_path: Path) -> None:
    k = get_preset(DEFAULT_PRESET).k
    (stated,) = re.findall(rf"at k = {k}, has ([0-9a-f]{{64}})", PAGE)
    assert Prover.find().srs_ceremony(k, tmp_path / "ceremony.srs")["digest"] == stated
