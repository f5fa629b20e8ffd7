"""Synthetic projects of many small modules, in Vitte and the same in Rust: the same text for the same arguments.

A module has about twelve lines: a form, a procedure, and the modules it uses. The modules are a tree, as the parts of a
program are: each uses up to eight of its own, and one of a few utilities that everything shares. `main` reaches all.
"""

from __future__ import annotations

import sys
from pathlib import Path

WIDTH = 8
"""Modules that an inner module uses."""
SHARED = 4
"""The first modules are utilities: they use nothing, every other module uses one of them, the top of the tree all."""
FOLDER = 100
"""Modules in a folder."""

VITTE = """\
space app/g{g}/m{n}

{uses}
/// Part {n} of the program.
pub form Part{n} {{
  left: int
  right: int = {right}
}}

pub proc run{n}(rounds: int) -> int {{
  let part = Part{n} {{ left: rounds % {modulus} }}
  give (part.left * {factor} + part.right{calls}) % 1000003
}}
"""

RUST = """\
{uses}
/// Part {n} of the program.
pub struct Part{n} {{
    pub left: i64,
    pub right: i64,
}}

pub fn run{n}(rounds: i64) -> i64 {{
    let part = Part{n} {{ left: rounds % {modulus}, right: {right} }};
    (part.left * {factor} + part.right{calls}) % 1000003
}}
"""

CARGO = """\
[package]
name = "{name}"
version = "0.1.0"
edition = "2021"

[profile.dev]
debug = 0
"""


def used(n: int, count: int) -> list[int]:
    """The modules that module `n` of `count` uses."""
    if n < SHARED:
        return []
    at = n - SHARED
    children = [at * WIDTH + k + SHARED for k in range(1, WIDTH + 1)]
    shared = [n % SHARED] if at else list(range(SHARED))
    return [*shared, *(child for child in children if child < count)]


def tops(count: int) -> list[int]:
    """What `main` uses: the top of the tree, or all there is when there is no tree."""
    return [SHARED] if count > SHARED else list(range(count))


def vitte(folder: Path, count: int) -> int:
    """Write a Vitte project of `count` modules and `main` into `folder`. Returns the number of lines."""
    app = folder / "src" / "app"
    lines = 0
    for n in range(count):
        (app / f"g{n // FOLDER}").mkdir(parents=True, exist_ok=True)
        text = vitte_module(n, count)
        (app / f"g{n // FOLDER}" / f"m{n}.vit").write_text(text)
        lines += text.count("\n")
    (folder / "vitte.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\nedition = "2026"\n')
    uses = "".join(f"use app/g{n // FOLDER}/m{n}\n" for n in tops(count))
    calls = " + ".join(f"m{n}.run{n}(12)" for n in tops(count))
    main = f"{uses}\nproc main() {{\n  println({calls})\n}}\n"
    (folder / "src" / "main.vit").write_text(main)
    return lines + main.count("\n")


def vitte_module(n: int, count: int, salt: int = 0) -> str:
    """The text of module `n`; another `salt` changes the body of its procedure."""
    modules = used(n, count)
    return VITTE.format(
        n=n, g=n // FOLDER, right=7 + n % 11, modulus=17 + n % 5, factor=3 + n % 7 + salt,
        uses="".join(f"use app/g{u // FOLDER}/m{u}\n" for u in modules),
        calls="".join(f" + m{u}.run{u}(rounds)" for u in modules),
    )  # fmt: skip


def rust(folder: Path, count: int) -> int:
    """Write the same program as a Rust crate into `folder`. Returns the number of lines."""
    app = folder / "src" / "app"
    app.mkdir(parents=True, exist_ok=True)
    groups = range((count + FOLDER - 1) // FOLDER)
    (app / "mod.rs").write_text("".join(f"pub mod g{g};\n" for g in groups))
    lines = 0
    for g in groups:
        members = range(g * FOLDER, min(count, (g + 1) * FOLDER))
        (app / f"g{g}").mkdir(exist_ok=True)
        (app / f"g{g}" / "mod.rs").write_text("".join(f"pub mod m{n};\n" for n in members))
        for n in members:
            text = rust_module(n, count)
            (app / f"g{g}" / f"m{n}.rs").write_text(text)
            lines += text.count("\n")
    (folder / "Cargo.toml").write_text(CARGO.format(name="app"))
    calls = " + ".join(f"app::g{n // FOLDER}::m{n}::run{n}(12)" for n in tops(count))
    (folder / "src" / "main.rs").write_text(f'mod app;\n\nfn main() {{\n    println!("{{}}", {calls});\n}}\n')
    return lines


def rust_module(n: int, count: int, salt: int = 0) -> str:
    """As `vitte_module`."""
    modules = used(n, count)
    return RUST.format(
        n=n, right=7 + n % 11, modulus=17 + n % 5, factor=3 + n % 7 + salt,
        uses="".join(f"use crate::app::g{u // FOLDER}::m{u};\n" for u in modules),
        calls="".join(f" + m{u}::run{u}(rounds)" for u in modules),
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("vitte", "rust") or not sys.argv[3].isdigit():
        sys.exit("usage: python generate_small.py vitte|rust FOLDER MODULES")
    print((vitte if sys.argv[1] == "vitte" else rust)(Path(sys.argv[2]), int(sys.argv[3])), "lines")
