"""Sizes of the statement that studies name: those served, and measured ones with other numbers of rows.

`measured-k12-p16-n384` is the default preset with n = 384 gradient rows a client, `-h32` after it with K = 32 forget rows. The prover takes any such sizes; nobody
serves them, so the preset is marked insecure, and artefacts cannot name it.
"""

from __future__ import annotations

import re

from experiments.performance.sizes import sized
from zkapex_jax.presets import Preset, get_preset

_MEASURED = re.compile(r"measured-k(\d{1,2})-p(\d{1,2})-n(\d{1,4})(?:-h(\d{1,3}))?\Z", re.ASCII)


def preset_of(name: str) -> Preset:
    """The preset of that name.

    Raises:
        InputError: it is neither served nor well-formed, or its sizes do not fit or break the bounds sheet.
    """
    found = _MEASURED.match(name) if isinstance(name, str) else None
    return sized(*(int(part) for part in found.groups() if part is not None)) if found else get_preset(name)
