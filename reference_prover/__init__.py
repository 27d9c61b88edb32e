"""The zkapex protocol in plain Python: its executable specification, and a prover and verifier of its own.

One function a rule, one file a concept. Reads the emitted constraint tables and imports nothing from the package that
emits them. In order: the checker (`checker`, `precheck`), the proof system (`plonk`), a chunk's rounds with their commitments
(`rounds`, `enrolment`: `prove`, `verify`), whole files (`bundle`). Numpy holds arrays read from files and appears otherwise
only as a documented speed-up beside a plain twin (`exact.py`, `ternary.py`).
"""

from .precheck import check_chunk as check_chunk
from .precheck import check_enrolment_chunk as check_enrolment_chunk
