"""Tables of made-up studies: numbers that follow a rule, so that what is drawn from them can be foretold."""

import pytest

from experiments.lab import tables
from experiments.lab.records import Record, Row

SEEDS = range(5)

#: method -> (forget, retain, personal), before a little that depends on the seed.
ACCURACY = {
    "base": (0.95, 0.97, 0.60), "personalised": (0.80, 0.90, 0.90), "masked": (0.20, 0.85, 0.80), "zkapex-float": (0.21, 0.88, 0.892),
    "zkapex": (0.21, 0.88, 0.89), "zkapex-plain": (0.28, 0.88, 0.891), "retrain": (0.19, 0.91, 0.90), "finetune-retain": (0.40, 0.92, 0.91),
    "gradient-ascent": (0.05, 0.50, 0.40), "scrub": (0.15, 0.90, 0.88),
}  # fmt: skip
UNMASKED = ("base", "personalised", "retrain", "finetune-retain", "gradient-ascent", "scrub")
SETS = ("forget", "retain", "personal")


def row(study, task, seed, group, measure, value, *, method="", mask="", variant="", setting=""):
    return Row(study, task, seed, group, method, mask, variant, setting, measure, value)


def method_rows(study, task, seed):
    wobble = 0.004 * (seed - 2)
    for method, accuracies in ACCURACY.items():
        for mask in ("",) if method in UNMASKED else ("second-order", "fisher-ratio", "random"):
            worse = 0.0 if mask in ("", "second-order") else 0.03
            measures = {f"accuracy/{name}": value - worse + wobble for name, value in zip(SETS, accuracies, strict=True)}
            measures |= {"membership/auc": 0.5 + 0.1 * accuracies[0], "membership/tpr_at_1fpr": 0.02, "seconds": 0.5 + seed}
            if mask in ("", "second-order"):
                short = method == "retrain" and seed == 3
                measures |= {"relearn/steps": 10.0 + 40 * (method == "retrain") + 10 * short, "relearn/reached": float(not short)}
            if method in ("zkapex", "zkapex-plain"):
                measures |= {"certificate/certified": 0.0025, "certificate/true": 0.001, "chunks/touched": 2.0, "chunks/total": 3.0, "moved/energy": 0.25}
            for measure, value in measures.items():
                yield row(study, task, seed, "methods", measure, value, method=method, mask=mask)


def attack_rows(seed):
    for task in ("digits-class", "digits-sample"):
        for method, power in (("personalised", 0.5), ("masked", 0.7), ("zkapex", 0.8), ("retrain", 1.0)):
            for attack in ("loss", "lira"):
                key = {"method": method, "variant": attack}
                yield row("membership", task, seed, "attack", "mia/auc", 1 / (1 + power) + 0.001 * seed, **key)
                yield row("membership", task, seed, "attack", "mia/tpr_at_1fpr", 0.01**power, **key)
                if seed == 0:
                    yield row("membership", task, seed, "pooled", "mia/tpr_at_1fpr", 0.01**power, **key)
                    for fpr in (0.006, 0.01, 0.1, 0.5):
                        yield row("membership", task, seed, "pooled", "mia/tpr_at_fpr", fpr**power, setting=f"{fpr:g}", **key)


#: axis -> setting -> (forget, personal) of the compensated model, seconds to prove (None: as the centre).
AXES = {
    "block": {"64": (0.24, 0.86, 60.0), "5376": (0.22, 0.88, 3.0), "65536": (0.21, 0.89, 0.5)},
    "damping": {"1.0": (0.20, 0.87, None), "0.03125": (0.21, 0.89, None)},
    "client-rows": {"16": (0.20, 0.84, 0.4), "64": (0.21, 0.89, 0.6), "384": (0.22, 0.895, 1.6)},
    "sparsity": {"0.04": (0.50, 0.90, 0.6), "0.2": (0.21, 0.89, 0.6)},
    "gradient-bits": {"8": (0.21, 0.89, None), "12": (0.20, 0.89, None), "float": (0.19, 0.89, None)},
    "forget-rows": {"none": (0.28, 0.891, None), "masked-base": (0.21, 0.89, None), "hard": (0.205, 0.885, None)},
    "mask": {"second-order": (0.21, 0.89, None), "random": (0.70, 0.90, None)},
}


def ablation_rows(task, seed):
    wobble = 0.004 * (seed - 2)
    for name, value in (("personal", 0.9), ("forget", 0.8)):
        yield row("ablations", task, seed, "reference", f"accuracy/{name}", value + wobble, method="personalised")
    for axis, settings in AXES.items():
        for setting, (forget, personal, seconds) in settings.items():
            key = {"mask": "second-order", "setting": setting}
            group = f"ablation/{axis}"
            for method, values in (("masked", (forget - 0.01, 0.8)), ("compensated", (forget, personal))):
                for name, value in zip(("forget", "personal"), values, strict=True):
                    yield row("ablations", task, seed, group, f"accuracy/{name}", value + wobble, method=method, **key)
            for name in ("touched", "total"):
                yield row("ablations", task, seed, group, f"chunks/{name}", 1.0 if task == "glyphs" else 2.0, method="compensated", **key)
            if seed == 0 and task == "digits" and seconds is not None:
                for measure, value in (("prove/chunk", seconds / 2), ("bytes/chunk", 2500.0), ("enrol/chunk", 1.5)):
                    yield row("ablations", task, seed, group, measure, value, method="proof", **key)
    if seed == 0 and task == "digits":
        for measure, value in (("prove/chunk", 0.3), ("bytes/chunk", 2500.0), ("enrol/chunk", 1.5)):
            yield row("ablations", task, seed, "ablation/centre", measure, value, method="proof", mask="second-order")


def second_rows(seed):
    for variant, leak in (("masked", 0.0), ("as-served", 0.16), ("both-rows", 0.02)):
        for name, value in (("forget", 0.1 + leak), ("forget_second", 0.2), ("retain", 0.9), ("personal", 0.85)):
            yield row("ablations", "second-request", seed, "second-request/90", f"accuracy/{name}", value + 0.001 * seed, method=variant)


def write(folder, study, rows_of, seeds=SEEDS, digest="a" * 64):
    (folder / study).mkdir(parents=True, exist_ok=True)
    records = [Record(digest, f"unit-{seed}", seed, 1.0, tuple(rows_of(seed))) for seed in seeds]
    tables.write(folder / study / "results.csv", records)


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A folder with a table of every study."""
    folder = tmp_path_factory.mktemp("results")
    for study, task in (("digits", "digits"), ("glyphs", "glyphs"), ("code", "code")):
        write(folder, study, lambda seed, study=study, task=task: method_rows(study, task, seed))
    write(folder, "membership", attack_rows)
    write(folder, "ablations", lambda seed: [*ablation_rows("digits", seed), *ablation_rows("digits-near", seed), *ablation_rows("glyphs", seed), *second_rows(seed)])
    return folder
