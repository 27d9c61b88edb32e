"""The questions that were asked beforehand, each with its measure, its test over seeds, and whether the aim was reached."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.lab.measures.statistics import Paired, Summary
from experiments.report import words
from experiments.report.parts.masks import cost
from experiments.report.parts.methods import Methods
from experiments.report.section import Block
from experiments.report.study import Tables, compared, spread
from experiments.report.table import Table

#: Aim of the share recovered by kind of task: tasks on code are language, all others vision. About what the paper reports.
AIM_RECOVERED = {"vision": 0.97, "language": 0.70}
#: Points of forget accuracy from retraining.
AIM_GAP = 0.03
#: Points of personal accuracy that masking must cost, for a share of it to mean anything.
AIM_COST = 0.03
#: Forget accuracy that compensation may bring back before it counts as a leak.
NO_LEAK = 0.01


@dataclass(frozen=True)
class Claim:
    """One question of one task. `reached` is None where no aim was set."""

    task: str
    question: str
    answer: str
    test: str
    reached: bool | None


def claims(found: Tables) -> list[Claim]:
    """Of every task whose methods were compared."""
    return [claim for task in found.methods() for claim in _claims(Methods(found, task), kind(found, task))]


def kind(found: Tables, task: str) -> str:
    """Whether a task is of vision or of language."""
    return "language" if found.methods()[task] == "code" else "vision"


def blocks(found: Tables) -> tuple[Block, ...]:
    """Answers, then the tests behind them: a line a question, a column a task."""
    every = claims(found)
    if not every:
        return ()
    tasks, questions = (list(dict.fromkeys(values)) for values in ((claim.task for claim in every), (claim.question for claim in every)))
    cell = {(claim.question, claim.task): claim for claim in every}
    rows = lambda text: tuple(  # noqa: E731
        (question, *(text(cell[question, task]) if (question, task) in cell else "–" for task in tasks)) for question in questions
    )
    header = ("question", *tasks)
    return (Block("Answers", Table(header, rows(_answer), texts=len(header))), Block("Tests over seeds", Table(header, rows(_tested), texts=len(header))))


def _answer(claim: Claim) -> str:
    return claim.answer + {None: "", True: " ✓ yes", False: " ✗ no"}[claim.reached]


def _tested(claim: Claim) -> str:
    return claim.test


def _claims(task: Methods, kind_: str) -> list[Claim]:
    every = [_to_forget(task), _masking_cost(task), _recovered(task, AIM_RECOVERED[kind_]), _gap(task), _quantised(task, "personal"),
             _quantised(task, "forget"), _leak(task, "zkapex-plain", "without"), _leak(task, "zkapex", "with"), _score(task)]  # fmt: skip
    return [claim for claim in every if claim is not None]


def _to_forget(task: Methods) -> Claim | None:
    """A client whose own training has driven the forgotten out already leaves unlearning little to do."""
    left = spread(task.gap("personalised"))
    if left is None:
        return None
    return Claim(task.task, "what is there to forget: the client's forget accuracy before the request, over retraining's",
                 f"{words.spread(left, 1, 100)} points", _interval(left), None)  # fmt: skip


def _masking_cost(task: Methods) -> Claim | None:
    lost = spread(cost(task, words.MASK))
    if lost is None:
        return None
    return Claim(task.task, f"does masking cost at least {100 * AIM_COST:.0f} points of personal accuracy?",
                 f"{words.spread(lost, 1, 100)} points", _interval(lost), lost.mean >= AIM_COST)  # fmt: skip


def _recovered(task: Methods, aim: float) -> Claim | None:
    share = task.recovered("zkapex")
    if share is None:
        return None
    return Claim(task.task, "is enough of that recovered, as proven (vision 97 %, language 70 %)?", f"{words.number(100 * share.value)} %",
                 f"95 % interval {words.interval(share.low, share.high, 0, 100)} %", share.value >= aim)  # fmt: skip


def _gap(task: Methods) -> Claim | None:
    gap = spread(task.gap("zkapex"))
    if gap is None:
        return None
    return Claim(task.task, f"is forget accuracy within {100 * AIM_GAP:.0f} points of retraining?",
                 f"{words.spread(gap, 1, 100)} points", _interval(gap), abs(gap.mean) <= AIM_GAP)  # fmt: skip


def _quantised(task: Methods, name: str) -> Claim | None:
    """Within the seeds' noise: the mean difference is less than the standard deviation of the float method over seeds."""
    quantised, floats = (task.series(method, f"accuracy/{name}") for method in ("zkapex", "zkapex-float"))
    found, noise = compared(quantised, floats), spread(floats)
    if found is None or noise is None:
        return None
    return Claim(task.task, f"do integers keep the float method's {name} accuracy, within the seeds' deviation?",
                 f"{words.number(100 * found.difference, 2)} points; deviation {100 * noise.sd:.2f}", _test(found, 2),
                 abs(found.difference) <= noise.sd)  # fmt: skip


def _leak(task: Methods, method: str, word: str) -> Claim | None:
    """Forgetting that compensation gives back; with the rows, the aim is none beyond a point."""
    leaked = compared(*(task.series(name, "accuracy/forget") for name in (method, "masked")))
    if leaked is None:
        return None
    aim = word == "with"
    question = (f"do forget rows hold what compensation brings back of forgotten accuracy to {100 * NO_LEAK:.0f} point over masking alone?" if aim
                else "what does compensation without forget rows bring back of forgotten accuracy, over masking alone?")  # fmt: skip
    return Claim(task.task, question, f"{words.number(100 * leaked.difference, 2)} points", _test(leaked, 2),
                 leaked.difference <= NO_LEAK if aim else None)  # fmt: skip


def _score(task: Methods) -> Claim | None:
    """Our score against the ratio of the authors' code, by the product of nearness to retraining on all sets."""
    if not {words.MASK, "fisher-ratio"} <= set(task.masks):
        return None
    ours, theirs = (task.tug_of_war("zkapex", mask) for mask in (words.MASK, "fisher-ratio"))
    found = compared(ours, theirs)
    if found is None:
        return None
    return Claim(task.task, "is our score nearer to retraining (tug of war) than the authors' ratio?",
                 f"{words.number(found.difference, 3)}", _test(found, 3, 1.0), found.difference > 0)  # fmt: skip


def _interval(summary: Summary) -> str:
    return f"95 % interval {words.interval(summary.low, summary.high, 1, 100)}"


def _test(paired: Paired, digits: int, scale: float = 100.0) -> str:
    return f"95 % interval {words.interval(paired.low, paired.high, digits, scale)}; {words.p_values(paired)}"
