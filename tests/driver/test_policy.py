"""Lint levels, limits, profiles, manifests, keys."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vitte.base.diagnostics import Code, Diagnostic
from vitte.base.source import SourceFile, span_start
from vitte.driver.api import with_profile
from vitte.driver.diagnostics import policy
from vitte.driver.error import DriverError
from vitte.driver.manifest import parse
from vitte.driver.options import TRACKED_FIELDS, DriverMode, DriverOptions, OptLevel, RunConfig
from vitte.driver.session import Manifest, Profile
from vitte.driver.target import X86_64_LINUX_GNU
from vitte.driver_impl.cache.key import options_text

LINT = Diagnostic(Code("W0101", "unused", "unused-import"), "warning", "unused")
ERROR = Diagnostic(Code("V0001", "bad"), "error", "bad")


@pytest.mark.parametrize(
    ("lints", "deny", "level"),
    [
        ((), False, "warning"),
        ((("allow", "unused-import"),), False, None),
        ((("deny", "unused-import"),), False, "error"),
        ((("allow", "warnings"),), False, None),
        ((("allow", "warnings"), ("warn", "unused-import")), False, "warning"),
        ((("allow", "unused-import"), ("deny", "unused-import")), False, "error"),
        ((), True, "error"),
        ((("allow", "unused-import"),), True, None),
    ],
)
def test_lint_levels(lints: tuple[tuple[str, str], ...], deny: bool, level: str | None) -> None:
    found = policy.apply([LINT, ERROR], DriverOptions(lints=lints, deny_warnings=deny))
    assert found[-1] == ERROR
    assert [d.level for d in found[:-1]] == ([level] if level else [])


def test_limit() -> None:
    shown, left = policy.limited([LINT, ERROR, LINT, ERROR, LINT, ERROR], 1)
    assert (len(shown), left) == (3, 2)
    assert policy.limited([ERROR] * 3, 0) == ([ERROR] * 3, 0)


def test_summary() -> None:
    assert policy.summary(1, 2) == "1 error, 2 warnings"
    assert policy.summary(0, 0) == ""


def test_release_profile_optimises() -> None:
    assert with_profile(DriverOptions(profile="release"), None).opt_level is OptLevel.O3


def test_what_was_given_beats_the_profile() -> None:
    options = DriverOptions(profile="release", opt_level=OptLevel.O1, given=("opt_level",))
    assert with_profile(options, None).opt_level is OptLevel.O1


def test_manifest_profile_beats_the_built_in_one() -> None:
    manifest = Manifest("vitte.toml", "x", profiles=(("release", Profile(opt_level="s", overflow_checks=False)),))
    options = with_profile(DriverOptions(profile="release"), manifest)
    assert (options.opt_level, options.overflow_checks) == (OptLevel.SIZE, False)


def test_unknown_profile() -> None:
    with pytest.raises(DriverError):
        with_profile(DriverOptions(profile="fast"), None)


def test_manifest() -> None:
    text = (
        '[package]\nname = "a"\nversion = "1.2.3"\n[dependencies]\nb = { path = "../b" }\n[profile.release]\nopt-level = 3\ndebug = true\n'
    )
    manifest, problems = parse(SourceFile("vitte.toml", text))
    assert problems.items == []
    assert manifest == Manifest("vitte.toml", "a", "1.2.3", "2026", (("b", "../b"),), (("release", Profile("3", "full")),))


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ('[package]\nname = "a"\nnaem = 1\n', 3, "unknown key `naem`"),
        ("[package]\nname = 3\n", 2, "`name` must be a string"),
        ("[package]\n", 1, "no name"),
        ('[package]\nname = "a"\nversion = "one"\n', 3, "`one` is not a version"),
        ('[package]\nname = "a"\n[dependencies]\nb = "1.0"\n', 4, "has no path"),
        ('[package]\nname = "a"\n[profile.release]\nopt-level = 9\n', 4, "no optimisation level `9`"),
        ('[package]\nname = "a\n', 2, "this is not TOML"),
        ('[package]\nname = "a"\nedition = "1999"\n', 3, "no edition `1999`"),
    ],
)
def test_bad_manifest(text: str, line: int, part: str) -> None:
    source = SourceFile("vitte.toml", text)
    manifest, problems = parse(source)
    assert manifest is None
    found = problems.items[0]
    assert part in found.message
    assert source.line_col(span_start(found.labels[0].where.span))[0] == line


CHANGES: dict[str, object] = {
    "inputs": ("x",), "mode": DriverMode.CHECK, "tests": True, "target": replace(X86_64_LINUX_GNU, cpu="skylake"),
    "opt_level": OptLevel.O3, "overflow_checks": False, "const_step_limit": 5, "remap_path_prefix": (("a", "b"),), "run": RunConfig(("x",)),
    "jobs": 7, "verbose": 2, "color": True, "output": "x", "cache": "read", "time_passes": True, "lang": "fr",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_tracked_options_are_in_the_key_and_no_others(name: str) -> None:
    base = DriverOptions()
    changed = replace(base, **{name: CHANGES[name]})
    assert (options_text(base) != options_text(changed)) == (name in TRACKED_FIELDS)
