"""What a linked program is remembered under: nothing that decides about its bytes may be missing."""

from __future__ import annotations

import ast
import enum
from pathlib import Path

import pytest
from msgspec.structs import replace

import vitte.driver_impl
from vitte.driver import options as options_module
from vitte.driver.error import DriverError
from vitte.driver.options import LINK_FIELDS, TRACKED_FIELDS, DriverMode, DriverOptions, LinkerKind, LldFlavor, RunConfig
from vitte.driver.session import DriverContext
from vitte.driver_impl.cache.stat import StatMemo
from vitte.driver_impl.link import supplies
from vitte.driver_impl.link.data import Plan
from vitte.driver_impl.link.programs import Linker
from vitte.driver_impl.link.supplies import Supplies
from vitte.driver_impl.pipeline import image_key as module
from vitte.driver_impl.pipeline import link
from vitte.driver_impl.pipeline.image_key import image_key, link_text
from vitte.driver_impl.pipeline.link_inputs import Inputs

UNTRACKED = tuple(name for name in DriverOptions.__struct_fields__ if name not in TRACKED_FIELDS + LINK_FIELDS)
NOT_ABOUT_BYTES = {
    "run": "`dry_run`: nothing is linked, and nothing remembered",
    "mode": "what is done with the image",
    "emit": "whether there is an image",
    "output": "its name is part of the text; its folder is nothing to the image",
    "emit_proc": "what is printed",
    "cache": "whether something is remembered",
    "verify": "checks of the compiler's own",
    "dump": "what is printed",
    "time_passes": "what is printed",
    "jobs": "how it is made",
    "quiet": "what is said",
    "verbose": "what is said",
}
"""Untracked options that the files below read, and why they may."""

LINKING = ("link", "pipeline/link.py", "pipeline/request.py", "pipeline/library.py",
           "pipeline/image.py", "pipeline/image_key.py", "../driver/backend.py")


