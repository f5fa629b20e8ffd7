"""Synthetic Vitte projects of any size: the same text for the same arguments.

A project is a tree of modules of about 240 lines. Each module declares forms, picks, a trait with its impls, generic
helpers, constants and plain procedures, and uses a few earlier modules, so that units depend on each other as they do in
real programs. About one line in five is blank or a comment.
"""

from __future__ import annotations

import sys
from pathlib import Path

MODULE = '''\
space bench/m{n}

{uses}
// Stock keeping, part {n}.

/// How many items a shelf of part {n} holds at most.
const LIMIT_{n}: int = {limit} * 16
const NAMES_{n}: int = LIMIT_{n} / 4 + 1

/// A thing that can be stored.
pub form Item{n} {{
  name: string
  count: int
  weight: f64 = 1.0
}}

/// What happens to the stock.
pub pick Event{n} {{
  Arrive(item: string, count: int)
  Leave(item: string, count: int)
  Move(int, int)
  Audit
}}

pub trait Scored{n} {{
  proc score(self) -> int

  proc doubled(self) -> int {{
    give self.score() * 2
  }}
}}

impl Scored{n} for Item{n} {{
  proc score(self) -> int {{
    give self.count * {factor} + len(self.name)
  }}
}}

impl Scored{n} for int {{
  proc score(self) -> int {{
    give self + {factor}
  }}
}}

/// A shelf with its items, in the order of their arrival.
pub form Shelf{n} {{
  items: [Item{n}]
  log: [int]
  turns: int = 0

  pub proc new() -> Shelf{n} {{
    give Shelf{n} {{ items: [], log: [] }}
  }}

  pub proc add(mut self, name: string, count: int) -> int {{
    let mut i = 0
    while i < len(self.items) {{
      if self.items[i].name == name {{
        self.items[i].count += count
        give self.items[i].count
      }}
      i += 1
    }}
    self.items.push(Item{n} {{ name, count }})
    give count
  }}

  pub proc total(self) -> int {{
    let mut sum = 0
    for item in self.items {{
      sum += item.score()
    }}
    give sum + self.turns
  }}

  // Every event is a turn, also those that change nothing.
  pub proc apply(mut self, event: Event{n}) -> ?int {{
    self.turns += 1
    match event {{
      case Arrive(item, count) {{
        let now = self.add(item, count)
        give now > LIMIT_{n} ? None : Some(now)
      }}
      case Leave(item, count) {{
        for i in 0..len(self.items) {{
          if self.items[i].name == item and self.items[i].count >= count {{
            self.items[i].count -= count
            give Some(self.items[i].count)
          }}
        }}
        give None
      }}
      case Move(from, to) {{
        if from >= len(self.items) or to < 0 {{ give None }}
        self.log.push(from * {factor} + to)
        give Some(to)
      }}
      case Audit => {{ give Some(self.total()) }}
    }}
  }}
}}

pub proc pair_max{n}[T: Ord + Copy](a: T, b: T) -> T {{
  if a > b {{ give a }}
  give b
}}

pub proc checksum{n}(values: [int], seed: int) -> int {{
  let mut state = seed % 65521
  for v in values {{
    state = (state * 31 + v) % 65521
  }}
  give state
}}

/// Parses `name=count` and says what is wrong otherwise.
pub proc parse_entry{n}(text: string) -> result[(string, int), string] {{
  let at = text.find("=") ?? give Err("no equals sign in `" + text + "`")
  let name = text[0..at].trim()
  if name.is_empty() {{ give Err("no name before the equals sign") }}
  match text[at + 1..len(text)].trim().parse_int() {{
    case Some(count) => {{ give Ok((name, count)) }}
    case None => {{ give Err("not a number after the equals sign") }}
  }}
}}

pub proc load{n}(lines: [string]) -> result[Shelf{n}, string] {{
  let mut shelf = Shelf{n}.new()
  for line in lines {{
    let (name, count) = parse_entry{n}(line)?
    shelf.add(name, count)
  }}
  give Ok(shelf)
}}

{procs}
pub proc run{n}(rounds: int) -> int {{
  let mut shelf = Shelf{n}.new()
  let mut values: [int] = []
  for round in 0..rounds {{
    let event = match round % 4 {{
      0 => Event{n}.Arrive("bolt", round)
      1 => Event{n}.Arrive("nut", round * 2)
      2 => Event{n}.Leave("bolt", 1)
      else => Event{n}.Audit
    }}
    values.push(shelf.apply(event) ?? -1)
  }}
  let best = pair_max{n}(shelf.total(), NAMES_{n})
  give checksum{n}(values, best) + step{n}_0(rounds, best){calls}
}}
'''

STEP = '''\
/// Step {k} of part {n}.
proc step{n}_{k}(a: int, b: int) -> int {{
  let mut low = a % {modulus}
  let mut high = b % {modulus} + 1
  let scale = low > high ? {factor} : {factor} + 1

  // Bring both ends together.
  while low < high {{
    let middle = low + (high - low) / 2
    if middle * middle > {square} {{
      high = middle
    }} elif middle % 3 == 0 {{
      low = middle + 2
    }} else {{
      low = middle + 1
    }}
  }}
  let text = format("{{}}-{{}}", low, scale)
  give low * scale + len(text){next}
}}

'''


def project(folder: Path, lines: int) -> int:
    """Write a project of about `lines` lines into `folder` (made when missing). Returns the exact number of lines."""
    source = folder / "src"
    (source / "bench").mkdir(parents=True, exist_ok=True)
    (folder / "vitte.toml").write_text('[package]\nname = "bench"\nversion = "0.1.0"\nedition = "2026"\n')
    total = 0
    count = max(1, round(lines / 281))
    for n in range(count):
        text = module(n)
        (source / "bench" / f"m{n}.vit").write_text(text)
        total += text.count("\n")
    uses = "".join(f"use bench/m{n}\n" for n in range(count))
    body = "".join(f"  total = (total + m{n}.run{n}(12)) % 1000003\n" for n in range(count))
    main = f"{uses}\nproc main() {{\n  let mut total = 0\n{body}  println(total)\n}}\n"
    (source / "main.vit").write_text(main)
    return total + main.count("\n")


def used_by(n: int) -> list[int]:
    """The modules that module `n` uses."""
    return sorted({n // 2, n - 1, n * 2 // 3} - {n}) if n else []


def module(n: int) -> str:
    used = used_by(n)
    steps = "".join(
        STEP.format(
            n=n, k=k, factor=3 + (n + k) % 7, modulus=17 + k, square=40 + n % 50,
            next=f" + step{n}_{k + 1}(b, low)" if k < 5 else "",
        )
        for k in range(6)
    )  # fmt: skip
    return MODULE.format(
        n=n,
        limit=4 + n % 9,
        factor=2 + n % 5,
        uses="".join(f"use bench/m{u}\n" for u in used),
        procs=steps,
        calls="".join(f" + m{u}.checksum{u}(values, {u})" for u in used),
    )


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        sys.exit("usage: python generate.py FOLDER LINES")
    print(project(Path(sys.argv[1]), int(sys.argv[2])), "lines")
