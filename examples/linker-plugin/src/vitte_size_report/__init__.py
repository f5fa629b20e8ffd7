"""A linker plug-in: LLD, and a report of what takes the room in the program."""

from __future__ import annotations

import os
import sys

from msgspec.structs import replace

from vitte.driver_impl.link import linkers, lld
from vitte.driver_impl.link.data import Plan, Request

flavours = ("elf",)


def plan(request: Request) -> Plan:
    """LLD's plan for the request, run by `link.py`."""
    plain = linkers.plan(lld.find("", request.flavour), request)
    report = f"{request.output}.sizes.txt"
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "link.py")
    program = (sys.executable, script, report, request.temporary, *plain.program)
    return replace(plain, program=program, beside=(*plain.beside, report))
