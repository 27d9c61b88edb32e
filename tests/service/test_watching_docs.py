"""The page names every number that is told, and no other; the alerts are rules that Prometheus takes, over numbers that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from service_world import Party, Site, every
from watching_world import exposition, queued

from zkapex_jax.service.watching.meters import NOWHERE

ROOT = Path(__file__).parents[2]
RULES = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"][0]["rules"]
_NAME = re.compile(r"zkapex_[a-z_]+")


@pytest.fixture(scope="module")
def families(site: Site) -> dict[str, set[str]]:
    """Names as they stand in a question, and their labels."""
    party = site.join("watched-by-docs")
    queued(site, party)
    site.world.request(every(9, 1), 1)
    site.http.get("/nowhere")
    site.http.get("/v1/me")
    site.service.meters.put_off("uploads")
    found: dict[str, set[str]] = {}
    for line in exposition(site.service).splitlines():
        if line.startswith("zkapex_") and "_created" not in line:
            name = re.sub(r"_(bucket|count|sum)$", "", re.split(r"[{ ]", line)[0])
            found.setdefault(name, set()).update(re.findall(r"[{,](\w+)=", line))
    return {name: labels - {"le"} for name, labels in found.items()}


def table() -> dict[str, set[str]]:
    text = (ROOT / "docs" / "service.md").read_text()
    part = text[text.index("| number (`zkapex_") : text.index("and `process_…`")]
    found: dict[str, set[str]] = {}
    for line in part.splitlines()[2:]:
        if line.startswith("|"):
            names, labels = (cell.strip() for cell in line.split("|")[1:3])
            for name in re.findall(r"`([a-z_]+)`", names):
                found[f"zkapex_{name}"] = {label.strip() for label in labels.split(",") if label.strip()}
    return found


def test_the_table_names_every_number(families: dict[str, set[str]]) -> None:
    said = table()
    said["zkapex_housekeeping_last_timestamp_seconds"] = set()  # shares its line with the failures, which have the label
    assert said == families


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alerts_are_rules_over_numbers_that_there_are(rule: dict[str, Any], families: dict[str, set[str]]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"} and re.fullmatch(r"[A-Za-z_]\w*", rule["alert"])
    assert re.fullmatch(r"\d+[smhd]", rule.get("for", "1m")) and rule["labels"]["severity"] in ("page", "ticket")
    assert set(rule["annotations"]) == {"summary", "description"} and all(isinstance(text, str) for text in rule["annotations"].values())
    promql_parser.parse(rule["expr"])
    questions = [rule["expr"], *re.findall(r'query "([^"]+)"', rule["annotations"]["description"])]
    for question in questions:
        promql_parser.parse(question)
        assert set(_NAME.findall(question)) <= set(families) and _NAME.findall(question)
    for name, labels in re.findall(r"(zkapex_\w+)\{([^}]*)\}", rule["expr"]):
        assert set(re.findall(r"(\w+)=", labels)) <= families[name]


def test_there_are_five_alerts_of_different_names() -> None:
    assert len(RULES) == len({rule["alert"] for rule in RULES}) == 5


def test_the_parser_refuses_what_is_no_question() -> None:
    with pytest.raises(ValueError, match="."):
        promql_parser.parse("sum(zkapex_jobs")


def test_the_words_of_the_page_for_no_route_are_the_programs(site: Site, party: Party) -> None:
    party.http.get("/v1/nothing")
    assert f'route="{NOWHERE}"' in exposition(site.service) and f"`{NOWHERE}`: refused before" in (ROOT / "docs" / "service.md").read_text()
