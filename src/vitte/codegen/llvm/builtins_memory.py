"""Blocks of memory, for `builtins`: LLVM IR in which SIZE stands for the type of a length and HEAD, ATTRIBUTES for what is said of all.

Up to 15 bytes are moved by two overlapping words, without a loop: both are read before either is written, so source and target may
overlap. From 16 bytes on the first and the last 16 are kept in registers in the same way while a loop moves what is between them, to
addresses that are multiples of 16. A move of 16 bytes is one instruction where the machine has vectors, and two elsewhere. Loads and
stores need no alignment on any of the targets.
"""

from __future__ import annotations


def _copy(name: str) -> str:
    """`memcpy` is `memmove`: telling the directions apart costs a comparison, and a linker that folds equal functions keeps one."""
    words = "".join([_two_words("copy", bits) for bits in (64, 32)])
    return f"""HEAD ptr @{name}(ptr %to, ptr %from, SIZE %n) ATTRIBUTES {{
entry:
  %is.wide = icmp uge SIZE %n, 16
  br i1 %is.wide, label %wide, label %under.64
{words}under.16:
  %none = icmp eq SIZE %n, 0
  br i1 %none, label %end, label %bytes
bytes:                                    ; one to three: the first, the middle and the last, which may be the same
  %half = lshr SIZE %n, 1
  %end.1 = sub SIZE %n, 1
  %from.h = getelementptr i8, ptr %from, SIZE %half
  %from.1 = getelementptr i8, ptr %from, SIZE %end.1
  %to.h = getelementptr i8, ptr %to, SIZE %half
  %to.1 = getelementptr i8, ptr %to, SIZE %end.1
  %b.0 = load i8, ptr %from
  %b.h = load i8, ptr %from.h
  %b.1 = load i8, ptr %from.1
  store i8 %b.0, ptr %to
  store i8 %b.h, ptr %to.h
  store i8 %b.1, ptr %to.1
  ret ptr %to
end:
  ret ptr %to
wide:
  %last = sub SIZE %n, 16
  %from.last = getelementptr i8, ptr %from, SIZE %last
  %to.last = getelementptr i8, ptr %to, SIZE %last
  %head = load <2 x i64>, ptr %from, align 1
  %tail = load <2 x i64>, ptr %from.last, align 1
  %to.n = ptrtoint ptr %to to SIZE
  %from.n = ptrtoint ptr %from to SIZE
  %distance = sub SIZE %to.n, %from.n
  %overlaps = icmp ult SIZE %distance, %n
  br i1 %overlaps, label %backward, label %forward
forward:
  %odd = and SIZE %to.n, 15
  %first = sub SIZE 16, %odd
  %is.long = icmp uge SIZE %last, 64
  %stop.64 = sub SIZE %last, 48
  br i1 %is.long, label %four, label %one.entry
four:
  %i = phi SIZE [ %first, %forward ], [ %i.next, %four ]
  %i.a = getelementptr i8, ptr %from, SIZE %i
  %i.b = getelementptr i8, ptr %i.a, SIZE 16
  %i.c = getelementptr i8, ptr %i.a, SIZE 32
  %i.d = getelementptr i8, ptr %i.a, SIZE 48
  %j.a = getelementptr i8, ptr %to, SIZE %i
  %j.b = getelementptr i8, ptr %j.a, SIZE 16
  %j.c = getelementptr i8, ptr %j.a, SIZE 32
  %j.d = getelementptr i8, ptr %j.a, SIZE 48
  %v.a = load <2 x i64>, ptr %i.a, align 1
  %v.b = load <2 x i64>, ptr %i.b, align 1
  %v.c = load <2 x i64>, ptr %i.c, align 1
  %v.d = load <2 x i64>, ptr %i.d, align 1
  store <2 x i64> %v.a, ptr %j.a, align 16
  store <2 x i64> %v.b, ptr %j.b, align 16
  store <2 x i64> %v.c, ptr %j.c, align 16
  store <2 x i64> %v.d, ptr %j.d, align 16
  %i.next = add SIZE %i, 64
  %more.64 = icmp ult SIZE %i.next, %stop.64
  br i1 %more.64, label %four, label %one.entry
one.entry:
  %k.0 = phi SIZE [ %first, %forward ], [ %i.next, %four ]
  %any = icmp ult SIZE %k.0, %last
  br i1 %any, label %one, label %ends
one:
  %k = phi SIZE [ %k.0, %one.entry ], [ %k.next, %one ]
  %k.from = getelementptr i8, ptr %from, SIZE %k
  %k.to = getelementptr i8, ptr %to, SIZE %k
  %v = load <2 x i64>, ptr %k.from, align 1
  store <2 x i64> %v, ptr %k.to, align 16
  %k.next = add SIZE %k, 16
  %more = icmp ult SIZE %k.next, %last
  br i1 %more, label %one, label %ends
backward:
  %is.middle = icmp ugt SIZE %last, 16
  br i1 %is.middle, label %down, label %ends
down:
  %d = phi SIZE [ %last, %backward ], [ %d.next, %down ]
  %d.next = sub SIZE %d, 16
  %d.from = getelementptr i8, ptr %from, SIZE %d.next
  %d.to = getelementptr i8, ptr %to, SIZE %d.next
  %w = load <2 x i64>, ptr %d.from, align 1
  store <2 x i64> %w, ptr %d.to, align 1
  %more.down = icmp ugt SIZE %d.next, 16
  br i1 %more.down, label %down, label %ends
ends:
  store <2 x i64> %head, ptr %to, align 1
  store <2 x i64> %tail, ptr %to.last, align 1
  ret ptr %to
}}"""