def others(value: object) -> list[object]:
    """Values of the same type as an option's, and different."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, enum.Enum):
        return [member for member in type(value) if member is not value]
    if isinstance(value, str):
        return [value + "other"]
    if isinstance(value, (int, float)):
        return [value + 1]
    if isinstance(value, tuple):
        return [("other",), (("other", "one"),)]
    if isinstance(value, LinkerKind):
        return [LinkerKind("system"), LinkerKind.custom("other")]
    if isinstance(value, RunConfig):
        return [RunConfig(args=("x",))]
    if value is None:
        return ["other", ("other",), 7]
    pytest.fail(f"say here what else a {type(value).__name__} may be")


@pytest.mark.parametrize("name", LINK_FIELDS)
def test_an_option_that_is_linked_is_part_of_what_a_build_is_remembered_under(name: str) -> None:
    base = DriverOptions()
    text = link_text(base, "program", StatMemo(""))
    assert text
    for value in others(getattr(base, name)):
        try:
            found = link_text(replace(base, **{name: value}), "program", StatMemo(""))
        except DriverError:
            continue  # nothing is built with such options
        assert found != text


@pytest.mark.parametrize("name", UNTRACKED)
def test_an_untracked_option_changes_no_linker_line(name: str, tmp_path: Path) -> None:
    base = DriverOptions()
    for value in others(getattr(base, name)):
        changed = replace(base, **{name: value})
        assert line(changed, tmp_path) == line(base, tmp_path)


def line(options: DriverOptions, folder: Path) -> list[str]:
    context = DriverContext(options)
    context.temporary.append(str(folder / "0-vitte"))
    return link._plan(options, context, Inputs(supplies.find(options.target), "start.o", ["a.o"]), str(folder / "program"))[1].command


def test_what_linking_reads_is_marked() -> None:
    """Whatever option is read where programs are linked is tracked, linked, or of no matter to the image."""
    impl = Path(vitte.driver_impl.__file__).parent
    files = [file for place in LINKING for file in ([impl / place] if place.endswith(".py") else sorted((impl / place).rglob("*.py")))]
    assert len(files) > 15
    read: dict[str, str] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", getattr(node.value, "attr", "")) == "options":
                read.setdefault(node.attr, file.name)
    assert {"linker", "strip", "target", "link_args"} <= set(read)
    for name, file in read.items():
        assert name in DriverOptions.__struct_fields__, (name, file)
        assert name in TRACKED_FIELDS + LINK_FIELDS or name in NOT_ABOUT_BYTES, f"{file} reads `{name}`: mark it `Linked` in options.py"


def test_marks_are_those_of_the_annotations() -> None:
    assert set(LINK_FIELDS) == {name for name, a in DriverOptions.__annotations__.items() if str(a).startswith("Linked[")}
    assert set(LINK_FIELDS).isdisjoint(TRACKED_FIELDS)
    assert options_module.LINK_FIELDS


@pytest.mark.parametrize("name", Supplies.__struct_fields__)
def test_all_that_a_target_supplies_counts(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "libc.a"
    library.write_bytes(b"!<arch>\n")
    base = Supplies(start=str(library), runtime=(str(library),), if_needed=(str(library),), loader="/lib/ld.so")
    monkeypatch.setattr(supplies, "find", lambda target: base)
    text = link_text(DriverOptions(), "program", StatMemo(""))
    assert text
    other = tmp_path / "other.a"
    other.write_bytes(b"!<arch>\nother")
    value = getattr(base, name)
    values = [str(other)] if isinstance(value, str) else [(str(other),)] if isinstance(value, tuple) and value else others(value)
    for changed in values:
        supplied = replace(base, **{name: changed})
        monkeypatch.setattr(supplies, "find", lambda target, supplied=supplied: supplied)
        assert link_text(DriverOptions(), "program", StatMemo("")) != text


def test_what_a_target_supplies_counts_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    for folder, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / folder).mkdir()
        library = tmp_path / folder / "libc.a"
        library.write_bytes(b"!<arch>\n" + content)
        supplied = Supplies(runtime=(str(library),))
        monkeypatch.setattr(supplies, "find", lambda target, supplied=supplied: supplied)
        texts.append(link_text(DriverOptions(), "program", StatMemo("")))
    assert texts[0] == texts[1] != texts[2]
    assert str(tmp_path) not in texts[0]


def test_what_a_target_supplies_is_there_or_nothing_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for supplied in (Supplies(runtime=(str(tmp_path),)),):
        monkeypatch.setattr(supplies, "find", lambda target, supplied=supplied: supplied)
        assert link_text(DriverOptions(), "program", StatMemo("")) == ""


def test_a_file_that_an_option_names_counts_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "names.txt"
    named.write_text("one")
    monkeypatch.setattr(module, "LINK_FIELDS", (*LINK_FIELDS, "output"))
    options = DriverOptions(output=str(named))
    before = link_text(options, "program", StatMemo(""))
    named.write_text("two")
    assert before and link_text(options, "program", StatMemo("")) not in ("", before)


def test_the_name_of_the_output_counts() -> None:
    texts = {link_text(DriverOptions(), output, StatMemo("")) for output in ("a/program", "b/program", "a/other")}
    assert len(texts) == 2


# Command lines

LINKER = Linker(("/bin/linker",), "lld", LldFlavor.ELF)


@pytest.fixture(autouse=True)
def known_linker(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "key" in request.node.name:
        monkeypatch.setattr(module, "linker_identity", lambda linker, memo: "it")


def key(*words: str, output: str = "/x/out.1.tmp", flavour: LldFlavor = LldFlavor.ELF, final: str = "/x/out", **more: object) -> str:
    plan = Plan(program=LINKER.words, arguments=words, output=output, final=final, flavour=flavour, **more)  # type: ignore[arg-type]
    return image_key(LINKER, plan, {"/c/a.o": "11", "/c/b.o": "22"}, DriverOptions(mode=DriverMode.BUILD), StatMemo(""))


def test_key_names_contents_and_no_places() -> None:
    assert key("-o", "/x/out.1.tmp", "/c/a.o") == key("-o", "/x/out.2.tmp", "/c/a.o", output="/x/out.2.tmp")
    assert len({key("/c/a.o"), key("/c/b.o"), key("/c/a.o", "/c/b.o"), key("/c/b.o", "/c/a.o"), key("/c/a.o", "--strip-all")}) == 5


def test_key_of_words_that_hold_their_path() -> None:
    for option in ("/out:", "--output="):
        assert key(f"{option}/x/out.1.tmp", "/c/a.o") == key(f"{option}/x/out.2.tmp", "/c/a.o", output="/x/out.2.tmp") != ""


def test_key_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "a.a"
    library.write_bytes(b"!<arch>\none")
    first = key(str(library))
    library.write_bytes(b"!<arch>\ntwo")
    assert first and key(str(library)) not in ("", first)
    library.write_bytes(b"!<thin>\ntwo")
    assert key(str(library)) == ""
    library.write_bytes(b"INPUT(other.a)")
    assert key(str(library)) == key(f"--just-symbols={library}") == ""
    monkeypatch.chdir(tmp_path)
    for words in ([f"--version-script={library}"], ["--version-script", str(library)], ["--version-script", "a.a"], [f"/def:{library}"]):
        library.write_bytes(b"{ local: *; };")
        first = key(*words)
        library.write_bytes(b"{ global: *; };")
        assert first and key(*words) not in ("", first)


@pytest.mark.parametrize("words", [("-lz",), ("-l", "z"), ("-framework", "Cocoa"), ("kernel32.lib",), ("/defaultlib:z",)])
def test_key_is_none_when_the_linker_looks_for_files(words: tuple[str, ...]) -> None:
    assert key("/c/a.o", *words) == ""


def test_key_has_no_place_of_what_is_written_beside_the_image() -> None:
    first = key("/c/a.o", "/implib:/x/out.lib", beside=("/x/out.lib",))
    assert first and first == key("/c/a.o", "/implib:/y/out.lib", beside=("/y/out.lib",))


def test_key_has_texts_that_are_made_for_the_link() -> None:
    texts = (("/x/a", "one"), ("/y/a", "one"), ("/x/a", "two"))
    keys = [key("/c/a.o", "--version-script", path, texts=((path, text),)) for path, text in texts]
    assert keys[0] and keys[0] == keys[1] != keys[2]


HARMLESS = {
    "program": "part of the linker's identity",
    "output": "what is written becomes `final`",
    "dialect": "part of the linker's identity",
    "quoting": "how words are passed",
    "before_response": "how words are passed",
    "failures": "an image that is remembered was made without any",
    "scratch": "folders for this link alone",
    "links": "names of the objects for this link alone",
    "folder": "for this link alone; what is named in it is in `links`, or written",
    "beside": "the arguments name them, by their order: see above",
    "texts": "the arguments name them, by their contents: see above",
}


@pytest.mark.parametrize("name", sorted(set(Plan.__struct_fields__) - set(HARMLESS)))
def test_key_has_all_of_a_plan_that_matters(name: str) -> None:
    usual: dict[str, object] = {"flavour": LldFlavor.MACHO, "final": "/x/out", "identifier": "it"}
    before = key("/c/a.o", **usual)  # type: ignore[arg-type]
    if name == "arguments":
        assert key("/c/b.o", **usual) != before  # type: ignore[arg-type]
    else:
        changed = {"flavour": LldFlavor.ELF, "final": "/x/other", "identifier": "that",
                   "copies": (("/c/a.o", "/x/out.objects/m.o"),), "thin": True, "debug_file": "/x/out.debug"}[name]  # fmt: skip
        assert key("/c/a.o", **{**usual, name: changed}) != before  # type: ignore[arg-type]


def test_key_has_the_name_where_it_may_stand_in_the_image() -> None:
    names = [key("/c/a.o", flavour=LldFlavor.MACHO, final=final) for final in ("/x/a", "/y/a", "/x/b")]
    assert names[0] == names[1] != names[2]
