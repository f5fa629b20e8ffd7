"""Arithmetic that a machine may have no instruction for, for `builtins`: LLVM IR in which HEAD and ATTRIBUTES stand for what is said of
all functions.

Results are those of IEEE 754, rounded to nearest; the flags of floating point exceptions are nobody's concern.
"""

from __future__ import annotations

_FORMATS = {"double": (64, 52), "float": (32, 23)}
"""Bits of a number, and of what stands behind its first binary digit."""


def _rounding(name: str, ty: str) -> str:
    """The number as its encoding: what stands behind the point is the lower bits, `%m`, and adding to it carries into the rest as it
    should. Without floating point there are no constants to be loaded."""
    bits, digits = _FORMATS[ty]
    bias = (1 << (bits - digits - 2)) - 1
    one = bias << digits
    add, up = _RULES[name]
    text = f"""HEAD {ty} @{name}{'f' * (ty == 'float')}({ty} %x) ATTRIBUTES {{
entry:
  %b = bitcast {ty} %x to WORD
  %a = and WORD %b, {(1 << (bits - 1)) - 1}
  %e.0 = lshr WORD %a, {digits}
  %e = sub WORD %e.0, {bias}
  %minus = icmp slt WORD %b, 0
  %whole = icmp sge WORD %e, {digits}
  br i1 %whole, label %same, label %less
same:
  ret {ty} %x
less:
  %tiny = icmp slt WORD %e, 0
  br i1 %tiny, label %under.one, label %cut
cut:
  %m = lshr WORD {(1 << digits) - 1}, %e
{add}  %s = add WORD %b, %add
  %not = xor WORD %m, -1
  %r = and WORD %s, %not
  %f = bitcast WORD %r to {ty}
  ret {ty} %f
under.one:
{up}  %size = select i1 %up, WORD {one}, WORD 0
  %sign = and WORD %b, {-(1 << (bits - 1))}
  %t = or WORD %size, %sign
  %g = bitcast WORD %t to {ty}
  ret {ty} %g
}}"""
    return text.replace("WORD", f"i{bits}").replace("HALF", str(one - (1 << digits)))


_UNIT = "  %unit = add WORD %m, 1\n  %half = lshr WORD %unit, 1\n"
_RULES: dict[str, tuple[str, str]] = {
    "trunc": ("  %add = and WORD %b, 0\n", "  %up = icmp ult WORD %a, 0\n"),
    "floor": ("  %add = select i1 %minus, WORD %m, WORD 0\n", "  %any = icmp ne WORD %a, 0\n  %up = and i1 %any, %minus\n"),
    "ceil": ("  %add = select i1 %minus, WORD 0, WORD %m\n",
             "  %any = icmp ne WORD %a, 0\n  %plus = xor i1 %minus, true\n  %up = and i1 %any, %plus\n"),
    "round": (f"{_UNIT}  %add = add WORD %half, 0\n", "  %up = icmp uge WORD %a, HALF\n"),
    "rint": (f"{_UNIT}  %last = and WORD %b, %unit\n  %even = icmp eq WORD %last, 0\n  %odd = zext i1 %even to WORD\n"
             "  %add = sub WORD %half, %odd\n", "  %up = icmp ugt WORD %a, HALF\n"),
}  # fmt: skip
"""For each function `%add`, which the encoding is more before it is cut, and `%up`, whether what is below 1 becomes 1."""

