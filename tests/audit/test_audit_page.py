"""Both forms of the page: complete, self-contained, escaped, and loud where they must be."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from zkapex_jax.cli.auditor.text import show
from zkapex_jax.report.audit.page import math, render
from zkapex_jax.report.audit.schema import Audit

_VOID = {"meta", "br", "link", "img", "hr", "input", "wbr"}


class _Balance(HTMLParser):
    """Collects attributes and identifiers, and fails on a tag that closes another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.others: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            (self.links if name == "href" else self.ids if name == "id" else []).append(value or "")
            if name in {"src", "action", "xlink:href"} or name.startswith("on"):
                self.others.append((tag, name))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> _Balance:
    parser = _Balance()
    parser.feed(page)
    return parser


@pytest.fixture(scope="module")
def page(made) -> str:
    return render(made(), "../..").decode()


@pytest.mark.parametrize("kind", [{}, {"enrolment": False}, {"bundle": False}, {"insecure": True}], ids=str)
def test_pages_are_well_formed_and_ask_for_nothing_outside(made, kind: dict[str, bool]) -> None:
    text = render(made(**kind), "../..").decode()
    found = parsed(text)
    assert not found.open and not found.others
    assert "<script" not in text and "@import" not in text and "url(" not in text
    assert all(link.startswith(("#", "../../docs/", "../../tests/", "../../prover/")) for link in found.links)
    assert len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_without_the_repository_places_are_text(made) -> None:
    text = render(made(), None).decode()
    assert all(link.startswith("#") for link in parsed(text).links)
    assert "docs/protocol.md" in text and "test_rules" in text


def test_every_line_stands_on_both_pages(made, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    audit = made()
    show(audit)
    printed = " ".join(capsys.readouterr().out.split())
    for line in audit.lines:
        assert f'id="line-{line.key}"' in page
        assert line.words in printed
        for test in line.tests:
            assert test in printed.replace(" ", "") or test in printed
    for entry in audit.not_proven:
        assert entry.words in printed and entry.words.replace("'", "&#39;") in page
    for text in audit.taken:
        assert text in printed and text.replace("'", "&#39;") in page
    assert printed.count("ACCEPTED") == 2


def test_text_of_files_is_escaped(made) -> None:
    text = render(made(client_id="</title><script>x</script>", model="<img src=x>"), "../..").decode()
    assert "<script>" not in text and "<img" not in text and "<b>3</b>" not in text
    assert "digits &lt;b&gt;3&lt;/b&gt;" in text


def test_markup_of_the_terminal_is_escaped(made, capsys: pytest.CaptureFixture[str]) -> None:
    show(made(client_id="[red]eve[/red]", model="[/]"))
    assert "[red]eve[/red]" in capsys.readouterr().out


def loud(audit: Audit, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    show(audit)
    return render(audit, None).decode(), " ".join(capsys.readouterr().out.split())


def test_disagreement_is_loud(made, capsys: pytest.CaptureFixture[str]) -> None:
    html, printed = loud(made((), (2,)), capsys)
    assert "the verifiers disagree" in html and 'role="alert"' in html and "Python refuses the bundle: chunk 2: no" in html
    assert '<tr class="disputed"><th scope="row">2</th>' in html and "✓ accepted" not in html
    assert "DISAGREEMENT" in printed and "They differ on chunk 2 of the bundle" in printed
    assert "What it would prove" in html and "What it would prove" in printed


def test_refusals_and_malformed_files_are_told(made, capsys: pytest.CaptureFixture[str]) -> None:
    html, printed = loud(made((0,), (0,)), capsys)
    assert "✗ refused by both" in html and "REFUSED" in printed and "What it would prove" in printed
    html, printed = loud(made("malformed", "malformed"), capsys)
    assert ">malformed<" in html and "not judged" in html and "malformed" in printed


def test_the_level_and_every_way_to_it_are_shown(made, capsys: pytest.CaptureFixture[str]) -> None:
    audit = made()
    html, printed = loud(audit, capsys)
    for text in (html, printed):
        assert "117 bits" in text and "decided by: the pairing" in text
        assert all(one.name in text and one.estimate in text for one in audit.facts.soundness.assumptions)
        assert "2¹¹⁷" in text and "2¹²⁸" in text and "2¹²³" in text and "2⁻¹²³" in text
    assert "luck, one chunk of fold_kkt" in printed and "level: 117 bits" in " ".join(audit.lines[-1].numbers)


def test_one_verifier_and_missing_proofs_are_marked(made) -> None:
    assert "one verifier only" in render(made(python=None), None).decode()
    assert "enrolment proof not checked" in render(made(enrolment=False), None).decode()
    assert "insecure: not for production" in render(made(insecure=True), None).decode()
    assert not re.search("one verifier only|not checked|insecure:", render(made(), None).decode())


def test_formulas_are_set(page: str) -> None:
    assert str(math("θp_i < 2^(r+1), |G_ki| ≤ 2^b, f_j(y_j² + 1), fold_kkt, <x>")) == (
        "θ<sub>p,i</sub> &lt; 2<sup>r+1</sup>, |G<sub>ki</sub>| ≤ 2<sup>b</sup>, f<sub>j</sub>(y<sub>j</sub>² + 1), fold_kkt, &lt;x&gt;"
    )
    assert "<sub>" in page


def test_rendering_is_deterministic(made, page: str) -> None:
    assert render(made(), "../..").decode() == page


def test_of_many_chunks_the_terminal_lists_those_in_doubt(made, capsys: pytest.CaptureFixture[str]) -> None:
    html, printed = loud(made((7,), (7, 30), many=40), capsys)
    assert "38 chunks that every verifier accepts not listed" in printed and printed.count("refused") >= 3
    assert html.count('class="disputed"') == 1 and html.count('<th scope="row">') > 40
    assert "not listed" not in loud(made(), capsys)[1]
