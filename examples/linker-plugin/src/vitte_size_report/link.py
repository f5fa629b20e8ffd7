"""`link.py REPORT OUTPUT LINKER ARGUMENTS...`: run the linker, then write a report of what it made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter

_INPUT = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ {9}\S.*:\(\.(?:text\.|rodata\.(?=places ))([^)]+)\)$")
"""A line of LLD's map for a section of an object: its size, and the procedure in it, or the module whose places of panics it holds."""
_OUTPUT = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ (\.[a-z_.]+)$")
LARGEST = 20


def main(arguments: list[str]) -> int:
    report, output, *command = arguments
    table = f"{output}.map"
    try:
        status = subprocess.run([*command, f"-Map={table}"], check=False).returncode
        if status == 0:
            with open(table, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
            with open(report, "w", encoding="utf-8") as file:
                file.write(described(os.path.basename(report.removesuffix(".sizes.txt")), os.path.getsize(output), lines))
        return status
    finally:
        if os.path.exists(table):
            os.unlink(table)


def described(name: str, size: int, lines: list[str]) -> str:
    """The report: bytes in memory, largest first."""
    sections: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    procedures: Counter[str] = Counter()
    for line in lines:
        found = _OUTPUT.match(line)
        if found:
            sections[found.group(2)] += int(found.group(1), 16)
            continue
        found = _INPUT.match(line)
        if found:
            symbol = found.group(2)
            modules[symbol.removeprefix("places ").partition("::")[0]] += int(found.group(1), 16)
            procedures[symbol] += int(found.group(1), 16)
    parts = [f"{name}: {size} bytes\n"]
    for title, counts in (("sections", sections), ("modules", modules), ("largest", procedures)):
        rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[: LARGEST if title == "largest" else None]
        parts.append(f"\n{title}\n" + "".join([f"{count:9}  {what}\n" for what, count in rows if count]))
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
