"""``python -m zkapex_jax.catalogue [PATH]``: write docs/faq.md."""

import sys
from pathlib import Path

from zkapex_jax.catalogue.page import PATH, document
from zkapex_jax.formats import atomic

atomic.write_text(Path(sys.argv[1]) if len(sys.argv) > 1 else PATH, document(), force=True)
