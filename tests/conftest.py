"""Options of the suite, and the environment that tests run compilers in."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from zlib import crc32

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Tests share one cache of compiled units, which lasts: its keys hold the compiler's identity. Nothing else from outside counts.
for name in [name for name in os.environ if name.startswith("VITTE_")]:
    del os.environ[name]
os.environ["VITTE_CACHE"] = str(ROOT / "build" / "test-cache")
os.environ["VITTE_SYSROOTS"] = str(ROOT / "build" / "sysroots")
os.environ["VITTE_JOBS"] = "1"
os.environ["NO_COLOR"] = "1"
os.environ["VITTE_NO_SERVER"] = "1"  # but for the tests of the server
# What is started here hears these, also where the suite itself runs in the background or by `nohup`. A handler is not inherited.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda number, frame: None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="rewrite expected outputs from what the compiler says now")
    parser.addoption("--shard", default="", metavar="K/N", help="run only the K-th of N parts of the suite")
    parser.addoption("--all", action="store_true", help="also run the programs on every target that can be run here")
    parser.addoption("--slow", action="store_true", help="also run tests marked slow")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes more than a few seconds; run with --slow")
    config.addinivalue_line("markers", "foreign: needs what `x.py test --all` installs; run with --all")
    if config.getoption("--bless") and os.environ.get("CI"):
        raise pytest.UsageError("--bless is not for CI")
    from vitte.driver_impl.cache.trim import trim

    if os.path.isdir(os.environ["VITTE_CACHE"]):
        trim(os.environ["VITTE_CACHE"], 1 << 30)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for mark, option in (("slow", "--slow"), ("foreign", "--all")):
        if not config.getoption(option):
            skip = pytest.mark.skip(reason=f"{mark}: run with {option}")
            for item in items:
                if mark in item.keywords:
                    item.add_marker(skip)
    shard = config.getoption("--shard")
    if shard:
        part, _, parts = shard.partition("/")
        # By name, so that a test stays in its part when others come and go; what is parametrised spreads over all.
        kept = [item for item in items if crc32(item.nodeid.encode()) % int(parts) == int(part) - 1]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture
def bless(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--bless"))
