"""Power does not fail during tests: nothing waits for the disk."""

from __future__ import annotations

import pytest

from vitte.driver_impl.cache import io


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io, "fsync", lambda fd: None)
