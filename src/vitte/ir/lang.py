"""What the compiler knows of the standard library by name: language items and intrinsics.

The library is written in Vitte (`std/`). The compiler leans on exactly the definitions listed here; a test checks that
each exists with the signature written beside it. Everything else in the library is ordinary code.
"""

from __future__ import annotations

# Nominal types with a meaning of their own.
OPTION = "std/core::option"  # pick option[T] { None, Some(T) }
RESULT = "std/core::result"  # pick result[T, E] { Ok(T), Err(E) }
ORDERING = "std/core::Ordering"  # pick Ordering { Less, Equal, Greater }
BOX = "std/core::box"  # form box[T] { ptr: *mut T }
RANGE = "std/core::Range"  # form Range[T] { start: T, end: T }                 `a..b` as a value
RANGE_INCLUSIVE = "std/core::RangeInclusive"  # form RangeInclusive[T] { start: T, end: T, done: bool }
LIST = "std/list::list"  # form list[T] { ptr: *mut T, len: int, cap: int }
MAP = "std/map::map"  # form map[K, V]
SET = "std/set::set"  # form set[T]
BUFFER = "std/fmt::Buffer"  # form Buffer: text under construction (owning)
PLACE = "std/rt::Place"  # form Place { line: u32, column: u32 }                       a row of a table of places
SPEC = "std/fmt::Spec"  # form Spec { fill: rune, align: u8, sign: bool, alternate: bool, zero: bool, width: int, precision: int, kind: u8 }
# `align` is one of 0 (default) '<' '>' '^'; `width`, `precision` are -1 when absent; `kind` is 0 '?' 'x' 'X' 'b' 'o' 'e'.

BUILTIN_TYPE_NAMES: dict[str, str] = {"option": OPTION, "result": RESULT, "box": BOX, "list": LIST, "map": MAP, "set": SET}
"""Nominal types visible under these names everywhere. `?T` is option, `[T]` is list."""

# Traits. Method signatures as seen by an implementor.
TRAIT_COPY = "std/core::Copy"  # marker; implemented structurally, never by hand
TRAIT_CLONE = "std/core::Clone"  # proc clone(self) -> Self
TRAIT_DROP = "std/core::Drop"  # proc drop(mut self)
TRAIT_EQ = "std/core::Eq"  # proc eq(self, other: Self) -> bool;  structural unless written
TRAIT_ORD = "std/core::Ord"  # Ord: Eq; proc cmp(self, other: Self) -> Ordering;  for numbers, rune, bool, string, or derived
TRAIT_HASH = "std/core::Hash"  # proc hash(self, seed: u64) -> u64;  structural unless written
TRAIT_DEFAULT = "std/core::Default"  # proc default() -> Self
TRAIT_FROM = "std/core::From"  # trait From[T]: proc from(owned value: T) -> Self
TRAIT_ITERATOR = "std/core::Iterator"  # type Item; proc next(mut self) -> ?Item
TRAIT_ITERABLE = "std/core::Iterable"  # type Iter; proc iter(self) -> Iter
# proc show(self) -> string; proc show_to(self, mut out: Buffer); proc show_spec(self, mut out: Buffer, spec: Spec)
TRAIT_SHOW = "std/fmt::Show"
TRAIT_DEBUG = "std/fmt::Debug"  # proc debug_to(self, mut out: Buffer);  structural unless written
OPERATOR_TRAITS: dict[str, tuple[str, str]] = {
    # operator: (trait, method). trait Add[R] { type Output; proc add(self, other: R) -> Output }
    "+": ("std/core::Add", "add"),
    "-": ("std/core::Sub", "sub"),
    "*": ("std/core::Mul", "mul"),
    "/": ("std/core::Div", "div"),
    "%": ("std/core::Rem", "rem"),
    "&": ("std/core::BitAnd", "bit_and"),
    "|": ("std/core::BitOr", "bit_or"),
    "^": ("std/core::BitXor", "bit_xor"),
    "<<": ("std/core::Shl", "shl"),
    ">>": ("std/core::Shr", "shr"),
}
TRAIT_NEG = "std/core::Neg"  # type Output; proc neg(self) -> Output
TRAIT_NOT = "std/core::Not"  # type Output; proc not_(self) -> Output
TRAIT_INDEX = "std/core::Index"  # trait Index[I] { type Output; proc index(self, at: I) -> &Output }
TRAIT_INDEX_MUT = "std/core::IndexMut"  # trait IndexMut[I]: Index[I] { proc index_mut(mut self, at: I) -> &mut Output }

STRUCTURAL_TRAITS = (TRAIT_COPY, TRAIT_CLONE, TRAIT_EQ, TRAIT_HASH, TRAIT_DEBUG)
"""Traits that tuples, arrays, forms and picks have without an impl when all their parts do (`Clone` of a nominal type
that is not copy needs `#[derive(clone)]`; `Ord` and `Default` likewise need `ord`, `default`). The bodies are glue."""