def _two_words(kind: str, bits: int) -> str:
    """The blocks for lengths from one word to two, in a chain `under.64`, `under.32`, `under.16`."""
    size = bits // 8
    load = f"""  %w.{bits} = load i{bits}, ptr %from, align 1
  %z.{bits} = load i{bits}, ptr %from.{bits}, align 1
"""
    words = {
        "copy": f"  %from.{bits} = getelementptr i8, ptr %from, SIZE %end.{bits}\n{load}",
        "set": f"  %w.{bits} = trunc i64 %word to i{bits}\n  %z.{bits} = trunc i64 %word to i{bits}\n" if bits < 64 else
               "  %w.64 = xor i64 %word, 0\n  %z.64 = xor i64 %word, 0\n",
    }[kind]
    return f"""under.{bits}:
  %is.{bits} = icmp uge SIZE %n, {size}
  br i1 %is.{bits}, label %by.{bits}, label %under.{bits // 2}
by.{bits}:
  %end.{bits} = sub SIZE %n, {size}
{words}  %to.{bits} = getelementptr i8, ptr %to, SIZE %end.{bits}
  store i{bits} %w.{bits}, ptr %to, align 1
  store i{bits} %z.{bits}, ptr %to.{bits}, align 1
  ret ptr %to
"""


def _set() -> str:
    words = "".join([_two_words("set", bits) for bits in (64, 32)])
    return f"""HEAD ptr @memset(ptr %to, i32 %value, SIZE %n) ATTRIBUTES {{
entry:
  %byte = and i32 %value, 255
  %wide.byte = zext i32 %byte to i64
  %word = mul i64 %wide.byte, 72340172838076673
  %is.wide = icmp uge SIZE %n, 16
  br i1 %is.wide, label %wide, label %under.64
{words}under.16:
  %none = icmp eq SIZE %n, 0
  br i1 %none, label %end, label %bytes
bytes:
  %b = trunc i32 %value to i8
  %half = lshr SIZE %n, 1
  %end.1 = sub SIZE %n, 1
  %to.h = getelementptr i8, ptr %to, SIZE %half
  %to.1 = getelementptr i8, ptr %to, SIZE %end.1
  store i8 %b, ptr %to
  store i8 %b, ptr %to.h
  store i8 %b, ptr %to.1
  ret ptr %to
end:
  ret ptr %to
wide:
  %v.0 = insertelement <2 x i64> poison, i64 %word, i32 0
  %v = insertelement <2 x i64> %v.0, i64 %word, i32 1
  %last = sub SIZE %n, 16
  %to.last = getelementptr i8, ptr %to, SIZE %last
  store <2 x i64> %v, ptr %to, align 1
  store <2 x i64> %v, ptr %to.last, align 1
  %to.n = ptrtoint ptr %to to SIZE
  %odd = and SIZE %to.n, 15
  %first = sub SIZE 16, %odd
  %is.long = icmp uge SIZE %last, 64
  %stop.64 = sub SIZE %last, 48
  br i1 %is.long, label %four, label %one.entry
four:
  %i = phi SIZE [ %first, %wide ], [ %i.next, %four ]
  %j.a = getelementptr i8, ptr %to, SIZE %i
  %j.b = getelementptr i8, ptr %j.a, SIZE 16
  %j.c = getelementptr i8, ptr %j.a, SIZE 32
  %j.d = getelementptr i8, ptr %j.a, SIZE 48
  store <2 x i64> %v, ptr %j.a, align 16
  store <2 x i64> %v, ptr %j.b, align 16
  store <2 x i64> %v, ptr %j.c, align 16
  store <2 x i64> %v, ptr %j.d, align 16
  %i.next = add SIZE %i, 64
  %more.64 = icmp ult SIZE %i.next, %stop.64
  br i1 %more.64, label %four, label %one.entry
one.entry:
  %k.0 = phi SIZE [ %first, %wide ], [ %i.next, %four ]
  %any = icmp ult SIZE %k.0, %last
  br i1 %any, label %one, label %end
one:
  %k = phi SIZE [ %k.0, %one.entry ], [ %k.next, %one ]
  %k.to = getelementptr i8, ptr %to, SIZE %k
  store <2 x i64> %v, ptr %k.to, align 16
  %k.next = add SIZE %k, 16
  %more = icmp ult SIZE %k.next, %last
  br i1 %more, label %one, label %end
}}"""


