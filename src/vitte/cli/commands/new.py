"""`vitte new NAME` and `vitte init`: a package that builds."""

from __future__ import annotations

import os
import sys

from vitte.cli.parser import Args, Usage

_MANIFEST = """[package]
name = "{name}"
version = "0.1.0"
edition = "2026"
"""
_MAIN = """proc greeting(name: string) -> string {
  give format("hello, {}", name)
}

proc main() {
  println(greeting("world"))
}

test "greeting" {
  assert greeting("you") == "hello, you"
}
"""


def run(args: Args) -> int:
    if args.command == "new":
        if len(args.positionals) != 1:
            raise Usage("`vitte new` needs the name of the package", ("for example `vitte new hello`",))
        folder = args.positionals[0]
        if os.path.exists(folder):
            raise Usage(f"`{folder}` exists already", ("`vitte init` makes a package in the folder where you are",))
    else:
        if args.positionals:
            raise Usage(f"`{args.positionals[0]}`: `vitte init` takes no argument", ("`vitte new NAME` makes a folder",))
        folder = "."
        if os.path.exists("vitte.toml"):
            raise Usage("there is a `vitte.toml` here already")
    name = os.path.basename(os.path.abspath(folder))
    if not name.replace("-", "_").isidentifier():
        raise Usage(f"`{name}` cannot be a package name", ("letters, digits, `_` and `-`, beginning with a letter",))
    files = {"vitte.toml": _MANIFEST.format(name=name), os.path.join("src", "main.vit"): _MAIN, ".gitignore": "/target/\n"}
    try:
        os.makedirs(os.path.join(folder, "src"), exist_ok=True)
        for path, text in files.items():
            full = os.path.join(folder, path)
            if not os.path.exists(full):
                with open(full, "w", encoding="utf-8") as file:
                    file.write(text)
    except OSError as error:
        raise Usage(f"cannot make the package: {error.strerror or error}") from None
    if not args.has("quiet"):
        sys.stderr.write(f"Created package `{name}`\n")
    return 0
