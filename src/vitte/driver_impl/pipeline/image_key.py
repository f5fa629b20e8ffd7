"""What a linked program is remembered under: all that decides about its bytes, with contents in place of files.

`link_text` goes by the options, before anything is compiled: it is part of what a whole build is remembered under (`plan`). `image_key`
goes by the linker's command line. Invariant: what counts and is not known makes either of them "", and then the program is linked.
Loads nothing that links.
"""

from __future__ import annotations

import os

from vitte.driver.backend import select
from vitte.driver.error import DriverError
from vitte.driver.options import LINK_FIELDS, DriverOptions, LldFlavor
from vitte.driver_impl.cache.key import digest, heading, options_text
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.link import supplies
from vitte.driver_impl.link.data import Plan
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.pipeline.image import file_digest, linker_identity, linker_of

_SEARCHES = ("-l", "-framework", "-weak", "-needed", "-reexport", "-upward", "--library", "/defaultlib:", "/wholearchive:")
"""How words begin that make a linker look for files: which it finds is not known here."""

_LISTS = ("--version-script", "--dynamic-list", "--retain-symbols-file", "-exported_symbols_list", "/def")
"""Options with a text file that names no other file."""

_WHOLE = (
    b"\x7fELF", b"!<arch>\n", b"\0asm", b"BC\xc0\xde", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe",
    b"\x64\x86", b"\x64\xaa", b"\x00\x00\xff\xff",
)  # fmt: skip
"""How files begin that hold all they say: ELF, archives, WebAssembly, bitcode, Mach-O, COFF of two processors and its imports."""


def link_text(options: DriverOptions, output: str, memo: StatMemo) -> str:
    """All that an image depends on besides its objects, as lines: options, the output's name, the linker, what the target supplies."""
    # What other libraries the linker finds, and whether it does, may change without any source.
    if options.link_args or options.libraries or options.library_folders or options.run.dry_run:
        return ""
    try:
        # Only LLD's programs hold all that they do. A compiler that drives a linker reads files and runs programs that only it knows.
        if select(options).family != "lld":
            return ""
        supplied = supplies.find(options.target)
        identity = linker_identity(linker_of(options), memo)
    except DriverError:
        return ""
    if not identity:
        return ""
    lines = [f"linker {identity}", f"output {os.path.basename(output)!r}", options_text(options, LINK_FIELDS).rstrip("\n")]
    for name in LINK_FIELDS:
        for word in _texts(getattr(options, name)):
            content = _content(word, memo)
            if content is None:
                return ""
            lines += [f"file {content}"] if content else []
    for name in supplied.__struct_fields__:
        for word in _texts(getattr(supplied, name)):
            # The loader is named in the image, and not read.
            content = _content(word, memo) if name != "loader" else ""
            if content is None:
                return ""
            lines.append(f"{name} {content or repr(word)}")
    return "\n".join(lines)


def image_key(linker: Linker, plan: Plan, digests: dict[str, str], options: DriverOptions, memo: StatMemo) -> str:
    """A digest of the command line. `digests`: of the objects, by path."""
    # An argument of the user's own may name files in ways that only the linker understands.
    if options.link_args:
        return ""
    identity = linker_identity(linker, memo)
    if not identity:
        return ""
    lines = [heading("image"), f"linker {identity}"]
    digests = digests | {path: digest(text.encode("utf-8", "surrogatepass")) for path, text in plan.texts}
    digests |= {path: f"beside {number}" for number, path in enumerate(plan.beside) if path not in dict(plan.copies).values()}
    if plan.flavour is not LldFlavor.ELF:
        lines.append(f"name {os.path.basename(plan.final)!r} {plan.identifier!r}")  # they may stand in the image
    lines += ["thin"] if plan.thin else []
    lines += [f"debug file {os.path.basename(plan.debug_file)!r}"] if plan.debug_file else []
    lines += [f"copy {os.path.basename(name)!r}" for _, name in plan.copies]  # the image names them
    before = ""
    names = {**{name: source for source, name in (*plan.links, *plan.copies)}, **dict.fromkeys(plan.scratch, "scratch")}
    for word in plan.arguments:
        line = _line(names.get(word, word), before, plan, digests, memo)
        if not line:
            return ""
        lines.append(line)
        before = word
    return digest("\n".join(lines).encode("utf-8", "surrogatepass"))


def _line(word: str, before: str, plan: Plan, digests: dict[str, str], memo: StatMemo) -> str:
    """What a word of a command line stands for; "" when that is not known. `before`: the word before it."""
    if word.startswith(_SEARCHES):
        return ""
    option, path = "", word
    if word.startswith(("-", "/")) and not os.path.exists(word):
        # `--option=VALUE`, or `/option:VALUE` of the linker for Windows.
        name, mark, value = word.partition("=" if word.startswith("-") else ":")
        option, path = (name + mark, value) if value else ("", word)
    plain = os.path.normpath(path)
    if plain == os.path.normpath(plan.output):
        return f"{option}output"
    known = digests.get(path) or digests.get(plain)
    if known:
        return f"{option}{known}"
    if plan.folder and not os.path.isabs(path):
        return word  # a name in the link's own folder, of what the linker writes
    if os.path.isfile(path) and (option or os.sep in path or before in _LISTS):
        known = file_digest(os.path.abspath(path), memo)
        if not known or not ((option.rstrip("=:") or before) in _LISTS or _is_whole(path)):
            return ""
        # A shared library that has no name of its own stands in the image by the path it was named by.
        return f"{known} {word}"
    return "" if path.endswith(".lib") and not option else word


def _is_whole(path: str) -> bool:
    """Whether a file to be linked says all itself: a linker's script or a thin archive names others."""
    with open(path, "rb") as file:
        return file.read(8).startswith(_WHOLE)


def _content(word: str, memo: StatMemo) -> str | None:
    """The digest of the file that a word names, "" when it names nothing; None when it is the path of a folder, whose files may count, or
    of what cannot be read."""
    if not os.path.exists(word) or (os.sep not in word and os.path.isdir(word)):
        return ""
    return file_digest(os.path.abspath(word), memo) or None


def _texts(value: object) -> list[str]:
    """All strings in a value of plain data, in order; what is neither string nor made of others is spelled."""
    if isinstance(value, str):
        return [value]
    fields = getattr(value, "__struct_fields__", None)
    parts = [getattr(value, name) for name in fields] if fields is not None else value if isinstance(value, (tuple, list)) else None
    return [text for part in parts for text in _texts(part)] if parts is not None else [repr(value)]
