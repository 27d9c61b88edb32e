"""What an installation lacks, said once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zkapex_jax.errors import InternalError


@contextmanager
def service_libraries() -> Iterator[None]:
    """Around the imports of the service: a library that is not there is a missing extra, and no bug.

    Raises:
        InternalError: `missing_extra`.
    """
    try:
        yield
    except ImportError as error:
        raise InternalError(
            f"the service's libraries are not installed: {error.name}", code="missing_extra", hint="run `pip install 'zkapex[service]'`, or '.[service]' in a checkout"
        ) from error
