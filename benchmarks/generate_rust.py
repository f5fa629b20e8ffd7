"""The projects of `generate.py` as Rust crates: the same modules, declarations and statements, one for one.

Both compilers get what they would get from a programmer: Rust's formatting is rustfmt's, its strings are `&str` where
Vitte lends and `String` where it owns.
"""

from __future__ import annotations

import sys
from pathlib import Path

from generate import used_by
from generate_small import CARGO

MODULE = """\
//! Stock keeping, part {n}.

{uses}
/// How many items a shelf of part {n} holds at most.
const LIMIT_{n}: i64 = {limit} * 16;
const NAMES_{n}: i64 = LIMIT_{n} / 4 + 1;

/// A thing that can be stored.
pub struct Item{n} {{
    pub name: String,
    pub count: i64,
    pub weight: f64,
}}

/// What happens to the stock.
pub enum Event{n} {{
    Arrive {{ item: String, count: i64 }},
    Leave {{ item: String, count: i64 }},
    Move(i64, i64),
    Audit,
}}

pub trait Scored{n} {{
    fn score(&self) -> i64;

    fn doubled(&self) -> i64 {{
        self.score() * 2
    }}
}}

impl Scored{n} for Item{n} {{
    fn score(&self) -> i64 {{
        self.count * {factor} + self.name.len() as i64
    }}
}}

impl Scored{n} for i64 {{
    fn score(&self) -> i64 {{
        *self + {factor}
    }}
}}

/// A shelf with its items, in the order of their arrival.
pub struct Shelf{n} {{
    items: Vec<Item{n}>,
    log: Vec<i64>,
    turns: i64,
}}

impl Shelf{n} {{
    pub fn new() -> Shelf{n} {{
        Shelf{n} {{ items: Vec::new(), log: Vec::new(), turns: 0 }}
    }}

    pub fn add(&mut self, name: &str, count: i64) -> i64 {{
        let mut i = 0;
        while i < self.items.len() {{
            if self.items[i].name == name {{
                self.items[i].count += count;
                return self.items[i].count;
            }}
            i += 1;
        }}
        self.items.push(Item{n} {{ name: name.to_string(), count, weight: 1.0 }});
        count
    }}

    pub fn total(&self) -> i64 {{
        let mut sum = 0;
        for item in &self.items {{
            sum += item.score();
        }}
        sum + self.turns
    }}

    // Every event is a turn, also those that change nothing.
    pub fn apply(&mut self, event: Event{n}) -> Option<i64> {{
        self.turns += 1;
        match event {{
            Event{n}::Arrive {{ item, count }} => {{
                let now = self.add(&item, count);
                if now > LIMIT_{n} {{ None }} else {{ Some(now) }}
            }}
            Event{n}::Leave {{ item, count }} => {{
                for i in 0..self.items.len() {{
                    if self.items[i].name == item && self.items[i].count >= count {{
                        self.items[i].count -= count;
                        return Some(self.items[i].count);
                    }}
                }}
                None
            }}
            Event{n}::Move(from, to) => {{
                if from >= self.items.len() as i64 || to < 0 {{
                    return None;
                }}
                self.log.push(from * {factor} + to);
                Some(to)
            }}
            Event{n}::Audit => Some(self.total()),
        }}
    }}
}}

pub fn pair_max{n}<T: Ord + Copy>(a: T, b: T) -> T {{
    if a > b {{
        return a;
    }}
    b
}}

pub fn checksum{n}(values: &[i64], seed: i64) -> i64 {{
    let mut state = seed % 65521;
    for v in values {{
        state = (state * 31 + v) % 65521;
    }}
    state
}}

/// Parses `name=count` and says what is wrong otherwise.
pub fn parse_entry{n}(text: &str) -> Result<(String, i64), String> {{
    let Some(at) = text.find('=') else {{
        return Err("no equals sign in `".to_string() + text + "`");
    }};
    let name = text[0..at].trim();
    if name.is_empty() {{
        return Err("no name before the equals sign".to_string());
    }}
    match text[at + 1..].trim().parse::<i64>() {{
        Ok(count) => Ok((name.to_string(), count)),
        Err(_) => Err("not a number after the equals sign".to_string()),
    }}
}}

pub fn load{n}(lines: &[String]) -> Result<Shelf{n}, String> {{
    let mut shelf = Shelf{n}::new();
    for line in lines {{
        let (name, count) = parse_entry{n}(line)?;
        shelf.add(&name, count);
    }}
    Ok(shelf)
}}

{procs}
pub fn run{n}(rounds: i64) -> i64 {{
    let mut shelf = Shelf{n}::new();
    let mut values: Vec<i64> = Vec::new();
    for round in 0..rounds {{
        let event = match round % 4 {{
            0 => Event{n}::Arrive {{ item: "bolt".to_string(), count: round }},
            1 => Event{n}::Arrive {{ item: "nut".to_string(), count: round * 2 }},
            2 => Event{n}::Leave {{ item: "bolt".to_string(), count: 1 }},
            _ => Event{n}::Audit,
        }};
        values.push(shelf.apply(event).unwrap_or(-1));
    }}
    let best = pair_max{n}(shelf.total(), NAMES_{n});
    checksum{n}(&values, best) + step{n}_0(rounds, best){calls}
}}
"""

STEP = """\
/// Step {k} of part {n}.
fn step{n}_{k}(a: i64, b: i64) -> i64 {{
    let mut low = a % {modulus};
    let mut high = b % {modulus} + 1;
    let scale = if low > high {{ {factor} }} else {{ {factor} + 1 }};

    // Bring both ends together.
    while low < high {{
        let middle = low + (high - low) / 2;
        if middle * middle > {square} {{
            high = middle;
        }} else if middle % 3 == 0 {{
            low = middle + 2;
        }} else {{
            low = middle + 1;
        }}
    }}
    let text = format!("{{}}-{{}}", low, scale);
    low * scale + text.len() as i64{next}
}}

"""


def project(folder: Path, lines: int) -> int:
    """Write the crate that equals `generate.project(..., lines)` into `folder`. Returns the exact number of lines."""
    bench = folder / "src" / "bench"
    bench.mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(CARGO.format(name="bench"))
    count = max(1, round(lines / 281))
    total = 0
    for n in range(count):
        text = module(n)
        (bench / f"m{n}.rs").write_text(text)
        total += text.count("\n")
    (bench / "mod.rs").write_text("".join(f"pub mod m{n};\n" for n in range(count)))
    uses = "".join(f"use bench::m{n};\n" for n in range(count))
    body = "".join(f"    total = (total + m{n}::run{n}(12)) % 1000003;\n" for n in range(count))
    # A library's items are for its users: Vitte does not warn of exported ones, so Rust shall not look for them.
    main = f'#![allow(dead_code)]\n\nmod bench;\n\n{uses}\nfn main() {{\n    let mut total = 0;\n{body}    println!("{{total}}");\n}}\n'
    (folder / "src" / "main.rs").write_text(main)
    return total + main.count("\n")


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
        uses="".join(f"use crate::bench::m{u};\n" for u in used),
        procs=steps,
        calls="".join(f" + m{u}::checksum{u}(&values, {u})" for u in used),
    )


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        sys.exit("usage: python generate_rust.py FOLDER LINES")
    print(project(Path(sys.argv[1]), int(sys.argv[2])), "lines")