# Procedures the compiler calls.
PANIC = "std/rt::panic"  # proc panic(message: string, place: *Place) -> never          shown as `file:line:col`
PANIC_INDEX = "std/rt::panic_index"  # proc panic_index(index: int, length: int, place: *Place) -> never
PANIC_OVERFLOW = "std/rt::panic_overflow"  # proc panic_overflow(operation: string, place: *Place) -> never
ASSERT_FAILED = "std/rt::assert_failed"  # proc assert_failed(what: string, place: *Place) -> never
ASSERT_FAILED_SIDES = "std/rt::assert_failed_sides"  # proc (what: string, left: string, right: string, place: *Place) -> never
ALLOC = "std/rt::alloc"  # proc alloc(size: int) -> *mut u8                              never null: exits on exhaustion
DEALLOC = "std/rt::dealloc"  # proc dealloc(p: *mut u8)
STR_RETAIN = "std/rt::str_retain"  # inline proc str_retain(owner: *mut usize)           null owner: a literal
STR_RELEASE = "std/rt::str_release"  # inline proc str_release(owner: *mut usize)
START = "std/rt::start"  # proc start(argc: i32, argv: **u8)                             keeps the arguments
ARGUMENTS = "std/io::arguments"  # proc arguments() -> [string]
FINISH = "std/rt::finish"  # proc finish(status: i32) -> i32                             flushes standard output; the exit status
REPORT_ERROR = "std/rt::report_error"  # proc report_error(text: string)                 `error: text` on stderr, for main's Err
TEST_BEGIN = "std/rt::test_begin"  # proc test_begin(argc: i32, argv: **u8)              the test binary's own runner
STR_EQ = "std/string::eq"  # proc eq(a: string, b: string) -> bool
STR_CONCAT = "std/string::concat"  # proc concat(a: string, b: string) -> string
STR_APPEND = "std/string::append"  # proc append(mut a: string, b: string)               `set s += t`
STR_SLICE = "std/string::slice"  # proc slice(s: string, from: int, to: int, place: *Place) -> string
BYTES_SLICE = "std/string::bytes_slice"  # proc bytes_slice(s: bytes, from: int, to: int, place: *Place) -> bytes
LIST_FROM_ARRAY = "std/list::from_array"  # proc from_array[T](items: *T, count: int) -> [T]   moves `count` values out
LIST_REPEAT = "std/list::repeat"  # proc repeat[T: Clone](item: T, count: int) -> [T]    `[e; n]` where a list is expected
LIST_CONCAT = "std/list::concat"  # proc concat[T: Clone](owned a: [T], b: [T]) -> [T]
SLICE_RANGE = "std/list::slice_range"  # proc slice_range[T](items: &[T], from: int, to: int, place: *Place) -> &[T]
SLICE_RANGE_MUT = "std/list::slice_range_mut"  # the same for &mut [T]
SLICE_PART = "std/list::slice_part"  # the same without check or place, for `..rest` in patterns
SLICE_PART_MUT = "std/list::slice_part_mut"
MAP_NEW = "std/map::new"  # proc new[K: Hash + Eq, V]() -> map[K, V]
MAP_INSERT = "std/map::insert"  # proc insert[K: Hash + Eq, V](mut m: map[K, V], owned k: K, owned v: V)    `set m[k] = v`
MAP_AT = "std/map::at"  # proc at[K: Hash + Eq, V](m: map[K, V], k: K, place: *Place) -> &V    panics when missing
MAP_AT_MUT = "std/map::at_mut"  # the same, -> &mut V
SET_NEW = "std/set::new"  # proc new[T: Hash + Eq]() -> set[T]
SET_ADD = "std/set::add"  # proc add[T: Hash + Eq](mut s: set[T], owned item: T)
BUFFER_NEW = "std/fmt::buffer"  # proc buffer() -> Buffer
BUFFER_PUSH = "std/fmt::push"  # proc push(mut out: Buffer, text: string)
BUFFER_FINISH = "std/fmt::finish"  # proc finish(owned b: Buffer) -> string
BUFFER_MARK = "std/fmt::mark"  # proc mark(out: Buffer) -> int
BUFFER_PAD = "std/fmt::pad"  # proc pad(mut out: Buffer, mark: int, spec: Spec)          aligns what was written since `mark`
PRINT = "std/io::print_text"  # proc print_text(text: string)                            no newline
PRINTLN = "std/io::println_text"  # proc println_text(text: string)
EPRINT = "std/io::eprint_text"
EPRINTLN = "std/io::eprintln_text"
PLACE_PARAM = "place"
"""A last parameter of this name of a library procedure gets the place of the call, a `*Place`, when it is not given."""
CONTAINS = "contains"  # `x in c` is the method `contains` of `c`