_FMOD = """HEAD double @fmod(double %x, double %y) ATTRIBUTES {
entry:
  %bx = bitcast double %x to i64
  %by = bitcast double %y to i64
  %ax = and i64 %bx, 9223372036854775807
  %ay = and i64 %by, 9223372036854775807
  %sign = and i64 %bx, -9223372036854775808
  %less = icmp ult i64 %ax, %ay
  %x.bad = icmp uge i64 %ax, 9218868437227405312
  %y.nan = icmp ugt i64 %ay, 9218868437227405312
  %y.zero = icmp eq i64 %ay, 0
  %y.bad = or i1 %y.nan, %y.zero
  %bad = or i1 %x.bad, %y.bad
  br i1 %bad, label %nothing, label %order
nothing:
  %p = fmul double %x, %y
  %nan = fdiv double %p, %p
  ret double %nan
order:
  br i1 %less, label %self, label %start
self:
  ret double %x
start:                                    ; both as m * 2^(e - 1075) with the highest bit of m at 52
  %ex.0 = lshr i64 %ax, 52
  %ey.0 = lshr i64 %ay, 52
  %zx.0 = call i64 @llvm.ctlz.i64(i64 %ax, i1 false)
  %zy.0 = call i64 @llvm.ctlz.i64(i64 %ay, i1 false)
  %zx = sub i64 %zx.0, 11
  %zy = sub i64 %zy.0, 11
  %x.tiny = icmp eq i64 %ex.0, 0
  %y.tiny = icmp eq i64 %ey.0, 0
  %ex.t = sub i64 1, %zx
  %ey.t = sub i64 1, %zy
  %ex = select i1 %x.tiny, i64 %ex.t, i64 %ex.0
  %ey = select i1 %y.tiny, i64 %ey.t, i64 %ey.0
  %fx = and i64 %ax, 4503599627370495
  %fy = and i64 %ay, 4503599627370495
  %mx.n = or i64 %fx, 4503599627370496
  %my.n = or i64 %fy, 4503599627370496
  %zx.s = and i64 %zx, 63
  %zy.s = and i64 %zy, 63
  %mx.t = shl i64 %ax, %zx.s
  %my.t = shl i64 %ay, %zy.s
  %mx = select i1 %x.tiny, i64 %mx.t, i64 %mx.n
  %my = select i1 %y.tiny, i64 %my.t, i64 %my.n
  %n.0 = sub i64 %ex, %ey
  %r.0 = urem i64 %mx, %my
  br label %loop
loop:                                     ; eleven bits of the quotient at a time: what is left stays below 2^53
  %n = phi i64 [ %n.0, %start ], [ %n.next, %step ]
  %r = phi i64 [ %r.0, %start ], [ %r.next, %step ]
  %n.end = icmp eq i64 %n, 0
  %r.end = icmp eq i64 %r, 0
  %end = or i1 %n.end, %r.end
  br i1 %end, label %done, label %step
step:
  %k = call i64 @llvm.umin.i64(i64 %n, i64 11)
  %up = shl i64 %r, %k
  %r.next = urem i64 %up, %my
  %n.next = sub i64 %n, %k
  br label %loop
done:
  br i1 %r.end, label %zero, label %build
zero:
  %z = bitcast i64 %sign to double
  ret double %z
build:
  %zr.0 = call i64 @llvm.ctlz.i64(i64 %r, i1 true)
  %zr = sub i64 %zr.0, 11
  %m = shl i64 %r, %zr
  %e = sub i64 %ey, %zr
  %normal = icmp sgt i64 %e, 0
  %e.1 = sub i64 %e, 1
  %e.s = shl i64 %e.1, 52
  %v.n = add i64 %m, %e.s
  %down = sub i64 1, %e
  %down.s = and i64 %down, 63
  %v.t = lshr i64 %m, %down.s
  %v = select i1 %normal, i64 %v.n, i64 %v.t
  %v.sign = or i64 %v, %sign
  %result = bitcast i64 %v.sign to double
  ret double %result
}"""

_FMODF = """HEAD float @fmodf(float %x, float %y) ATTRIBUTES {
  %a = fpext float %x to double
  %b = fpext float %y to double
  %r = call double @fmod(double %a, double %b)
  %f = fptrunc double %r to float
  ret float %f
}"""

