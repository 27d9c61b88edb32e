"""The parts of the report in their order, each from the tables alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from experiments.report.drawing import Drawing
from experiments.report.figures import ablations as ablation_figures
from experiments.report.figures import attack as attack_figures
from experiments.report.figures import methods as method_figures
from experiments.report.figures import pictures
from experiments.report.figures import relearn as relearn_figures
from experiments.report.parts import ablations as ablation_tables
from experiments.report.parts import attack, choices, claims, frontier, language, leak, masks, methods, provenance, second
from experiments.report.section import Block, Image, Section
from experiments.report.study import Tables

Draw = Callable[[Tables], Drawing | None]


@dataclass(frozen=True)
class Part:
    """How a section is made. `figures`: name of the file, without `results-` and `.svg`, to what draws it."""

    name: str
    title: str
    about: str
    command: str
    blocks: Callable[[Tables], tuple[Block, ...]]
    figures: tuple[tuple[str, Draw], ...] = ()
    images: Callable[[], tuple[Image, ...]] = tuple

    def made(self, found: Tables) -> Section:
        """The section; figures that have nothing to show are left out."""
        drawn = ((name, draw(found)) for name, draw in self.figures)
        return Section(self.name, self.title, self.about, self.command, self.blocks(found),
                       tuple((name, picture) for name, picture in drawn if picture is not None), self.images())  # fmt: skip


_EVERY = "make experiments"

_ABLATIONS = "python -m experiments.ablations"

PARTS: tuple[Part, ...] = (
    Part("claims", "What was asked, and what was found",
         "Aims were set before the studies were run. A cell says no where an aim was missed.", _EVERY, claims.blocks),
    Part("methods", "Methods side by side",
         "Same splits, same seeds. All methods but retraining start from the personalised model, as a client would.", _EVERY, methods.blocks,
         (("recovery", method_figures.recovery), ("trade", method_figures.trade), ("relearn", relearn_figures.relearning)), pictures.samples),
    Part("language", "Perplexity by language",
         "Held-out files; perplexity of a byte-level tokenizer's tokens.", "python -m experiments.code", language.blocks),
    Part("choices", "How the client makes its rows",
         "Accuracy over seeds; the proof's cost is of real proofs of chunks of one seed on one core, times the chunks of the answer. Sizes are read k, lanes, client rows.",
         _EVERY, choices.blocks),
    Part("leak", "Does compensation bring the forgotten back?",
         "Accuracy on forgotten classes after compensation, against masking alone, with and without the provider's forget rows.", _EVERY, leak.blocks),
    Part("masks", "Which weights to zero",
         "Scores of the mask at the same sparsity, masked alone and compensated.", _EVERY, masks.blocks),
    Part("attack", "What an attacker still sees",
         "Members are the provider's training images that were to be forgotten; the others are images of the same kind that it never saw. "
         "Shadow models went through the same unlearning as the attacked model.", "python -m experiments.membership", attack.blocks,
         (("roc", attack_figures.roc),)),
    Part("pareto", "Forgetting, personal accuracy and time to prove",
         "All settings of the ablations in one picture.", _ABLATIONS, frontier.blocks, (("pareto", ablation_figures.pareto),)),
    Part("ablations", "Every constant changed alone",
         "Accuracy over seeds; times, bytes and enrolment are of real proofs of chunks of one seed on one core, times the chunks of the answer. Times vary by a tenth.", _ABLATIONS,
         ablation_tables.blocks,
         tuple((f"ablations_{task.replace('-', '_')}", ablation_figures.multiples(task)) for task in ("digits", "digits-near", "glyphs"))),
    Part("second", "A second request to the same client",
         "The client answered one request; now more is to be forgotten. Leak is accuracy over masking alone.", _ABLATIONS, second.blocks),
    Part("provenance", "What was run",
         "Every table names the configuration that made it.", _EVERY, provenance.blocks),
)  # fmt: skip


def sections(found: Tables) -> tuple[Section, ...]:
    """All of them; those without rows are empty and name the command that makes them."""
    return tuple(part.made(found) for part in PARTS)
