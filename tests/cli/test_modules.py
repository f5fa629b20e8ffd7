"""Finding modules: lookup order, relative imports, cycles, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.forked import vitte


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


ONE = 'pub proc name() -> string { give "%s" }\n'
MAIN = "use a/b as m\nproc main() { println(m.name()) }\n"


@pytest.mark.parametrize(
    "files", [["a/b.vit", "a/b/mod.vit", "a/b/index.vit"], ["a/b/mod.vit", "a/b/index.vit"], ["a/b/index.vit"], ["a/b.vitl"]]
)
def test_lookup_order(files: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": MAIN, **{name: ONE % name for name in files}})
    assert vitte("run", "main.vit", cwd=tmp_path).out == files[0] + "\n"


def test_space_takes_the_root_up(tmp_path: Path) -> None:
    text = "space app/sub/main\nuse lib/x\nuse .near\nuse ..over\nproc main() { println(x.name() + near.name() + over.name()) }\n"
    write(tmp_path, {"app/sub/main.vit": text, "lib/x.vit": ONE % "x"})
    write(tmp_path, {"app/sub/near.vit": ONE % "near", "app/over.vit": ONE % "over"})  # fmt: skip
    assert vitte("run", "app/sub/main.vit", cwd=tmp_path).out == "xnearover\n"
    assert vitte("run", "main.vit", cwd=tmp_path / "app/sub").out == "xnearover\n"


def test_missing_module_says_where_it_looked_and_what_is_near(tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": "use shpaes\nproc main() {}\n", "shapes.vit": ""})
    ran = vitte("check", "main.vit", cwd=tmp_path)
    assert ran.status == 1
    assert "error[V0190]: there is no module `shpaes`" in ran.err and "did you mean `shapes`?" in ran.err and "`shpaes/mod.vit`" in ran.err


def test_a_space_that_is_not_the_file_s_place(tmp_path: Path) -> None:
    write(tmp_path, {"vitte.toml": '[package]\nname = "app"\n', "src/main.vit": "use .a\nproc main() { a.f() }\n", "src/b.vit": ""})
    write(tmp_path, {"src/a.vit": "space app/a\nuse .b\npub proc f() {}\n"})
    ran = vitte("check", cwd=tmp_path)
    assert ran.status == 1 and "there is no module `app/b`" in ran.err
    assert "its file makes this module `a`, and `space app/a` says otherwise" in ran.err


def test_what_a_mistake_in_the_form_of_another_module_lost_is_not_missed(tmp_path: Path) -> None:
    """Nor by who sees it through a third; anything else is still said, and what lacks is, once the form is mended."""
    write(tmp_path, {"heap.vit": "pub form Heap { n: int = 0 }\nimpl Heap {\n  pub proc push(mut self, x) {}\n}\n"})
    write(tmp_path, {"use.vit": "use heap\npub proc f() {\n  let mut h = heap.Heap {}\n  h.push(1)\n  let x: int = \"\"\n}\n"})
    write(tmp_path, {"main.vit": "use .use as u\nproc main() { u.g() }\n"})
    for _ in range(2):  # told anew, and remembered
        ran = vitte("check", "main.vit", cwd=tmp_path)
        assert ran.status == 1 and ran.err.count("error[") == 2 and "heap.vit:3:" in ran.err and "error[V0200]" in ran.err
    write(tmp_path, {"heap.vit": "pub form Heap { n: int = 0 }\nimpl Heap {\n  pub proc pull(mut self) {}\n}\n"})
    err = vitte("check", "main.vit", cwd=tmp_path).err
    assert "`Heap` has no method `push`" in err and "error[V0103]" in err


def test_cycle_is_shown_whole(tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": "use a\nproc main() {}\n", "a.vit": "use b\n", "b.vit": "use c\n", "c.vit": "use a\n"})
    ran = vitte("check", "main.vit", cwd=tmp_path)
    assert ran.status == 1 and ran.err.count("error[V0191]") == 1
    assert "`a` -> `b` -> `c` -> `a`" in ran.err
    assert all(f"{name}.vit:1:5" in ran.err for name in "abc")


def test_a_module_used_twice_is_one_unit(tmp_path: Path) -> None:
    main = "use a\nuse b\nproc main() { println(a.name() + b.name()) }\n"
    write(tmp_path, {"main.vit": main, "a.vit": "use b\npub proc name() -> string { give b.name() }\n", "b.vit": ONE % "b"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "bb\n"


def test_errors_in_two_modules_are_both_shown(tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": "use a\nproc main() { let x: int = a.f() + nope }\n", "a.vit": "pub proc f() -> int { give missing }\n"})
    ran = vitte("check", "main.vit", "--message-format", "short", cwd=tmp_path)
    assert ran.err.splitlines()[0].startswith("a.vit:1:") and "main.vit:2:" in ran.err


def test_editing_a_module_rebuilds_what_uses_it(tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": "use a\nproc main() { println(a.name()) }\n", "a.vit": ONE % "one"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "one\n"
    write(tmp_path, {"a.vit": ONE % "two"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "two\n"
    write(tmp_path, {"a.vit": "pub proc name() -> int { give 3 }\n"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "3\n"


def test_a_file_that_appears_earlier_in_the_lookup_wins(tmp_path: Path) -> None:
    write(tmp_path, {"main.vit": MAIN, "a/b/mod.vit": ONE % "mod"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "mod\n"
    write(tmp_path, {"a/b.vit": ONE % "file"})
    assert vitte("run", "main.vit", cwd=tmp_path).out == "file\n"