_FMA = """HEAD double @fma(double %x, double %y, double %z) ATTRIBUTES {
entry:
  %bx = bitcast double %x to i64
  %by = bitcast double %y to i64
  %bz = bitcast double %z to i64
  %ax = and i64 %bx, 9223372036854775807
  %ay = and i64 %by, 9223372036854775807
  %az = and i64 %bz, 9223372036854775807
  %x.odd.0 = sub i64 %ax, 1
  %y.odd.0 = sub i64 %ay, 1
  %z.odd.0 = sub i64 %az, 1
  %x.odd = icmp uge i64 %x.odd.0, 9218868437227405311
  %y.odd = icmp uge i64 %y.odd.0, 9218868437227405311
  %z.odd = icmp uge i64 %z.odd.0, 9218868437227405311
  %xy.odd = or i1 %x.odd, %y.odd
  br i1 %xy.odd, label %plain, label %product
plain:                                    ; the product is a zero, infinite or not a number: it is exact
  %p.0 = fmul double %x, %y
  %s.0 = fadd double %p.0, %z
  ret double %s.0
product:
  br i1 %z.odd, label %other, label %start
other:                                    ; nothing is added, or the sum is infinite or not a number whatever the product
  %z.zero = icmp eq i64 %az, 0
  %p.1 = fmul double %x, %y
  %z.1 = fadd double %z, %z
  %s.1 = select i1 %z.zero, double %p.1, double %z.1
  ret double %s.1
start:                                    ; all as m * 2^(e - 1075) with the highest bit of m at 52
NORMAL
  ; the product and the third, both with their highest bit at 124 or 125 of 128, times 2^(ep - 1075), 2^(eq - 1075)
  %mx.w = zext i64 %mx to i128
  %my.w = zext i64 %my to i128
  %mz.w = zext i64 %mz to i128
  %p.w = mul i128 %mx.w, %my.w
  %p = shl i128 %p.w, 20
  %q = shl i128 %mz.w, 72
  %exy = add i64 %ex, %ey
  %ep = sub i64 %exy, 1095
  %eq = sub i64 %ez, 72
  %d = sub i64 %ep, %eq
  %p.high = icmp sge i64 %d, 0
  %big = select i1 %p.high, i128 %p, i128 %q
  %small.0 = select i1 %p.high, i128 %q, i128 %p
  %e = select i1 %p.high, i64 %ep, i64 %eq
  %shift.0 = call i64 @llvm.abs.i64(i64 %d, i1 false)
  %shift.m = call i64 @llvm.umin.i64(i64 %shift.0, i64 127)
  %shift = zext i64 %shift.m to i128
  ; what is shifted out is remembered in the last bit
  %small.1 = lshr i128 %small.0, %shift
  %back = shl i128 %small.1, %shift
  %lost = icmp ne i128 %back, %small.0
  %sticky = zext i1 %lost to i128
  %small = or i128 %small.1, %sticky
  %sp = xor i64 %bx, %by
  %differ.0 = xor i64 %sp, %bz
  %differ = icmp slt i64 %differ.0, 0
  %minus = sub i128 0, %small
  %term = select i1 %differ, i128 %minus, i128 %small
  %sum = add i128 %big, %term
  %none = icmp eq i128 %sum, 0
  br i1 %none, label %zero, label %round
zero:
  ret double 0.0
round:
  %turned = icmp slt i128 %sum, 0
  %size = call i128 @llvm.abs.i128(i128 %sum, i1 false)
  %s.big = select i1 %p.high, i64 %sp, i64 %bz
  %s.turn = select i1 %turned, i64 -9223372036854775808, i64 0
  %s.x = xor i64 %s.big, %s.turn
  %sign = and i64 %s.x, -9223372036854775808
  ; the highest 64 bits, the last of them set when there are more
  %zeros = call i128 @llvm.ctlz.i128(i128 %size, i1 true)
  %top = shl i128 %size, %zeros
  %h.w = lshr i128 %top, 64
  %h.0 = trunc i128 %h.w to i64
  %l = trunc i128 %top to i64
  %l.any = icmp ne i64 %l, 0
  %l.bit = zext i1 %l.any to i64
  %h.1 = or i64 %h.0, %l.bit
  ; the exponent as it is stored; at 0 and below bits go to what is smaller than the smallest
  %zeros.n = trunc i128 %zeros to i64
  %e.top = sub i64 %e, %zeros.n
  %e.s = add i64 %e.top, 75
  %tiny = icmp slt i64 %e.s, 1
  %down.0 = sub i64 1, %e.s
  %down.1 = call i64 @llvm.smax.i64(i64 %down.0, i64 0)
  %down = call i64 @llvm.umin.i64(i64 %down.1, i64 63)
  %h.2 = lshr i64 %h.1, %down
  %h.back = shl i64 %h.2, %down
  %h.lost = icmp ne i64 %h.back, %h.1
  %h.bit = zext i1 %h.lost to i64
  %h = or i64 %h.2, %h.bit
  ; to nearest, halves to even
  %m.0 = lshr i64 %h, 11
  %even = and i64 %m.0, 1
  %half = add i64 %even, 1023
  %h.low = and i64 %h, 2047
  %h.up = add i64 %h.low, %half
  %carry = lshr i64 %h.up, 11
  %m = add i64 %m.0, %carry
  %e.1 = sub i64 %e.s, 1
  %e.2 = select i1 %tiny, i64 0, i64 %e.1
  %e.in = shl i64 %e.2, 52
  %v.0 = add i64 %e.in, %m
  %huge = icmp sgt i64 %e.s, 2046
  %v.1 = select i1 %huge, i64 9218868437227405312, i64 %v.0
  %v = or i64 %v.1, %sign
  %result = bitcast i64 %v to double
  ret double %result
}""".replace(
    "NORMAL",
    "\n".join(
        [
            f"""  %e{v}.0 = lshr i64 %a{v}, 52
  %{v}.tiny = icmp eq i64 %e{v}.0, 0
  %z{v}.0 = call i64 @llvm.ctlz.i64(i64 %a{v}, i1 true)
  %z{v} = sub i64 %z{v}.0, 11
  %z{v}.s = and i64 %z{v}, 63
  %m{v}.t = shl i64 %a{v}, %z{v}.s
  %f{v} = and i64 %a{v}, 4503599627370495
  %m{v}.n = or i64 %f{v}, 4503599627370496
  %m{v} = select i1 %{v}.tiny, i64 %m{v}.t, i64 %m{v}.n
  %e{v}.t = sub i64 1, %z{v}
  %e{v} = select i1 %{v}.tiny, i64 %e{v}.t, i64 %e{v}.0"""
            for v in "xyz"
        ]
    ),
)

