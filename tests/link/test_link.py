"""Real links of objects made here, and the images run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from vitte.driver.error import DriverError
from vitte.driver.options import DriverOptions, Library
from vitte.driver.session import DriverContext
from vitte.driver_impl import link_impl

MAIN = """
@text = private constant [4 x i8] c"hey\\00"
declare i32 @puts(ptr)
declare double @cos(double)
define i32 @main(i32 %argc, ptr %argv) {
  %r = call i32 @puts(ptr @text)
  %c = call double @cos(double 0.0)
  %i = fptosi double %c to i32
  %s = add i32 %i, 6
  ret i32 %s
}
"""


def make(folder: Path, name: str, text: str) -> str:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly('target triple = "x86_64-unknown-linux-gnu"\n' + text)
    module.verify()
    machine = llvm.Target.from_triple("x86_64-unknown-linux-gnu").create_target_machine(reloc="pic", codemodel="default")
    path = folder / name
    path.write_bytes(machine.emit_object(module))
    return str(path)


def linked(folder: Path, objects: list[str], options: DriverOptions | None = None) -> DriverContext:
    options = options or DriverOptions()
    context = DriverContext(options)
    link_impl(options, context, objects, str(folder / "app"))
    return context


def test_program_without_development_files_runs(tmp_path: Path) -> None:
    context = linked(tmp_path, [make(tmp_path, "main.o", MAIN)])
    assert context.diagnostics == []
    ran = subprocess.run([tmp_path / "app"], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (7, b"hey\n")
    assert sorted(os.listdir(tmp_path)) == ["app", "main.o"]


def test_odd_file_names(tmp_path: Path) -> None:
    folder = tmp_path / 'a b"c\\d é@'
    folder.mkdir()
    assert linked(folder, [make(folder, "-m n.o", MAIN)]).diagnostics == []
    assert subprocess.run([folder / "app"], capture_output=True, check=False).returncode == 7


def test_long_command_line_goes_through_a_response_file(tmp_path: Path) -> None:
    objects = [make(tmp_path, "main.o", MAIN)]
    data = Path(make(tmp_path, "x.o", "@none = external global i8")).read_bytes()
    for number in range(700):
        path = tmp_path / f"module number {number:040}.o"
        path.write_bytes(data)
        objects.append(str(path))
    assert linked(tmp_path, objects).diagnostics == []
    assert subprocess.run([tmp_path / "app"], capture_output=True, check=False).returncode == 7


def test_undefined_symbol_is_a_diagnostic_and_leaves_no_output(tmp_path: Path) -> None:
    (tmp_path / "app").write_text("old")
    context = linked(
        tmp_path, [make(tmp_path, "main.o", "declare void @nowhere()\ndefine i32 @main() {\n call void @nowhere()\n ret i32 0\n}\n")]
    )
    assert [d.code.id for d in context.diagnostics] == ["V0620"]
    assert "`nowhere`" in context.diagnostics[0].message
    assert not (tmp_path / "app").exists()


def test_missing_main(tmp_path: Path) -> None:
    context = linked(tmp_path, [make(tmp_path, "x.o", "define i32 @other() {\n ret i32 0\n}\n")])
    assert [d.code.id for d in context.diagnostics] == ["V0620"]


def test_duplicate_symbol_is_a_diagnostic(tmp_path: Path) -> None:
    twice = "define void @twice() {\n ret void\n}\n"
    context = linked(tmp_path, [make(tmp_path, "main.o", MAIN + twice), make(tmp_path, "b.o", twice)])
    assert [d.code.id for d in context.diagnostics] == ["V0621"]


def test_missing_library_is_a_diagnostic(tmp_path: Path) -> None:
    context = linked(tmp_path, [make(tmp_path, "main.o", MAIN)], DriverOptions(libraries=(Library("surelynotthere"),)))
    assert [d.code.id for d in context.diagnostics] == ["V0622"]


def test_running_program_is_replaced(tmp_path: Path) -> None:
    main = make(tmp_path, "main.o", "declare i32 @pause()\ndefine i32 @main() {\n %r = call i32 @pause()\n ret i32 0\n}\n")
    linked(tmp_path, [main])
    running = subprocess.Popen([tmp_path / "app"])
    try:
        assert linked(tmp_path, [main]).diagnostics == []
    finally:
        running.kill()
        running.wait()


def test_output_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    with pytest.raises(DriverError) as caught:
        linked(tmp_path, [make(tmp_path, "main.o", MAIN)])
    assert caught.value.status == 3


def test_corrupt_object(tmp_path: Path) -> None:
    (tmp_path / "bad.o").write_bytes(b"\x7fELF" + b"\xff" * 60)
    context = linked(tmp_path, [str(tmp_path / "bad.o")])
    assert context.diagnostics and all(d.level == "error" for d in context.diagnostics)