def _differences(*places: tuple[str, str], to: str = "d") -> str:
    """`%d` becomes 0 when the words at the places, two by two, are equal."""
    lines: list[str] = []
    for i, (a, b) in enumerate(places):
        lines += [
            f"  %{to}.a{i} = load i64, ptr {a}, align 1", f"  %{to}.b{i} = load i64, ptr {b}, align 1",
            f"  %{to}.x{i} = xor i64 %{to}.a{i}, %{to}.b{i}",
        ]
    lines += [f"  %{to}.01 = or i64 %{to}.x0, %{to}.x1", f"  %{to}.23 = or i64 %{to}.x2, %{to}.x3", f"  %{to} = or i64 %{to}.01, %{to}.23"]
    return "\n".join(lines)


def _four(index: str, first: tuple[str, str], again: tuple[str, str], same: str, differ: str) -> str:
    """The block `four`, which compares 32 bytes of `%a` and `%b` from `index` on and goes to `same` or `differ`. `first`, `again`: the
    blocks that come to it, with the index they bring."""
    lines = [f"four:\n  {index} = phi SIZE [ {first[1]}, %{first[0]} ], [ {again[1]}, %{again[0]} ]"]
    for text in "ab":
        lines.append(f"  %{text}.0 = getelementptr i8, ptr %{text}, SIZE {index}")
        lines += [f"  %{text}.{i} = getelementptr i8, ptr %{text}.0, SIZE {8 * i}" for i in (1, 2, 3)]
    lines.append(_differences(*[(f"%a.{i}", f"%b.{i}") for i in range(4)], to="e"))
    lines += ["  %e.same = icmp eq i64 %e, 0", f"  br i1 %e.same, label %{same}, label %{differ}"]
    return "\n".join(lines)


