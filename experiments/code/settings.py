"""What fixes a language task but its seed."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.code.corpus import Corpus
from experiments.code.lora import Lora
from experiments.lab.row_choice import Rows
from zkapex_jax.errors import InputError
from zkapex_jax.tasks.training import Schedule

FEED_FORWARD = "model/decoder/layers/*/fc*/kernel"


@dataclass(frozen=True)
class Sizes:
    """At most so many bytes of text a language and of the client's project; shares of the files that are trained on;
    at most so many windows of the forgotten and the kept languages to make the request from, and to test each set on."""

    language_bytes: int
    private_bytes: int
    train_share: float
    private_share: float
    request: int
    tests: int


@dataclass(frozen=True)
class TaskConfig:
    """A language task. `forget` is a preference: the first of these languages that the corpus has is forgotten.

    Where `lora` is None the client tunes every weight.
    """

    name: str
    title: str
    forget: tuple[str, ...]
    sizes: Sizes
    base: Schedule
    personal: Schedule
    lora: Lora | None
    pattern: str
    sparsity: float
    preset: str
    rows: Rows = Rows()

    def forgotten(self, corpus: Corpus) -> str:
        """The language to forget.

        Raises:
            InputError: the corpus has none of them.
        """
        for language in self.forget:
            if language in corpus.languages:
                return language
        raise InputError("none of these languages is there", code="corpus", field="forget", value=self.forget,
                         hint=f"the corpus has {', '.join(sorted(corpus.languages))}")  # fmt: skip
