"""The study of glyphs: what is drawn, what is forgotten, how models are trained. Chosen on seeds from 100 on.

A mask of 2 % takes the forgotten characters from 57 % to 0 on seeds 100 and 101 and costs 9 to 10 points. Of that 89 and 104 % came
back with the rows and chunks below and what was forgotten stayed so (0.3 %); with chunks of 256 weights and 336 rows 91 and 94 %, with
1.5 % of it back; in two chunks with 1,024 rows that sum up 87 % on seed 100. Of what a mask of 1 % cost 88 and 102 % came back,
but 3.9 % of what was forgotten. Damping a quarter or an eighth of the product's, and forget rows three times as long, changed nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from experiments.glyphs import fonts
from experiments.glyphs.data import Share, Shares
from experiments.glyphs.render import SIZE, Printed, Sketched
from experiments.lab.config import Config
from experiments.lab.frontier import Choice, Frontier
from experiments.lab.row_choice import DRAWN, EXAMPLES, SKETCH, Rows
from experiments.lab.unlearning import methods
from zkapex_jax.errors import InputError
from zkapex_jax.tasks.training import Schedule

#: Capitals, digits and small letters whose shapes differ from those before them: EMNIST's choice without O, I and 1.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789abdefghnqrt"

#: A ViT of 0.1 M parameters. Four large patches: with sixteen of 4 x 4 it costs four times as much and reads sketches worse.
NETWORK: dict[str, Any] = {
    "model_type": "vit",
    "image_size": SIZE,
    "patch_size": 8,
    "num_channels": 1,
    "num_labels": len(ALPHABET),
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 256,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.1,
}

#: Chunks of 512 weights with 208 rows, as the study of code has them; 96 chunks.
SMALL, SERVED = "measured-k9-p2-n208", "ceremony-4096"

#: Rows that sum up 8,192 gradients with labels drawn from the model: seven of each of a client's 1,107 images.
ROWS = Rows(SKETCH, draws=8192)

FRONTIER = Frontier(
    choices=(
        Choice(SERVED, Rows(EXAMPLES)),
        Choice(SERVED, ROWS),
        Choice("measured-k12-p16-n1024", Rows(EXAMPLES)),
        Choice("measured-k12-p16-n1024", ROWS),
        Choice(SMALL, Rows(EXAMPLES)),
        Choice(SMALL, Rows(DRAWN)),
        Choice("measured-k9-p2-n336", ROWS),
    ),
    damping=((1, 4), (1, 256)),
)


@dataclass(frozen=True)
class GlyphsConfig(Config):
    """Everything that fixes the study; `request_retain` is how many retained training images the mask is chosen with.

    Raises:
        InputError: forgotten characters are not part of the alphabet, or all of it.
    """

    forgotten: str = "BKS3"
    shares: Shares = Shares()
    printed: Printed = Printed()
    sketched: Sketched = Sketched()
    most_fonts: int = fonts.MOST
    base: Schedule = Schedule(epochs=16, batch=64, learning_rate=2e-3, weight_decay=0.05)
    personal: Schedule = Schedule(epochs=10, batch=32, learning_rate=1e-3, weight_decay=0.05)
    pattern: str = "vit/encoder/layer/*/intermediate/dense/kernel"
    sparsity: float = 0.02
    request_retain: int = 1024
    preset: str = SMALL
    rows: Rows = ROWS
    frontier: Frontier = FRONTIER
    masks: tuple[str, ...] = ("second-order", "fisher-ratio", "magnitude", "random")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < len(self.forgotten) < len(ALPHABET) or not set(self.forgotten) < set(ALPHABET):
            raise InputError("must be some characters of the alphabet, not all", code="study", field="forgotten", value=self.forgotten)

    def constants(self) -> Mapping[str, Any]:
        """The fonts that were found, the network, the alphabet, and the budgets of the methods that train."""
        drawn = fonts.fingerprint(found(self.most_fonts))
        return {"network": NETWORK, "alphabet": ALPHABET, "methods": methods.constants()["vision"], **drawn}


@cache
def found(most: int) -> tuple[fonts.Font, ...]:
    """Fonts of this machine that serve the alphabet."""
    return fonts.find(ALPHABET, most)


FULL = GlyphsConfig()
QUICK = replace(
    FULL,
    seeds=(0, 1),
    forgotten="BK3",
    shares=Shares(Share(0.42, 2), Share(0.14, 2), Share(0.22, 1), Share(0.22, 1)),
    most_fonts=20,
    base=replace(FULL.base, epochs=6),
    personal=replace(FULL.personal, epochs=6),
    preset=SERVED,
    rows=Rows(EXAMPLES),
    frontier=Frontier((Choice(SERVED, Rows(SKETCH, draws=512)),), ()),
    masks=("second-order", "random"),
)
