from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from zkapex_jax.report.page import render
from zkapex_jax.report.plots.mask import short_paths
from zkapex_jax.report.plots.certificate import percent
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.words import duration, points, size

#: Seven of the run, and four of each of its two requests.
FIGURES = 7 + 2 * 4
_VOID = {"meta", "br", "link", "img", "hr", "input"}


class _Balance(HTMLParser):
    """Collects tags and attributes, and fails on a tag that closes another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(summary_dict) -> str:
    return render(Summary.model_validate(summary_dict())).decode()


def test_page_is_well_formed(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    assert not parser.open


def test_page_asks_for_nothing_outside(page: str) -> None:
    parser = _Balance()
    parser.feed(page)
    outside = [
        (tag, name, value)
        for tag, name, value in parser.attributes
        if name in {"src", "href", "xlink:href", "action"} and not (value or "").startswith(("#", "data:image/png"))
    ]
    assert not outside
    assert "<script" not in page
    assert "@import" not in page
    assert re.search(r"url\((?!#)", page) is None
    assert len(page) < 900_000


def test_every_figure_has_a_name_and_a_description(page: str) -> None:
    figures = re.findall(r"<svg [^>]*>(.*?)</desc>", page, flags=re.DOTALL)
    assert len(figures) == page.count("<svg ") == FIGURES
    assert all(re.match(r"<title>[^<]{8,}</title><desc>[^<]{8,}$", figure) for figure in figures)


def test_no_stand_in_color_is_left(page: str) -> None:
    assert re.search(r"#0101|#0102|#0103|#0104", page) is None
    assert "#000000" not in page


def test_text_of_the_run_is_escaped(page: str) -> None:
    assert "<b>markup</b>" not in page
    assert "&lt;b&gt;markup&lt;/b&gt;" in page


def test_hostile_text_in_figures_is_escaped(summary_dict) -> None:
    data = summary_dict()
    data["requests"][0]["mask"]["tensors"][0]["path"] = "a/<script>alert(1)</script>"
    data["client_id"] = "</title><script>x</script>"
    data["stages"][0]["title"] = "<img src=x>"
    text = render(Summary.model_validate(data)).decode()
    assert "<script>" not in text
    assert "<img" not in text


def test_failed_run_says_so(summary_dict) -> None:
    text = render(Summary.model_validate(summary_dict(verified=False))).decode()
    assert "not verified" in text
    assert "cheat &lt;replay&gt; was accepted" in text
    assert ">accepted<" in text


def test_insecure_run_is_marked(summary_dict) -> None:
    data = summary_dict()
    data["insecure"] = {"preset": False, "srs": True}
    text = render(Summary.model_validate(data)).decode()
    assert "not for production" in text
    assert "can forge proofs" in text


def test_the_certificate_is_unconditional(page: str) -> None:
    assert "conditional on" not in page
    assert "So the certificate is unconditional" in page


def test_the_chain_names_what_is_not_zero(summary_dict) -> None:
    data = summary_dict(verified=False)
    data["chain"][2]["nonzero"] = 1_234
    text = render(Summary.model_validate(data)).decode()
    assert '<td class="number bad-text">1,234</td>' in text


def test_every_digest_is_shown(page: str, summary_dict) -> None:
    data = summary_dict()
    digests = [*data["digests"].values(), *(run[key] for run in data["enrolments"] for key in ("enrolment", "proof"))]
    digests += [run[key] for run in data["requests"] for key in ("request", "bundle")] + [link["state"] for link in data["chain"]]
    assert all(digest in page for digest in digests)


@pytest.mark.parametrize("chunks", [1, 64])
def test_other_sizes(chunks: int, summary_dict) -> None:
    assert render(Summary.model_validate(summary_dict(chunks=chunks))).decode().count("<svg ") == FIGURES


def test_rendering_is_deterministic(page: str, summary_dict) -> None:
    assert render(Summary.model_validate(summary_dict())).decode() == page


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0021, "2 ms"), (0.99949, "999 ms"), (0.9996, "1.0 s"), (99.9, "99.9 s"), (99.96, "1 min 40 s"), (125, "2 min 05 s")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_as_people_read_them() -> None:
    assert size(976) == "976 bytes"
    assert size(4896) == "4.9 kB"
    assert size(24_880) == "24.9 kB"
    assert size(2_200_000) == "2.20 MB"
    assert points(-0.0551) == "−5.5 points"
    assert points(-0.0001) == "+0.0 points"
    assert percent(0.0) == "0 %"
    assert percent(0.02) == "2.0 %"
    assert percent(0.67) == "67 %"


def test_short_paths() -> None:
    assert short_paths(["a/b/0/k", "a/b/1/k"]) == ["0/k", "1/k"]
    assert short_paths(["only/one"]) == ["only/one"]
    assert short_paths(["x" * 40])[0] == "…" + "x" * 27
