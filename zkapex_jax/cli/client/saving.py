"""`--model` and `--save-model` of `unlearn` and `client unlearn`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from zkapex_jax.errors import InputError
from zkapex_jax.workflow.costs.libraries import check_python_room


def check_pair(model: Path | None, out: Path | None) -> None:
    """Raise InputError if one of the two options is missing."""
    if (model is None) != (out is None):
        raise InputError("--model and --save-model go together", field="save-model")


@dataclass(frozen=True)
class Saving:
    """Where an unlearned model goes, and the model that it has its format from."""

    model: Path
    out: Path
    force: bool

    @classmethod
    def asked(cls, model: Path | None, out: Path | None, *, force: bool) -> Self | None:
        """None if none is wanted. Raises InputError if one option is missing, or as `check_save`, before long work."""
        check_pair(model, out)
        if model is None or out is None:
            return None
        check_python_room("saving the model", out, model)
        from zkapex_jax.workflow import check_save  # here: it loads what there may be no room for

        check_save(model, out, force=force)
        return cls(model, out, force)

    def save(self, *, folder: Path, request: Path, provider_key: str, update: Path) -> None:
        """Write it; raises as `save_unlearned`."""
        from zkapex_jax.workflow import save_unlearned

        save_unlearned(
            model=self.model, out=self.out, folder=folder, request=request, provider_key=provider_key, update=update, force=self.force
        )
