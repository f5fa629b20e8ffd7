"""PE/COFF by `lld-link`: programs without a C runtime, that start in their own entry point and import from the system's libraries."""

from __future__ import annotations

from vitte.driver.options import LldFlavor
from vitte.driver_impl.link.data import Plan, Request, words

MACHINES = {"x86_64": "x64", "aarch64": "arm64"}

STACK = 8 << 20
"""Bytes that a program's stack may grow to: Windows' own megabyte is less than recursion finds elsewhere. It costs nothing until used."""


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure.

    `/Brepro`: the header's time stamp is a digest of the image, so equal inputs give equal images. `/opt:ref`: what nothing refers to goes;
    `/opt:icf`: equal procedures become one. `/WX`: an unknown option is a warning otherwise. Without `/debug` no symbols are put into an
    image at all, so there is nothing to strip.
    """
    arguments = ["/nologo", f"/machine:{MACHINES[request.arch]}", "/nodefaultlib", "/opt:ref" if request.gc_sections else "/opt:noref",
                 "/opt:icf" if request.icf else "/opt:noicf", "/Brepro"]  # fmt: skip
    anywhere = request.pie or request.shared
    arguments += ["/dynamicbase", "/nxcompat", "/highentropyva"] if anywhere else ["/dynamicbase:no", "/nxcompat"]
    arguments += ["/WX", "/errorlimit:0"]
    beside: tuple[str, ...] = ()
    if request.shared:
        # Without an entry point of its own a library has none: the default one is the C runtime's.
        library = request.output + ".lib"
        beside = (library,)
        arguments += ["/dll", f"/implib:{library}", f"/entry:{request.entry}" if request.entry else "/noentry"]
    else:
        arguments += [f"/subsystem:{request.subsystem or 'console'}", f"/entry:{request.entry or 'vt_start'}"]
    if request.stack_size or not request.shared:
        arguments.append(f"/stack:{request.stack_size or STACK}")
    arguments += [f"/export:{symbol}" for symbol in request.exports]
    arguments += [f"/out:{request.temporary}", *words(request)]
    arguments += [f"/libpath:{folder}" for folder in request.folders]
    named = [item.name for item in request.libraries if item.kind != "dll"]
    arguments += [name if "/" in name or name.endswith(".lib") else f"{name}.lib" for name in named]
    arguments += [*request.imports, *request.runtime, *request.if_needed, *request.args]
    return Plan(
        program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.COFF,
        quoting="windows", beside=beside,
    )  # fmt: skip
