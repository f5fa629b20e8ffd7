"""Diagnostics as bytes and back. Most units have none, and then neither is any decoder made."""

from __future__ import annotations

from vitte.base.diagnostics import Diagnostic


def encoded(diagnostics: list[Diagnostic]) -> bytes:
    """No diagnostics are no bytes, so that the usual case needs no decoder."""
    if not diagnostics:
        return b""
    from vitte.driver_impl.cache import codec

    return codec.diagnostics.encode(diagnostics)


def decoded(diagnostics: bytes) -> list[Diagnostic]:
    """What `encoded` made bytes of."""
    if not diagnostics:
        return []
    from vitte.driver_impl.cache import codec

    found: list[Diagnostic] = codec.diagnostics.decode(diagnostics)
    return found