_COMPARE = """HEAD i32 @memcmp(ptr %a, ptr %b, SIZE %n) ATTRIBUTES {
entry:
  %is.8 = icmp uge SIZE %n, 8
  br i1 %is.8, label %words, label %under.8
words:
  %last = sub SIZE %n, 8
  %is.long = icmp uge SIZE %n, 32
  br i1 %is.long, label %long, label %loop
long:
  %stop = sub SIZE %n, 32
  br label %four
FOUR
same.4:
  %k.next = add SIZE %k, 32
  %more.4 = icmp ule SIZE %k.next, %stop
  br i1 %more.4, label %four, label %rest
rest:                                     ; less than 32 bytes are left: the last word may be all of them
  %k.last = call SIZE @llvm.umin.SIZE(SIZE %k.next, SIZE %last)
  br label %loop
loop:                                     ; word for word; the last one overlaps the one before it
  %i = phi SIZE [ 0, %words ], [ %k, %four ], [ %k.last, %rest ], [ %i.next, %same ]
  %a.i = getelementptr i8, ptr %a, SIZE %i
  %b.i = getelementptr i8, ptr %b, SIZE %i
  %x = load i64, ptr %a.i, align 1
  %y = load i64, ptr %b.i, align 1
  %equal = icmp eq i64 %x, %y
  br i1 %equal, label %same, label %decide
same:
  %i.8 = add SIZE %i, 8
  %i.next = call SIZE @llvm.umin.SIZE(SIZE %i.8, SIZE %last)
  %done = icmp eq SIZE %i, %last
  br i1 %done, label %zero, label %loop
under.8:
  %is.4 = icmp uge SIZE %n, 4
  br i1 %is.4, label %by.4, label %under.4
by.4:
  %end.4 = sub SIZE %n, 4
  %a.x = getelementptr i8, ptr %a, SIZE %end.4
  %b.x = getelementptr i8, ptr %b, SIZE %end.4
  %x.0 = load i32, ptr %a, align 1
  %x.1 = load i32, ptr %a.x, align 1
  %y.0 = load i32, ptr %b, align 1
  %y.1 = load i32, ptr %b.x, align 1
  %x.w0 = zext i32 %x.0 to i64
  %x.w1 = zext i32 %x.1 to i64
  %x.h = shl i64 %x.w1, 32
  %x.8 = or i64 %x.h, %x.w0
  %y.w0 = zext i32 %y.0 to i64
  %y.w1 = zext i32 %y.1 to i64
  %y.h = shl i64 %y.w1, 32
  %y.8 = or i64 %y.h, %y.w0
  br label %decide
under.4:
  %none = icmp eq SIZE %n, 0
  br i1 %none, label %zero, label %bytes
bytes:
  %half = lshr SIZE %n, 1
  %end.1 = sub SIZE %n, 1
  %a.h = getelementptr i8, ptr %a, SIZE %half
  %a.y = getelementptr i8, ptr %a, SIZE %end.1
  %b.h = getelementptr i8, ptr %b, SIZE %half
  %b.y = getelementptr i8, ptr %b, SIZE %end.1
  %p.0 = load i8, ptr %a
  %p.h = load i8, ptr %a.h
  %p.1 = load i8, ptr %a.y
  %q.0 = load i8, ptr %b
  %q.h = load i8, ptr %b.h
  %q.1 = load i8, ptr %b.y
  %pw.0 = zext i8 %p.0 to i64
  %pw.h = zext i8 %p.h to i64
  %pw.1 = zext i8 %p.1 to i64
  %qw.0 = zext i8 %q.0 to i64
  %qw.h = zext i8 %q.h to i64
  %qw.1 = zext i8 %q.1 to i64
  %ps.h = shl i64 %pw.h, 8
  %ps.1 = shl i64 %pw.1, 16
  %qs.h = shl i64 %qw.h, 8
  %qs.1 = shl i64 %qw.1, 16
  %p.a = or i64 %pw.0, %ps.h
  %p.b = or i64 %p.a, %ps.1
  %q.a = or i64 %qw.0, %qs.h
  %q.b = or i64 %q.a, %qs.1
  br label %decide
decide:                                   ; as numbers whose first byte is the highest
  %l = phi i64 [ %x, %loop ], [ %x.8, %by.4 ], [ %p.b, %bytes ]
  %r = phi i64 [ %y, %loop ], [ %y.8, %by.4 ], [ %q.b, %bytes ]
  %l.s = call i64 @llvm.bswap.i64(i64 %l)
  %r.s = call i64 @llvm.bswap.i64(i64 %r)
  %more = icmp ugt i64 %l.s, %r.s
  %less = icmp ult i64 %l.s, %r.s
  %more.i = zext i1 %more to i32
  %less.i = zext i1 %less to i32
  %result = sub i32 %more.i, %less.i
  ret i32 %result
zero:
  ret i32 0
}""".replace("FOUR", _four("%k", ("long", "0"), ("same.4", "%k.next"), "same.4", "loop"))

