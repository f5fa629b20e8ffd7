"""The library compiled once for all proofs here, and kept for the next run by the same compiler."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.incremental.kit import preload, warm

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def std() -> Path:
    """A cache that holds compiled library modules and nothing of users; not to be written to."""
    preload()
    from vitte.driver_impl.cache.key import compiler_identity

    kept = ROOT / "build" / "library-caches"
    folder = kept / compiler_identity("")[:24]
    if not folder.exists():
        for old in kept.glob("*"):  # others may be in use by suites that run beside this one
            if time.time() - old.stat().st_mtime > 86400:
                shutil.rmtree(old, ignore_errors=True)
        made = kept / f"new-{os.getpid()}" / "cache"
        warm(made)
        if not folder.exists():
            os.rename(made, folder)
    return folder
