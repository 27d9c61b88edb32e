"""Executable specification of the zkapex protocol in plain Python.

One function a rule, one file a concept. Reads the emitted constraint tables and imports nothing from the package that
emits them. Numpy appears only as a documented speed-up beside a plain twin (`exact.py`, `ternary.py`, `evaluate.py`).
"""

from .precheck import check_chunk as check_chunk
from .precheck import check_enrolment_chunk as check_enrolment_chunk