_FMAF = """HEAD float @fmaf(float %x, float %y, float %z) ATTRIBUTES {
entry:                                    ; in double the product is exact, and the sum is rounded to odd, which a second rounding respects
  %a = fpext float %x to double
  %b = fpext float %y to double
  %c = fpext float %z to double
  %p = fmul double %a, %b
  %s = fadd double %p, %c
  %c.v = fsub double %s, %p
  %p.v = fsub double %s, %c.v
  %c.e = fsub double %c, %c.v
  %p.e = fsub double %p, %p.v
  %rest = fadd double %c.e, %p.e
  %inexact = fcmp one double %rest, 0.0
  %bits = bitcast double %s to i64
  %last = and i64 %bits, 1
  %even = icmp eq i64 %last, 0
  %change = and i1 %inexact, %even
  %s.minus = icmp slt i64 %bits, 0
  %r.minus = fcmp olt double %rest, 0.0
  %inward = xor i1 %s.minus, %r.minus
  %step = select i1 %inward, i64 -1, i64 1
  %moved = add i64 %bits, %step
  %odd = select i1 %change, i64 %moved, i64 %bits
  %d = bitcast i64 %odd to double
  %f = fptrunc double %d to float
  ret float %f
}"""

_MULTIPLY = """HEAD i128 @__multi3(i128 %a, i128 %b) ATTRIBUTES {
  %a.l = trunc i128 %a to i64
  %b.l = trunc i128 %b to i64
  %a.s = lshr i128 %a, 64
  %b.s = lshr i128 %b, 64
  %a.h = trunc i128 %a.s to i64
  %b.h = trunc i128 %b.s to i64
  %a0 = and i64 %a.l, 4294967295
  %a1 = lshr i64 %a.l, 32
  %b0 = and i64 %b.l, 4294967295
  %b1 = lshr i64 %b.l, 32
  %p00 = mul i64 %a0, %b0
  %p01 = mul i64 %a0, %b1
  %p10 = mul i64 %a1, %b0
  %p11 = mul i64 %a1, %b1
  %c = lshr i64 %p00, 32
  %m0 = add i64 %p01, %c
  %m0.l = and i64 %m0, 4294967295
  %m0.h = lshr i64 %m0, 32
  %m1 = add i64 %p10, %m0.l
  %m1.h = lshr i64 %m1, 32
  %m1.s = shl i64 %m1, 32
  %p.l = and i64 %p00, 4294967295
  %low = or i64 %m1.s, %p.l
  %h0 = add i64 %p11, %m0.h
  %h1 = add i64 %h0, %m1.h
  %x0 = mul i64 %a.l, %b.h
  %x1 = mul i64 %a.h, %b.l
  %h2 = add i64 %h1, %x0
  %high = add i64 %h2, %x1
  %low.w = zext i64 %low to i128
  %high.w = zext i64 %high to i128
  %high.s = shl i128 %high.w, 64
  %r = or i128 %high.s, %low.w
  ret i128 %r
}"""


