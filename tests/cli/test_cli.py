"""Black-box runs of the command line: exit statuses, streams, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.forked import vitte
from vitte.cli.table import COMMANDS

HELLO = 'proc main() {\n  println("hello")\n}\n'
WRONG = "proc main() {\n  let _x: int = nothing_here\n}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hello.vit").write_text(HELLO)
    (tmp_path / "wrong.vit").write_text(WRONG)
    return tmp_path


def test_version() -> None:
    ran = vitte("--version")
    assert (ran.status, ran.out, ran.err) == (0, "vitte 0.1.0\n", "")


def test_no_command_shows_help_on_stderr() -> None:
    ran = vitte()
    assert ran.status == 2 and ran.out == "" and "Usage: vitte COMMAND" in ran.err


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"help"}))
def test_every_command_has_help(command: str) -> None:
    ran = vitte(command, "--help")
    assert ran.status == 0 and f"Usage: vitte {command}" in ran.out and ran.err == ""
    assert vitte("help", command).out == ran.out


@pytest.mark.parametrize("command", ["fmt", "fix", "doc", "lsp", "bench", "bootstrap", "inspect"])
def test_later_commands_say_so(command: str) -> None:
    ran = vitte(command, "x.vit", "--whatever")
    assert (ran.status, ran.out) == (2, "") and f"`vitte {command}` is not supported yet" in ran.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["bulid"], "did you mean `build`?"),
        (["run", "--relase", "x.vit"], "did you mean `--release`?"),
        (["hello.vit"], "`vitte run hello.vit`"),
        (["run", "-O9", "hello.vit"], "`9` is no value for `-O`"),
        (["run", "--engine"], "`--engine` needs a value"),
        (["check", "--quiet=1"], "takes no value"),
        (["check", "-j", "many", "hello.vit"], "needs a number"),
        (["run", "--env", "novalue", "hello.vit"], "of the form K=V"),
        (["check", "a.vit", "b.vit"], "one argument too many"),
        (["build", "--emit=llvm", "hello.vit"], "nothing to emit called `llvm`"),
        (["build", "--target", "riscv", "hello.vit"], "not supported"),
        (["build", "-C", "nothing=1", "hello.vit"], "has no setting `nothing`"),
        (["emit", "hello.vit"], "needs a stage"),
        (["emit", "--stage", "mri", "hello.vit"], "did you mean `mir`?"),
        (["@nowhere"], "cannot read `nowhere`"),
        (["-O2", "build"], "stands after a command"),
        (["build", "--profile", "odd", "hello.vit"], "no profile `odd`"),
    ],
)
def test_wrong_command_lines(words: list[str], part: str, folder: Path) -> None:
    ran = vitte(*words, cwd=folder)
    assert (ran.status, ran.out) == (2, "")
    assert part in ran.err and ran.err.startswith("error: ")


def test_argument_files(folder: Path) -> None:
    (folder / "more").write_text("--message-format\nshort\n")
    (folder / "args").write_text("check\n@more\nwrong.vit\n")
    ran = vitte("@args", cwd=folder)
    assert ran.status == 1 and ran.err.startswith("wrong.vit:2:17: error[V")


def test_run(folder: Path) -> None:
    ran = vitte("run", "hello.vit", cwd=folder)
    assert (ran.status, ran.out, ran.err) == (0, "hello\n", "")
    assert sorted(os.listdir(folder)) == ["hello.vit", "wrong.vit"]


def test_build_and_output(folder: Path) -> None:
    assert vitte("b", "hello.vit", "-o", "sub/prog", cwd=folder).status == 0
    assert subprocess.run([folder / "sub/prog"], capture_output=True, check=True).stdout == b"hello\n"
    assert vitte("build", "hello.vit", cwd=folder).status == 0
    assert (folder / "hello").exists()


def test_standard_input(folder: Path) -> None:
    assert vitte("run", "-", cwd=folder, stdin=HELLO.encode()).out == "hello\n"


def test_diagnostics_go_to_stderr_with_a_count(folder: Path) -> None:
    ran = vitte("check", "wrong.vit", cwd=folder)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("error[V0") and " --> wrong.vit:2:17\n" in ran.err
    assert ran.err.endswith("error: `wrong` was not compiled: 1 error\n")


def test_json_goes_to_stdout(folder: Path) -> None:
    ran = vitte("check", "wrong.vit", "--message-format", "json", cwd=folder)
    assert (ran.status, ran.err) == (1, "")
    first, last = map(json.loads, ran.out.splitlines())
    assert first["level"] == "error" and last["$message_type"] == "summary" and last["errors"] == 1


def test_colour(folder: Path) -> None:
    assert "\x1b[" in vitte("check", "wrong.vit", "--color", "always", cwd=folder).err
    assert "\x1b[" in vitte("check", "wrong.vit", cwd=folder, env={"NO_COLOR": "", "CLICOLOR_FORCE": "1"}).err
    assert "\x1b[" not in vitte("check", "wrong.vit", cwd=folder).err


def test_error_limit(folder: Path) -> None:
    (folder / "many.vit").write_text("proc main() {\n" + "".join(f"  let _a{n}: int = none_{n}\n" for n in range(9)) + "}\n")
    ran = vitte("check", "many.vit", "--error-limit", "3", cwd=folder)
    assert ran.err.count("error[V") == 3 and "9 errors (6 more not shown" in ran.err


def test_program_arguments_environment_and_folder(folder: Path) -> None:
    (folder / "args.vit").write_text(
        'use std/env\nproc main(args: [string]) {\n  for a in args { println(a) }\n  println(env.var("COLOUR") ?? "none")\n}\n'
    )
    (folder / "deep").mkdir()
    ran = vitte("run", "args.vit", "--env", "COLOUR=red", "--", "a", "-b", "--", "@c", cwd=folder)
    assert ran.out.splitlines()[1:] == ["a", "-b", "--", "@c", "red"]


def test_exit_status_is_the_programs(folder: Path) -> None:
    (folder / "seven.vit").write_text("proc main() -> int { give 7 }\n")
    assert vitte("run", "seven.vit", cwd=folder).status == 7
    assert vitte("run", "seven.vit", "--engine", "interp", cwd=folder).status == 7


ABORT = 'extern "C" {\n  proc abort()\n}\nproc main() {\n  unsafe { abort() }\n}\n'


def test_signal_is_the_programs(folder: Path) -> None:
    (folder / "abort.vit").write_text(ABORT)
    assert vitte("run", "abort.vit", cwd=folder).status == -signal.SIGABRT


def test_timeout(folder: Path) -> None:
    (folder / "loop.vit").write_text("proc main() {\n  loop { }\n}\n")
    start = time.monotonic()
    ran = vitte("run", "loop.vit", "--timeout", "0.5", cwd=folder)
    assert ran.status == 124 and time.monotonic() - start < 30


def test_dry_run(folder: Path) -> None:
    ran = vitte("run", "hello.vit", "--dry-run", "--env", "A=b", "-o", "out", "--", "x y", cwd=folder)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("link: ") and "ld.lld" in lines[0]
    assert lines[1:4] == ["runner: this machine", "run: out 'x y'", "env: A=b"]
    assert not (folder / "out").exists()


def test_emit_kinds(folder: Path) -> None:
    assert vitte("build", "hello.vit", "--emit=obj,dep-info=d.d,llvm-ir=hello.ll", cwd=folder).status == 0
    assert (folder / "hello.o").read_bytes().startswith(b"\x7fELF")
    assert (folder / "d.d").read_text() == "hello: hello.vit\n\nhello.vit:\n"
    assert "define" in (folder / "hello.ll").read_text()
    assert not (folder / "hello").exists()


@pytest.mark.parametrize("stage", ["ast", "hir", "thir", "mono", "mir", "ssa", "opt", "llvm-ir", "asm"])
def test_emit_stages(stage: str, folder: Path) -> None:
    whole = vitte("emit", "--stage", stage, "hello.vit", *(["-O1"] if stage == "opt" else []), cwd=folder)
    assert whole.status == 0, whole.err
    assert "main" in whole.out


def test_emit_one_procedure(folder: Path) -> None:
    (folder / "two.vit").write_text("proc one() -> int { give 1 }\nproc main() -> int { give one() }\n")
    text = vitte("emit", "--stage", "mir", "--proc", "one", "two.vit", cwd=folder).out
    assert "two::one" in text and "two::main" not in text
    ran = vitte("emit", "--stage", "mir", "--proc", "three", "two.vit", cwd=folder)
    assert ran.status == 2 and "no procedure `three`" in ran.err


def test_time_passes(folder: Path) -> None:
    ran = vitte("check", "hello.vit", "--cache", "off", "--time-passes", cwd=folder)
    assert ran.status == 0 and "typecheck" in ran.err and ran.err.splitlines()[-1].startswith("sum")


def test_log_goes_to_stderr(folder: Path) -> None:
    ran = vitte("run", "hello.vit", "-v", "--cache", "off", cwd=folder)
    assert ran.out == "hello\n" and " info pipeline: " in ran.err and " info link: " in ran.err
    only = vitte("run", "hello.vit", "--cache", "off", cwd=folder, env={"VITTE_LOG": "link=info"})
    assert only.err.startswith(" info link: ") and "pipeline" not in only.err
    assert vitte("run", "hello.vit", cwd=folder, env={"VITTE_LOG": "loud"}).status == 2


def test_test_command(folder: Path) -> None:
    (folder / "t.vit").write_text(
        'proc add(a: int, b: int) -> int { give a + b }\ntest "adds" { assert add(1, 2) == 3 }\ntest "fails" { assert add(1, 2) == 4 }\n'
    )
    ran = vitte("test", "t.vit", cwd=folder)
    assert ran.status == 4, ran.err
    text = ran.out + ran.err
    assert "adds" in text and "fails" in text and "3" in text and "4" in text
    assert vitte("test", "t.vit", "adds", cwd=folder).status == 0


def test_packages(folder: Path) -> None:
    assert vitte("new", "demo", cwd=folder).status == 0
    package = folder / "demo"
    assert vitte("run", cwd=package).out == "hello, world\n"
    assert vitte("run", cwd=package / "src").out == "hello, world\n"
    assert vitte("test", cwd=package).status == 0
    assert vitte("build", "--release", cwd=package).status == 0
    assert (package / "target" / "release" / "demo").exists()
    assert vitte("clean", cwd=package).status == 0
    assert not (package / "target").exists()
    assert vitte("new", "demo", cwd=folder).status == 2


def test_dependencies(folder: Path) -> None:
    for name in ("app", "geo"):
        (folder / name / "src").mkdir(parents=True)
        (folder / name / "vitte.toml").write_text(
            f'[package]\nname = "{name}"\n' + ('[dependencies]\ngeo = { path = "../geo" }\n' if name == "app" else "")
        )
    (folder / "geo/src/area.vit").write_text("pub proc square(x: int) -> int { give x * x }\n")
    (folder / "app/src/main.vit").write_text("use geo/area\nuse .parts/text\nproc main() { println(text.shown(area.square(5))) }\n")
    (folder / "app/src/parts").mkdir()
    (folder / "app/src/parts/text.vit").write_text('pub proc shown(x: int) -> string { give format("<{}>", x) }\n')
    assert vitte("run", cwd=folder / "app").out == "<25>\n"


def test_manifest_mistake_is_shown_with_its_place(folder: Path) -> None:
    (folder / "vitte.toml").write_text('[package]\nname = "a"\nnaem = "b"\n')
    ran = vitte("check", cwd=folder)
    assert ran.status == 2 and "--> vitte.toml:3:1" in ran.err and "did you mean `name`?" in ran.err


def test_cache_is_used_and_can_be_cleared(folder: Path) -> None:
    cache = folder / "cache"
    env = {"VITTE_CACHE": str(cache)}
    assert vitte("cache", "dir", env=env).out == f"{cache}\n"
    assert "0 reused" in vitte("check", "hello.vit", "-v", cwd=folder, env=env).err
    warm = vitte("check", "hello.vit", "-v", cwd=folder, env=env).err
    assert "0 reused" not in warm and "units," in warm
    assert vitte("cache", "clear", env=env).status == 0
    assert "0 reused" in vitte("check", "hello.vit", "-v", cwd=folder, env=env).err


def test_completions_name_every_command() -> None:
    from vitte.cli.table import COMMANDS

    for shell in ("bash", "zsh", "fish"):
        text = vitte("completions", shell).out
        assert all(name in text for name in COMMANDS)
    assert subprocess.run(["bash", "-n"], input=vitte("completions", "bash").stdout, check=False).returncode == 0


def test_env_lists_what_is_used() -> None:
    lines = vitte("env", env={"VITTE_LANG": "fr"}).out.splitlines()
    assert "VITTE_LANG=fr" in lines and any(line.startswith("VITTE_STD=/") for line in lines)


def test_broken_pipe_is_silent(folder: Path) -> None:
    command = f"{sys.executable} -m vitte explain --list | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    big = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert big.stderr == "" and big.stdout.strip() in ("0", "141")
    closed = subprocess.run(["bash", "-c", f"{sys.executable} -m vitte --help >/dev/full"], capture_output=True, text=True, check=False)
    assert "Traceback" not in closed.stderr


def test_interrupt(folder: Path) -> None:
    def heed() -> None:  # shells start background jobs deaf to it
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    command = [sys.executable, "-m", "vitte", "check", "-"]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"interrupted\n")


def test_internal_error_is_one_short_text_and_a_report(folder: Path) -> None:
    (folder / "broken.py").write_text(
        "from vitte.driver_impl import find_package, clean_up\n"
        "def compile_impl(options, context):\n    raise ZeroDivisionError('on purpose')\n"
    )
    env = {**os.environ, "PYTHONPATH": str(folder), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "vitte", "check", "hello.vit", "-Z", "implementation=broken"]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 70 and "Traceback" not in ran.stderr and "bug in Vitte" in ran.stderr
    (report,) = folder.glob("vitte-report-*.txt")
    assert "on purpose" in report.read_text() and HELLO in report.read_text()


def test_missing_implementation(folder: Path) -> None:
    ran = vitte("check", "hello.vit", "-Z", "implementation=no_such_module", cwd=folder)
    assert ran.status == 2 and "no implementation `no_such_module`" in ran.err


def test_a_worker_that_dies_is_an_internal_error_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitte import codegen

    def die(text: str, ctx: object) -> bytes:
        os.abort()

    monkeypatch.setattr(codegen, "compile_text", die)
    for jobs in ("1", "2"):
        ran = vitte("build", "hello.vit", "-j", jobs, "--cache", "off", cwd=folder)
        assert ran.status == 70 and "internal error in stage codegen" in ran.err
        report = Path(ran.err.split()[-1])
        assert "signal 6 (SIGABRT)" in report.read_text()
        report.unlink()
        assert not (folder / "hello").exists()


def test_a_stage_that_fails_is_an_internal_error_with_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vitte import typecheck

    def fail(module: object, ctx: object) -> object:
        raise KeyError("on purpose")

    monkeypatch.setattr(typecheck, "run", fail)
    for jobs in ("1", "2"):
        ran = vitte("check", "hello.vit", "-j", jobs, "--cache", "off", cwd=folder, env={"TMPDIR": str(folder)})
        assert ran.status == 70 and "internal error in stage typecheck, module `std/" in ran.err and "Traceback" not in ran.err