PRELUDE_MODULES = ("std/core", "std/string", "std/list", "std/map", "std/set", "std/fmt", "std/io", "std/rt", "std/prelude")
"""Modules every unit outside `std` depends on. `std/prelude` re-exports what every file sees unasked; of the others the
compiler itself uses the items above. A module of `std` sees only what it imports, and the compiler takes care that
`std/core` and `std/rt` do not need more than they can have: a lang item is looked up by path when it is needed."""

INTRINSICS: dict[str, str] = {
    # Declared in the library as `#[intrinsic] proc name[T](...) -> R` (allowed only there); all are unsafe unless marked safe.
    "sizeof": "[T]() -> int (safe)",
    "alignof": "[T]() -> int (safe)",
    "needs_drop": "[T]() -> bool (safe)",
    "is_plain": "[T]() -> bool (safe): copying it is copying bytes and it needs no drop",
    "type_name": "[T]() -> string (safe)",
    "drop_in_place": "[T](p: *mut T)",
    "read": "[T](p: *T) -> T: the bytes as a value, moved or copied without retaining",
    "write": "[T](p: *mut T, owned value: T): without dropping what was there",
    "forget": "[T](owned value: T) (safe): its drop does not run",
    "offset": "[T](p: *T, count: int) -> *T",
    "offset_mut": "[T](p: *mut T, count: int) -> *mut T",
    "copy": "[T](from: *T, to: *mut T, count: int): memmove",
    "copy_nonoverlapping": "[T](from: *T, to: *mut T, count: int): memcpy",
    "set_bytes": "(to: *mut u8, value: u8, count: int): memset",
    "address_of": "[T](place: &T) -> *T (safe)",
    "address_of_mut": "[T](place: &mut T) -> *mut T (safe)",
    "as_ref": "[T](p: *T) -> &T",
    "as_mut": "[T](p: *mut T) -> &mut T",
    "slice_from": "[T](p: *T, count: int) -> &[T]",
    "slice_from_mut": "[T](p: *mut T, count: int) -> &mut [T]",
    "slice_ptr": "[T](s: &[T]) -> *T (safe)",
    "slice_ptr_mut": "[T](s: &mut [T]) -> *mut T (safe)",
    "slice_len": "[T](s: &[T]) -> int (safe)",
    "str_ptr": "(s: string) -> *u8 (safe)",
    "str_len": "(s: string) -> int (safe)",
    "str_owner": "(s: string) -> *mut usize (safe)",
    "str_from": "(p: *u8, len: int, owner: *mut usize) -> string: takes over one count of `owner`",
    "bytes_of": "(s: string) -> bytes (safe)",
    "str_of": "(b: bytes) -> string: must be UTF-8",
    "sqrt": "(x: f64) -> f64 (safe)",
    "floor": "(x: f64) -> f64 (safe)",
    "ceil": "(x: f64) -> f64 (safe)",
    "trunc": "(x: f64) -> f64 (safe)",
    "round": "(x: f64) -> f64 (safe): half away from zero",
    "fabs": "(x: f64) -> f64 (safe)",
    "fma": "(a: f64, b: f64, c: f64) -> f64 (safe)",
    "float_bits": "(x: f64) -> u64 (safe)",
    "float_from_bits": "(x: u64) -> f64 (safe)",
    "float32_bits": "(x: f32) -> u32 (safe)",
    "float32_from_bits": "(x: u32) -> f32 (safe)",
    "wrapping_add": "[T](a: T, b: T) -> T (safe), T an integer; so are the next ones",
    "wrapping_sub": "[T](a: T, b: T) -> T (safe)",
    "wrapping_mul": "[T](a: T, b: T) -> T (safe)",
    "wrapping_shl": "[T](a: T, b: u32) -> T (safe): the count is taken modulo the width",
    "wrapping_shr": "[T](a: T, b: u32) -> T (safe)",
    "add_overflows": "[T](a: T, b: T) -> bool (safe)",
    "sub_overflows": "[T](a: T, b: T) -> bool (safe)",
    "mul_overflows": "[T](a: T, b: T) -> bool (safe)",
    "count_ones": "[T](a: T) -> int (safe)",
    "leading_zeros": "[T](a: T) -> int (safe)",
    "trailing_zeros": "[T](a: T) -> int (safe)",
    "rotate_left": "[T](a: T, b: u32) -> T (safe)",
    "swap_bytes": "[T](a: T) -> T (safe)",
    "min_value": "[T]() -> T (safe)",
    "max_value": "[T]() -> T (safe)",
    "abort": "() -> never (safe)",
    "test_count": "() -> int (safe): tests linked into this binary",
    "test_name": "(i: int) -> string (safe)",
    "test_run": "(i: int) (safe)",
    "target_os": "() -> string (safe)",
    "pointer_bits": "() -> int (safe)",
}
