"""One self-contained HTML page from an audit: no script, no outside asset, readable on a phone, on paper and offline."""

from __future__ import annotations

import re

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from zkapex_jax.report.audit import words
from zkapex_jax.report.audit.numbers import UNIT, plural, power
from zkapex_jax.report.audit.places import GATES, anchor
from zkapex_jax.report.audit.schema import Audit, Heading
from zkapex_jax.report.words import duration


#: A letter, `row` or `cells` and the index after it (names of tables such as fold_kkt are left alone), and θ with its mark.
_INDEX = re.compile(r"(?<!\w)([^\W\d_]|row|cells)_([A-Za-z0-9]+)")
_THETA = re.compile(r"θ([pu0])(?:_([a-z]+))?")
_EXPONENT = re.compile(r"\^(?:\(([^()]*)\)|([−-]?\w+))")


def render(audit: Audit, root: str | None) -> bytes:
    """UTF-8 HTML; every string of the audit is escaped, for parts of it come from files of other people.

    `root`: relative URL of the repository's root from where the page will lie, for links to documents and tests; None
    leaves them as text.
    """
    environment = Environment(
        loader=PackageLoader("zkapex_jax.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"duration": duration, "power": power, "math": math}
    environment.globals |= {
        "GATES": GATES, "PROOF_TITLES": words.PROOF_TITLES, "UNIT": UNIT, "plural": plural,
        "doc_link": lambda heading: _doc(root, heading), "test_link": lambda test: _test(root, test),
    }  # fmt: skip
    style = Markup("".join(environment.get_template(name).render() for name in ("style.css", "audit.css")))
    text = environment.get_template("audit.html.j2").render(
        audit=audit,
        facts=audit.facts,
        style=style,
        verdict=words.verdict(audit),
        complaints=[line for proof in audit.proofs for line in words.complaints(proof)],
        tiles=tiles(audit),
    )
    return text.encode()


def math(text: str) -> Markup:
    """Escaped, with `x_ij` and `2^(r+1)` set as subscripts and superscripts."""
    marked = _THETA.sub(lambda found: f"θ<sub>{','.join(filter(None, found.groups()))}</sub>", str(escape(text)))
    lowered = _INDEX.sub(r"\1<sub>\2</sub>", marked)
    raised = _EXPONENT.sub(lambda found: f"<sup>{found[1] or found[2]}</sup>", lowered)
    return Markup(raised)  # built of escaped text and two fixed tags


def tiles(audit: Audit) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks for first: name, value, what it is measured against."""
    facts = audit.facts
    found = []
    if facts.answer:
        found += [
            ("Weights proven", f"{facts.answer.weights:,}", f"{plural(len(facts.answer.chunks), 'chunk')} of at most {facts.sizes.capacity:,}"),
            ("Masked, proven zero", f"{facts.answer.masked:,}", f"{100 * facts.answer.masked / facts.answer.weights:.2f} % of them"),
            ("Certified distance", f"{facts.answer.distance * UNIT:.2g}", f"of the budget's {facts.answer.reach * UNIT:.2g}, all chunks together"),
        ]
    elif facts.enrolled:
        limit = sum(chunk.d0 for chunk in facts.enrolled.chunks) ** 0.5
        found += [
            ("Weights enrolled", f"{facts.enrolled.weights:,}", plural(len(facts.enrolled.chunks), "chunk")),
            ("Distance to the base", f"≤ {limit * UNIT:.2g}", "all chunks together, in units of the weights"),
        ]
    found.append(("Error of everything", f"< {power(-facts.soundness.all_bits)}", "a query to the hash function"))
    found.append(("Level", f"{facts.soundness.level} bits", f"decided by: {facts.soundness.weakest}"))
    return [*found, *_time_tiles(audit)]


def _time_tiles(audit: Audit) -> list[tuple[str, str, str]]:
    found = []
    for name in ("Rust", "Python"):
        seconds = audit.seconds(name)
        judged = [judge for proof in audit.proofs for judge in proof.judges if judge.name == name]
        if seconds is None:
            found.append((f"{name} verifier", "not asked", "no second opinion"))
        else:
            found.append((f"{name} verifier", duration(seconds), "accepted" if all(judge.accepted for judge in judged) else "refused"))
    return found


def _doc(root: str | None, heading: Heading) -> Markup:
    words_ = Markup("docs/{} · {}").format(heading.page, heading.heading.replace("`", ""))
    return words_ if root is None else Markup('<a href="{}/docs/{}#{}">{}</a>').format(root, heading.page, anchor(heading.heading), words_)


def _test(root: str | None, test: str) -> Markup:
    path, _, name = test.partition("::")
    words_ = Markup("<code>{}<wbr>::{}</code>").format(path, name)
    return words_ if root is None else Markup('<a href="{}/{}">{}</a>').format(root, path, words_)
