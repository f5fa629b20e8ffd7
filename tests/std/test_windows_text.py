"""The pure parts of the platform layer for Windows, compiled for this machine: UTF-8 to UTF-16 and back, and command lines taken apart.

Both are compared with what Python says: `list2cmdline` follows the rules that programs of Windows are started by.
"""

from __future__ import annotations

import random
from pathlib import Path
from subprocess import list2cmdline

import pytest

from tests.harness.forked import vitte

LAYER = Path(__file__).parent.parent.parent / "src" / "vitte" / "std" / "sys" / "windows"

SPLIT = """\
use command_line
use std/io
use std/mem
use utf16

proc main() {
  let source = io.read_all()
  for text in source.split("\\n") {
    let mut units: [u16] = [0; text.len() + 1]
    let mut block: [u8] = [0; command_line.size(text.len() + 1)]
    let mut taken = 0
    let to = mem.address_of_mut(&mut units[0])
    let made = utf16.from_utf8(mem.str_ptr(text), text.len(), to, &mut taken, true)
    let place = mem.address_of_mut(&mut block[0])
    let count = command_line.split(to, made, place)
    for i in 0..count {
      unsafe { println("{:?}", io.c_text(*mem.offset(place as **u8, i))) }
    }
    unsafe { assert *mem.offset(place as **u8, count) == null }
    println("")
  }
}
"""

CONVERT = """\
use std/env
use std/fs
use std/mem
use utf16

proc main(args: [string]) -> result[(), fs.IoError] {
  let data = fs.read_bytes(args[1])?
  let mut units: [u16] = [0; data.len() + 1]
  let mut taken = 0
  let to = mem.address_of_mut(&mut units[0])
  // In two pieces, as a console gets them.
  let half = data.len() / 2
  let mut made = utf16.from_utf8(mem.address_of(&data[0]), half, to, &mut taken, false)
  let rest = data.len() - taken
  assert half - taken < 4
  let mut more = 0
  unsafe { set made += utf16.from_utf8(mem.offset(mem.address_of(&data[0]), taken), rest, mem.offset_mut(to, made), &mut more, true) }
  assert more == rest
  let mut back: [u8] = [0; made * 3 + 1]
  let length = utf16.to_utf8(to, made, mem.address_of_mut(&mut back[0]), made * 3)
  let mut text = ""
  for i in 0..made { set text += units[i].to_string() + " " }
  println("{}", text)
  set text = ""
  for i in 0..length { set text += back[i].to_string() + " " }
  println("{}", text)
  // What does not fit is counted and left out, and no part of a character is stored.
  let mut short: [u8] = [0; 8]
  assert utf16.to_utf8(to, made, mem.address_of_mut(&mut short[0]), 5) == length
  assert short[5] == 0 and short[6] == 0
  give Ok(())
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules under names that are not the platform's, and two programs over them."""
    folder = tmp_path_factory.mktemp("windows")
    for name in ("utf16", "command_line"):
        (folder / f"{name}.vit").write_text((LAYER / f"{name}.vit").read_text().replace("std/sys/", ""))
    (folder / "split.vit").write_text(SPLIT)
    (folder / "convert.vit").write_text(CONVERT)
    return folder


def split(folder: Path, lines: list[str]) -> list[list[str]]:
    ran = vitte("run", "split.vit", cwd=folder, stdin="\n".join(lines).encode())
    assert ran.status == 0, ran.err
    return [
        [line[1:-1].replace('\\"', '"').replace("\\t", "\t").replace("\\\\", "\\") for line in group.split("\n") if line]
        for group in ran.out.split("\n\n")[:-1]
    ]


