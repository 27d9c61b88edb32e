"""Imports py_ecc and puts the interpreter's recursion limit back, which py_ecc raises to 100,000.

With that limit, hostile nesting in any JSON of the process would overflow the C stack instead of raising RecursionError. What is used
of py_ecc here recurses at most once a bit of a field element.
"""

import sys

_LIMIT = sys.getrecursionlimit()
import py_ecc  # noqa: E402, F401

sys.setrecursionlimit(_LIMIT)