def _shift(name: str, near: str, over: str, far: str, beyond: str, fill: str) -> str:
    """One half gets bits of both halves; `near` shifts the half that bits come into from outside, `over` is the other direction."""
    left = near == "shl"
    inner, outer = ("h", "l") if left else ("l", "h")
    return f"""HEAD i128 @{name}(i128 %a, i32 %n) ATTRIBUTES {{
entry:
  %l = trunc i128 %a to i64
  %s = lshr i128 %a, 64
  %h = trunc i128 %s to i64
  %c.0 = and i32 %n, 63
  %c = zext i32 %c.0 to i64
  %is.far = icmp uge i32 %n, 64
  br i1 %is.far, label %far, label %near
far:
  %far.in = {far} i64 %{outer}, %c
  %far.out = {beyond} i64 %{outer}, {fill}
  br label %end
near:
  %back.0 = xor i64 %c, 63
  %back.1 = {over} i64 %{outer}, 1
  %back = {over} i64 %back.1, %back.0
  %in.0 = {'shl' if left else 'lshr'} i64 %{inner}, %c
  %near.in = or i64 %in.0, %back
  %near.out = {near} i64 %{outer}, %c
  br label %end
end:
  %in = phi i64 [ %far.in, %far ], [ %near.in, %near ]
  %out = phi i64 [ %far.out, %far ], [ %near.out, %near ]
  %in.w = zext i64 %in to i128
  %out.w = zext i64 %out to i128
  %up = shl i128 %{'in' if left else 'out'}.w, 64
  %r = or i128 %up, %{'out' if left else 'in'}.w
  ret i128 %r
}}"""


_ABORT = """HEAD void @abort() ATTRIBUTES {
  call void @llvm.trap()
  unreachable
}"""

NUMBERS: dict[str, str] = {
    "fmod": _FMOD, "fmodf": _FMODF, "fma": _FMA, "fmaf": _FMAF,
    **{name: _rounding(name, "double") for name in _RULES},
    **{name + "f": _rounding(name, "float") for name in _RULES},
    "__multi3": _MULTIPLY,
    "__ashlti3": _shift("__ashlti3", "shl", "lshr", "shl", "and", "0"),
    "__lshrti3": _shift("__lshrti3", "lshr", "shl", "lshr", "and", "0"),
    "__ashrti3": _shift("__ashrti3", "ashr", "shl", "ashr", "ashr", "63"),
    "abort": _ABORT,
}  # fmt: skip
"""Texts by name."""
