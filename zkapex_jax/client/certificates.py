"""Whose certificates a client takes for its service's: those that the system's bundle vouches for, or one authority of the provider's own."""

from __future__ import annotations

import ssl
from pathlib import Path

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.reading import read_bytes

_MAX = 64 << 10
#: What OpenSSL says of a peer that speaks something else than TLS.
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}


def read_authority(file: Path) -> bytes:
    """Certificates (PEM) of an authority. Raises InputError (`bad_certificate`) if the file holds none."""
    data = read_bytes(file, max_bytes=_MAX)
    context_of(data, file)
    return data


def context_of(data: bytes, file: Path) -> ssl.SSLContext:
    """TLS that trusts these certificates alone, names checked. Raises InputError (`bad_certificate`)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(cadata=data.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise InputError("holds no certificate of an authority (PEM)", code="bad_certificate", file=file) from error
    if not context.get_ca_certs():
        raise InputError("holds no certificate that may sign others (CA)", code="bad_certificate", file=file)
    return context


def check_tls(error: BaseException, url: str) -> None:
    """Raises RefusedError (`tls`) if a connection failed because of who is there, which no waiting mends."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            raise RefusedError(
                f"the service's certificate is not trusted: {found.verify_message or found.reason}", code="tls", file=url, hint=_hint(found)
            ) from error
        if isinstance(found, ssl.SSLError) and found.reason in _NO_TLS:
            raise RefusedError("speaks no TLS at this address", code="tls", file=url, hint="check host and port of the URL") from error
        found = found.__cause__ or found.__context__


def _hint(error: ssl.SSLCertVerificationError) -> str:
    words = error.verify_message or ""
    if "expired" in words or "not yet valid" in words:
        return "check this machine's clock first; else the provider must renew it"
    if "mismatch" in words or "match" in words:
        return "the URL must name the host as the certificate does"
    return "if the provider has an authority of its own, join with `--ca-file FILE`"
