"""PE/COFF by `lld-link`: programs without a C runtime, that start in their own entry point and import from the system's libraries; and
those with MinGW's, whose files a request has as `runtime`."""

from __future__ import annotations

import os

from msgspec.structs import replace

from vitte.driver.options import Library, LldFlavor
from vitte.driver_impl.link.data import Plan, Request, words

MACHINES = {"x86_64": "x64", "aarch64": "arm64"}

IN_MINGW = ("c", "m", "mingw32", "mingwex", "msvcrt", "ucrt", "gcc", "moldname")
"""Libraries that are other names of MinGW's C library, which is always linked with."""

STACK = 8 << 20
"""Bytes that a program's stack may grow to: Windows' own megabyte is less than recursion finds elsewhere. It costs nothing until used."""


def plan(program: tuple[str, ...], request: Request) -> Plan:
    """Pure, but for looking where MinGW's libraries are.

    `/Brepro`: the header's time stamp is a digest of the image, so equal inputs give equal images. `/opt:ref`: what nothing refers to goes;
    `/opt:icf`: equal procedures become one. `/WX`: an unknown option is a warning otherwise. Without `/debug` no symbols are put into an
    image at all, so there is nothing to strip.
    """
    debug = request.debug and request.strip == "none" and not request.relocatable
    return _apart(program, request, debug) if debug or request.shared else _plan(program, request)


def _apart(program: tuple[str, ...], request: Request, debug: bool) -> Plan:
    """With a folder of its own, in which the image has its own name and all files have names that are the same everywhere.

    A library holds its own name, and so do those that are linked with it. `/debug`: what the objects say to debuggers goes into a file
    beside the image, a PDB. That holds the names of all files and the whole command line, and the image its digest.
    `/pdbsourcepath:.`: relative paths stay as they are; `/pdbaltpath:%_PDB%`: the image names the PDB without its folder.
    """
    stem, end = os.path.splitext(request.output)
    folder = f"{request.temporary}.link"
    beside = (f"{stem if end in ('.exe', '.dll') else request.output}.pdb",) if debug else ()
    views = ("/debug", f"/pdb:{os.path.relpath(beside[0], folder)}", "/pdbaltpath:%_PDB%", "/pdbsourcepath:.") if beside else ()
    links: list[tuple[str, str]] = []

    def called(path: str, name: str) -> str:
        links.append((path, name))
        return name

    names = request.names or tuple(f"{number}.obj" for number in range(len(request.objects)))
    image = os.path.basename(request.output)
    local = replace(
        request, temporary=image, output=os.path.relpath(request.output, folder),
        start=called(request.start, "start.obj") if request.start else "",
        objects=tuple(called(path, f"own/{name}") for path, name in zip(request.objects, names)),
        imports=tuple(called(path, f"import/{number}.lib") for number, path in enumerate(request.imports)),
        runtime=tuple(called(path, f"runtime/{os.path.basename(path)}") for path in request.runtime),
        folders=tuple(os.path.abspath(path) for path in request.folders),
        libraries=tuple(
            replace(item, name=called(item.name, f"with/{number}.lib")) if "/" in item.name else item
            for number, item in enumerate(request.libraries)
        ),
        args=(*views, *request.args),
    )  # fmt: skip
    plan = _plan(program, local)
    others = tuple(os.path.normpath(os.path.join(folder, path)) for path in plan.beside)
    return replace(plan, output=os.path.join(folder, image), final=request.output, folder=folder, scratch=(folder,), links=tuple(links),
                   beside=(*others, *beside))  # fmt: skip


def _library(item: Library, request: Request) -> str:
    """The word for a library, "" when it is linked with anyway, or needs no library."""
    name = item.name
    if item.kind == "dll":
        return ""
    if "/" in name or "\\" in name or name.endswith((".lib", ".a")):
        return name
    if not request.runtime:
        return f"{name}.lib"
    if name in IN_MINGW or any(os.path.basename(path) in (f"{name}.lib", f"lib{name}.lib") for path in request.runtime):
        return ""
    for folder in request.folders:
        for file in (f"lib{name}.dll.a", f"{name}.lib", f"lib{name}.a") if item.kind != "static" else (f"lib{name}.a", f"{name}.lib"):
            path = os.path.join(folder, file)
            if os.path.exists(path):
                return os.path.join(".", path) if not folder else path
    return f"lib{name}.a"


def _plan(program: tuple[str, ...], request: Request) -> Plan:
    arguments = ["/nologo", f"/machine:{MACHINES[request.arch]}", "/nodefaultlib", "/opt:ref" if request.gc_sections else "/opt:noref",
                 "/opt:icf" if request.icf else "/opt:noicf", "/Brepro"]  # fmt: skip
    anywhere = request.pie or request.shared
    arguments += ["/dynamicbase", "/nxcompat", "/highentropyva"] if anywhere else ["/dynamicbase:no", "/nxcompat"]
    arguments += ["/WX", "/errorlimit:0"]
    if request.runtime:
        # MinGW's ways, and a name that its objects have for the image's beginning.
        arguments += ["-lldmingw", "/alternatename:__image_base__=__ImageBase"]
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
    arguments += [word for word in (_library(item, request) for item in request.libraries) if word]
    arguments += [*request.imports, *request.runtime, *request.if_needed, *request.args]
    return Plan(
        program=program, arguments=tuple(arguments), output=request.temporary, final=request.output, flavour=LldFlavor.COFF,
        quoting="windows", beside=beside,
    )  # fmt: skip
