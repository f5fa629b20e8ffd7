"""What is to be linked, and how, as data. A linker's module turns a `Request` into a `Plan`; `execute` runs plans.

Invariant: making a plan starts no process, and equal requests give equal plans; their texts are golden in `tests/link/golden`.
"""

from __future__ import annotations

import os

from msgspec import Struct

from vitte.driver.options import Library, LldFlavor


class Request(Struct, frozen=True, kw_only=True):
    """One link. Paths are as the linker is to see them; `temporary` is what it writes and becomes `output`.

    `start` is the object with the program's own entry point, "" when the platform's is used. `libraries` are as the user said
    them, looked for in `folders` first; `runtime` are the files of the C library, `if_needed` those that count only when something
    of them is used. `args` are the user's own, for the program that is started.
    """

    flavour: LldFlavor
    arch: str
    """As LLVM's triple says it: `x86_64`, `aarch64`, `riscv64`, `wasm32`."""
    objects: tuple[str, ...]
    output: str
    temporary: str
    start: str = ""
    shared: bool = False
    """A library to be loaded at run time, not a program."""
    relocatable: bool = False
    """One object of all, to be linked later."""
    pie: bool = True
    static: bool = False
    libraries: tuple[Library, ...] = ()
    folders: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    if_needed: tuple[str, ...] = ()
    system: bool = True
    """Named libraries may be those of this machine."""
    imports: tuple[str, ...] = ()
    """Import libraries that were made for this link (PE)."""
    loader: str = ""
    entry: str = ""
    """The symbol to start at; "" for the flavour's own."""
    exports: tuple[str, ...] = ()
    """Symbols, as the format spells them, that other images may use; of a shared library all that they may."""
    version_script: str = ""
    rpaths: tuple[str, ...] = ()
    stack_size: int = 0
    """In bytes; 0 for the flavour's own."""
    subsystem: str = ""
    minimum: str = ""
    """The oldest version of the system that is to run it (Mach-O)."""
    identifier: str = ""
    """By what name the system is to know it (Mach-O); "" for the output's."""
    gc_sections: bool = True
    """What nothing refers to is left out."""
    icf: bool = False
    """Equal procedures become one."""
    strip: str = "none"
    """`none`, `debug` or `all`."""
    compress_debug: str = "none"
    debug: bool = False
    """The objects have debug information that is to be in files beside the image: one that the linker makes (PE), or they (Mach-O)."""
    names: tuple[str, ...] = ()
    """What the objects are called there, in their order."""
    args: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """A link that can be run. `program` and `arguments` are the whole command line.

    - `output`: what the linker writes, renamed to `final` after success. `beside`: what else it may leave, deleted after failure;
      `scratch`: folders that are there for this link alone, deleted in any case. `links`: files, and names that they have meanwhile;
      `copies`: files, and where they stay beside the image.
    - `identifier`: what the linker wrote is a Mach-O image, and is signed with this name before it is renamed; "" for other images.
      `thin`: before that, its own symbols are taken out.
    - `debug_file`: what the linker wrote is an ELF image, and is to name that file, which is there, as the one with its debug information.
    - `dialect`: how it complains: `lld`, `bfd`, `gold`, `mold`, `zig`; `cc` for a C compiler that runs one of them.
    - `quoting`: of response files, `gnu` or `windows`; `before_response`: arguments that must stand before the file.
    - `failures`: beginnings of warnings that make a link a failed one although its status is 0.
    - `texts`: files, by path, that the linker is to read and that are there for this link alone.
    - `folder`: where the linker is run, "" for where this process is: relative paths of `arguments` and names in `links` are meant from
      there. It is made for the link.
    """

    program: tuple[str, ...]
    arguments: tuple[str, ...]
    output: str
    final: str
    flavour: LldFlavor
    dialect: str = "lld"
    quoting: str = "gnu"
    before_response: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    scratch: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    identifier: str = ""
    thin: bool = False
    debug_file: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    folder: str = ""

    @property
    def command(self) -> list[str]:
        return [*self.program, *self.arguments]


def named(path: str) -> str:
    """A path that is not taken for an option or a response file."""
    return os.path.join(".", path) if path.startswith(("-", "@")) else path


def words(request: Request) -> tuple[str, ...]:
    """The files to be linked as the program's own, the start object first."""
    return tuple(named(path) for path in ((request.start, *request.objects) if request.start else request.objects))


def temporary_of(output: str) -> str:
    """A name beside the output, so that renaming is one step."""
    return f"{output}.{os.getpid()}.tmp"
