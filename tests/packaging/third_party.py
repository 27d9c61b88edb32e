"""Licences of the crates that are linked into the Rust prover: writes prover/THIRD-PARTY.txt, which wheel and image carry. `make licences`.

Where a crate offers Apache-2.0, that is what it is taken under, and the project's LICENSE holds the text; else its own licence files are kept.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "prover" / "THIRD-PARTY.txt"
OURS = "Apache-2.0"
_TEXTS = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|UNLICENSE)", re.IGNORECASE)
_RULE = "-" * 78
_MIT = """\
Copyright (c) {}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""
_HEAD = """\
Third-party software in zkapex-prover
=====================================

The program zkapex-prover, which wheels and images of zkapex hold, is linked with the crates below and with the standard library of
Rust (MIT OR Apache-2.0; https://github.com/rust-lang/rust). Those taken under Apache-2.0 are so under the text in LICENSE;
the texts and notices of the others follow the list. Which of them a build holds depends on its platform.

"""


@dataclass(frozen=True)
class Crate:
    name: str
    version: str
    licence: str
    source: str
    folder: Path
    authors: tuple[str, ...]

    @property
    def taken(self) -> str:
        """Apache-2.0 where it is one of the alternatives, else all that the crate says."""
        whole = self.licence.replace("/", " OR ")
        return OURS if " AND " not in whole and OURS in whole.split(" OR ") else whole

    def kept(self) -> list[tuple[str, str]]:
        """The texts to reproduce. Raises ValueError where there are none, and no standard one that stands for them."""
        found = list(self.texts())
        if self.licence and (found or self.taken == OURS):
            return found
        if self.taken == "MIT":
            return [("which brings no text of its own: the standard one", _MIT.format(", ".join(self.authors) or f"the authors of {self.name}"))]
        raise ValueError(f"{self.name} {self.version} brings no licence: {self.licence!r}")

    def texts(self) -> Iterator[tuple[str, str]]:
        """Licence files by name; of a crate under Apache-2.0 its notices alone."""
        for path in sorted(self.folder.iterdir()):
            if path.is_file() and _TEXTS.match(path.name) and (self.taken != OURS or path.name.upper().startswith("NOTICE")):
                yield path.name, path.read_text(errors="replace").strip()


def crates() -> list[Crate]:
    """What is linked on any platform, by cargo's own words; ours is not among them."""
    manifest = ("--manifest-path", str(ROOT / "prover" / "Cargo.toml"), "--locked", "--offline")
    tree = subprocess.run(
        ["cargo", "tree", *manifest, "--edges", "normal", "--target", "all", "--prefix", "none", "--format", "{p}"], check=True, capture_output=True, text=True
    ).stdout
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    told = json.loads(subprocess.run(["cargo", "metadata", *manifest, "--format-version", "1"], check=True, capture_output=True, text=True).stdout)
    found = [
        Crate(one["name"], one["version"], one["license"] or "", one["repository"] or "", Path(one["manifest_path"]).parent, tuple(one["authors"]))
        for one in told["packages"]
        if (one["name"], f"v{one['version']}") in linked and one["source"]
    ]
    return sorted(found, key=lambda crate: (crate.name, crate.version))


def document(found: list[Crate]) -> str:
    """The whole file. Raises ValueError for a crate without a licence."""
    lines = [f"{crate.name} {crate.version}: {crate.taken}; {crate.source}" for crate in found]
    texts = [f"{_RULE}\n{crate.name} {crate.version}, {name}\n{_RULE}\n\n{text}\n" for crate in found for name, text in crate.kept()]
    return _HEAD + "\n".join(lines) + "\n\n" + "\n".join(texts)


if __name__ == "__main__":
    PLACE.write_text(document(crates()))
    print(PLACE.relative_to(ROOT))