_EQUAL = """HEAD i32 @bcmp(ptr %a, ptr %b, SIZE %n) ATTRIBUTES {
entry:
  %is.16 = icmp uge SIZE %n, 16
  br i1 %is.16, label %wide, label %under.16
wide:
  %is.32 = icmp uge SIZE %n, 32
  br i1 %is.32, label %long, label %two
long:
  %last = sub SIZE %n, 32
  br label %four
FOUR
same:
  %done = icmp eq SIZE %k, %last
  br i1 %done, label %alike, label %next
next:                                     ; the last 32 bytes overlap those before
  %k.32 = add SIZE %k, 32
  %k.next = call SIZE @llvm.umin.SIZE(SIZE %k.32, SIZE %last)
  br label %four
two:
  %end.16 = sub SIZE %n, 16
  %a.8 = getelementptr i8, ptr %a, SIZE 8
  %b.8 = getelementptr i8, ptr %b, SIZE 8
  %a.e = getelementptr i8, ptr %a, SIZE %end.16
  %b.e = getelementptr i8, ptr %b, SIZE %end.16
  %a.z = getelementptr i8, ptr %a.e, SIZE 8
  %b.z = getelementptr i8, ptr %b.e, SIZE 8
DIFFERENCES
  %two.same = icmp eq i64 %d, 0
  br i1 %two.same, label %alike, label %differ
under.16:
  %rest = call i32 @memcmp(ptr %a, ptr %b, SIZE %n)
  ret i32 %rest
alike:
  ret i32 0
differ:
  ret i32 1
}""".replace("FOUR", _four("%k", ("long", "0"), ("next", "%k.next"), "same", "differ")).replace(
    "DIFFERENCES", _differences(("%a", "%b"), ("%a.8", "%b.8"), ("%a.e", "%b.e"), ("%a.z", "%b.z"))
)

_LENGTH = """HEAD SIZE @strlen(ptr %text) ATTRIBUTES {
entry:
  %start = ptrtoint ptr %text to SIZE
  br label %bytes
bytes:                                    ; up to an address that is a multiple of 8: a word there lies within one page
  %p = phi ptr [ %text, %entry ], [ %p.next, %byte ]
  %p.n = ptrtoint ptr %p to SIZE
  %odd = and SIZE %p.n, 7
  %aligned = icmp eq SIZE %odd, 0
  br i1 %aligned, label %words, label %byte
byte:
  %b = load i8, ptr %p
  %b.zero = icmp eq i8 %b, 0
  %p.next = getelementptr i8, ptr %p, SIZE 1
  br i1 %b.zero, label %end, label %bytes
words:                                    ; a byte of (w - 0x01...) & ~w & 0x80... is 0x80 first where a byte of w is 0
  %q = phi ptr [ %p, %bytes ], [ %q.next, %next ]
  %w = load i64, ptr %q, align 8
  %less = sub i64 %w, 72340172838076673
  %not = xor i64 %w, -1
  %high = and i64 %less, %not
  %marks = and i64 %high, -9187201950435737472
  %any = icmp ne i64 %marks, 0
  br i1 %any, label %found, label %next
next:
  %q.next = getelementptr i8, ptr %q, SIZE 8
  br label %words
found:
  %bit = call i64 @llvm.cttz.i64(i64 %marks, i1 true)
  %place = lshr i64 %bit, 3
  %at = getelementptr i8, ptr %q, i64 %place
  br label %end
end:
  %z = phi ptr [ %p, %byte ], [ %at, %found ]
  %z.n = ptrtoint ptr %z to SIZE
  %length = sub SIZE %z.n, %start
  ret SIZE %length
}"""

MEMORY: dict[str, str] = {
    "memcpy": _copy("memcpy"), "memmove": _copy("memmove"), "memset": _set(), "memcmp": _COMPARE, "bcmp": _EQUAL, "strlen": _LENGTH,
}
"""Texts by name. LLVM makes calls of the first five, and `strlen` out of a loop that looks for a zero byte."""
