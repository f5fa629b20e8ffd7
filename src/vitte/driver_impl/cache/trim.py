"""Eviction: least recently used first, once a day, never what was used lately."""

from __future__ import annotations


def trim_when_due(folder: str) -> None:
    """`trim`, at most once a day."""
