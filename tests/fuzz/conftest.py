"""The modules of this room are found by their bare names, as when they run by themselves."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
