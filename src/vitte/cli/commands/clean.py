"""`vitte clean`: delete a package's `target` folder."""

from __future__ import annotations

import os
import shutil
import sys

from vitte.cli.parser import Args, Usage


def run(args: Args) -> int:
    if args.positionals:
        raise Usage(f"`{args.positionals[0]}`: `vitte clean` takes no argument")
    folder = args.get("target_dir") or os.environ.get("VITTE_TARGET_DIR", "")
    if not folder:
        at = os.getcwd()
        while not os.path.isfile(os.path.join(at, "vitte.toml")):
            parent = os.path.dirname(at)
            if parent == at:
                raise Usage("there is no `vitte.toml` here or above", ("`vitte cache clear` deletes what is kept of single files",))
            at = parent
        folder = os.path.join(at, "target")
    if os.path.isdir(folder):
        shutil.rmtree(folder, ignore_errors=True)
        if not args.has("quiet"):
            sys.stderr.write(f"Removed {folder}\n")
    return 0