# In the order of Microsoft's "Parsing C command-line arguments", and what it leaves open.
KNOWN: dict[str, list[str]] = {
    'p "a b c" d e': ["p", "a b c", "d", "e"],
    'p "ab\\"c" "\\\\" d': ["p", 'ab"c', "\\", "d"],
    'p a\\\\\\b d"e f"g h': ["p", "a\\\\\\b", "de fg", "h"],
    'p a\\\\\\"b c d': ["p", 'a\\"b', "c", "d"],
    'p a\\\\\\\\"b c" d e': ["p", "a\\\\b c", "d", "e"],
    'p a"b"" c d': ["p", 'ab" c d'],
    'p "" ""': ["p", "", ""],
    'p """"': ["p", '"'],
    '"C:\\Program Files\\"x\\ y': ["C:\\Program Files\\x\\", "y"],
    "p\t \tq \t": ["p", "q"],
    "": [""],
    " a": ["", "a"],
    'p "open to the end': ["p", "open to the end"],
    "p \\": ["p", "\\"],
    'p "x\\\\"': ["p", "x\\"],
    "p żółć 東京 🦀": ["p", "żółć", "東京", "🦀"],
}


def test_command_lines_are_taken_apart_by_the_written_rules(folder: Path) -> None:
    assert split(folder, list(KNOWN)) == list(KNOWN.values())


def test_what_python_quotes_comes_out_as_it_was(folder: Path) -> None:
    rng = random.Random(4)
    pieces = [" ", "\t", '"', "\\", "\\\\", "a", "bc", "é", "漢", "🦀", "/", "^%"]
    wanted = [["prog", *("".join(rng.choices(pieces, k=rng.randrange(8))) for _ in range(rng.randrange(6)))] for _ in range(2000)]
    found = split(folder, [list2cmdline(words) for words in wanted])
    for words, back in zip(wanted, found, strict=True):
        # Two quotes side by side within quotes: Python writes `\"` for each, so nothing is open here.
        assert back == words, list2cmdline(words)


def converted(data: bytes) -> str:
    """What is no character becomes U+FFFD, byte by byte."""
    text = ""
    at = 0
    while at < len(data):
        for length in (1, 2, 3, 4):
            try:
                text += data[at : at + length].decode()
            except UnicodeDecodeError:
                continue
            at += length
            break
        else:
            text += "\ufffd"
            at += 1
    return text


@pytest.mark.parametrize("seed", range(3))
def test_utf_8_becomes_utf_16_and_comes_back(folder: Path, seed: int) -> None:
    rng = random.Random(seed)
    kinds = (range(0x80), range(0x80, 0x800), range(0x800, 0xD800), range(0xE000, 0x10000), range(0x10000, 0x110000))
    data = "".join(chr(rng.choice(rng.choice(kinds))) for _ in range(400)).encode()
    edges = "\0\x7f\x80\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff".encode()
    wrong = b"\xed\xa0\x80 \xed\xbf\xbf \xc0\x80 \xe0\x9f\xbf \xf0\x8f\xbf\xbf \xf4\x90\x80\x80 \xf5 \xff \x80 \xc3 \xe2\x82 \xf0\x9f\xa6"
    data = (data + edges) if seed == 0 else edges + wrong + data[: seed * 100]
    if seed == 2:
        data += b"\xf0\x9f\xa6"  # cut off
    (folder / "data").write_bytes(data)
    ran = vitte("run", "convert.vit", "--", "data", cwd=folder)
    assert ran.status == 0, ran.err
    units, back = ran.out.split("\n")[:2]
    text = converted(data)
    raw = text.encode("utf-16-le")
    assert [int(word) for word in units.split()] == [raw[i] | raw[i + 1] << 8 for i in range(0, len(raw), 2)]
    assert bytes(int(word) for word in back.split()) == text.encode()


LONE = """\
use std/mem
use utf16

proc main() {
  let mut units: [u16] = [0xD83E, 0xDD80, 0xD83E, 97, 0xDD80, 0xD83E]
  let mut back: [u8] = [0; 32]
  let length = utf16.to_utf8(mem.address_of(&units[0]), units.len(), mem.address_of_mut(&mut back[0]), 32)
  unsafe { println("{}", mem.str_from(mem.address_of(&back[0]), length, null)) }
}
"""


def test_half_a_pair_is_no_character(folder: Path) -> None:
    (folder / "lone.vit").write_text(LONE)
    assert vitte("run", "lone.vit", cwd=folder).out == "🦀\ufffda\ufffd\ufffd\n"
