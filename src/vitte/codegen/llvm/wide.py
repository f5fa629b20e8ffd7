"""128-bit arithmetic that the machine has no instruction for, as LLVM functions of our own, so that no compiler runtime is needed.

Each entry: name -> (other entries it calls, text). LINKAGE and ATTRIBUTES stand for the linkage, the attribute group and comdat. Every
unit that needs one emits it; the linker keeps one. The interpreter of constants computes the same with Python's integers.
"""

from __future__ import annotations

_HEAD = "define LINKAGE"

_UDIV = _HEAD + """ i128 @"vitte.rt.udiv128"(i128 %n, i128 %d) ATTRIBUTES {
entry:
  %small.n = icmp ult i128 %n, 18446744073709551616
  %small.d = icmp ult i128 %d, 18446744073709551616
  %small = and i1 %small.n, %small.d
  br i1 %small, label %word, label %wide
word:
  %n64 = trunc i128 %n to i64
  %d64 = trunc i128 %d to i64
  %q64 = udiv i64 %n64, %d64
  %q64w = zext i64 %q64 to i128
  ret i128 %q64w
wide:
  %half = icmp ult i128 %d, 4294967296
  br i1 %half, label %digits, label %general
digits:                                   ; schoolbook division by one digit in base 2**32
  %e = trunc i128 %d to i64
  %hi.w = lshr i128 %n, 64
  %hi = trunc i128 %hi.w to i64
  %lo = trunc i128 %n to i64
  %q.hi = udiv i64 %hi, %e
  %r.hi = urem i64 %hi, %e
  %r1s = shl i64 %r.hi, 32
  %lo.h = lshr i64 %lo, 32
  %a1 = or i64 %r1s, %lo.h
  %q1 = udiv i64 %a1, %e
  %r1 = urem i64 %a1, %e
  %r0s = shl i64 %r1, 32
  %lo.l = and i64 %lo, 4294967295
  %a0 = or i64 %r0s, %lo.l
  %q0 = udiv i64 %a0, %e
  %q1s = shl i64 %q1, 32
  %q.lo = or i64 %q1s, %q0
  %q.hi.w = zext i64 %q.hi to i128
  %q.hi.s = shl i128 %q.hi.w, 64
  %q.lo.w = zext i64 %q.lo to i128
  %q.d = or i128 %q.hi.s, %q.lo.w
  ret i128 %q.d
general:
  %less = icmp ult i128 %n, %d
  br i1 %less, label %zero, label %start
zero:
  ret i128 0
start:                                    ; shift and subtract, one bit of the quotient a round
  %cn = call i128 @llvm.ctlz.i128(i128 %n, i1 false)
  %cd = call i128 @llvm.ctlz.i128(i128 %d, i1 false)
  %shift = sub i128 %cd, %cn
  %top = shl i128 %d, %shift
  br label %loop
loop:
  %i = phi i128 [ %shift, %start ], [ %i.next, %loop ]
  %r = phi i128 [ %n, %start ], [ %r.next, %loop ]
  %s = phi i128 [ %top, %start ], [ %s.next, %loop ]
  %q = phi i128 [ 0, %start ], [ %q.next, %loop ]
  %fits = icmp uge i128 %r, %s
  %sub = select i1 %fits, i128 %s, i128 0
  %r.next = sub i128 %r, %sub
  %bit = zext i1 %fits to i128
  %q.up = shl i128 %q, 1
  %q.next = or i128 %q.up, %bit
  %s.next = lshr i128 %s, 1
  %i.next = sub i128 %i, 1
  %done = icmp eq i128 %i, 0
  br i1 %done, label %end, label %loop
end:
  ret i128 %q.next
}"""

_UREM = _HEAD + """ i128 @"vitte.rt.urem128"(i128 %n, i128 %d) ATTRIBUTES {
  %q = call i128 @"vitte.rt.udiv128"(i128 %n, i128 %d)
  %p = mul i128 %q, %d
  %r = sub i128 %n, %p
  ret i128 %r
}"""

_SDIV = _HEAD + """ i128 @"vitte.rt.sdiv128"(i128 %n, i128 %d) ATTRIBUTES {
  %an = call i128 @llvm.abs.i128(i128 %n, i1 false)
  %ad = call i128 @llvm.abs.i128(i128 %d, i1 false)
  %q = call i128 @"vitte.rt.udiv128"(i128 %an, i128 %ad)
  %signs = xor i128 %n, %d
  %negative = icmp slt i128 %signs, 0
  %minus = sub i128 0, %q
  %r = select i1 %negative, i128 %minus, i128 %q
  ret i128 %r
}"""

_SREM = _HEAD + """ i128 @"vitte.rt.srem128"(i128 %n, i128 %d) ATTRIBUTES {
  %q = call i128 @"vitte.rt.sdiv128"(i128 %n, i128 %d)
  %p = mul i128 %q, %d
  %r = sub i128 %n, %p
  ret i128 %r
}"""

_SMULO = _HEAD + """ { i128, i1 } @"vitte.rt.smulo128"(i128 %a, i128 %b) ATTRIBUTES {
  %aa = call i128 @llvm.abs.i128(i128 %a, i1 false)
  %ab = call i128 @llvm.abs.i128(i128 %b, i1 false)
  %pair = call { i128, i1 } @llvm.umul.with.overflow.i128(i128 %aa, i128 %ab)
  %p = extractvalue { i128, i1 } %pair, 0
  %over = extractvalue { i128, i1 } %pair, 1
  %signs = xor i128 %a, %b
  %negative = icmp slt i128 %signs, 0
  %minus = sub i128 0, %p
  %r = select i1 %negative, i128 %minus, i128 %p
  %r.negative = icmp slt i128 %r, 0
  %wrong = icmp ne i1 %r.negative, %negative
  %nonzero = icmp ne i128 %r, 0
  %bad = and i1 %wrong, %nonzero
  %o = or i1 %over, %bad
  %x = insertvalue { i128, i1 } poison, i128 %r, 0
  %y = insertvalue { i128, i1 } %x, i1 %o, 1
  ret { i128, i1 } %y
}"""


def _uitofp(short: str, ty: str) -> str:
    """Shift the top bit to bit 63, fold what falls off into the last bit (so that rounding sees it), convert, scale by a power of two."""
    scale = {
        "double": """  %e = add i64 %down, 1023
  %e.s = shl i64 %e, 52
  %f = bitcast i64 %e.s to double
  %r = fmul double %m, %f""",
        "float": """  %e = add i64 %down, 127
  %e.t = trunc i64 %e to i32
  %e.s = shl i32 %e.t, 23
  %f = bitcast i32 %e.s to float
  %r = fmul float %m, %f""",
    }[ty]
    return f"""{_HEAD} {ty} @"vitte.rt.uitofp128.{short}"(i128 %n) ATTRIBUTES {{
entry:
  %small = icmp ult i128 %n, 18446744073709551616
  br i1 %small, label %word, label %wide
word:
  %n64 = trunc i128 %n to i64
  %w = uitofp i64 %n64 to {ty}
  ret {ty} %w
wide:
  %zeros = call i128 @llvm.ctlz.i128(i128 %n, i1 false)
  %down.w = sub i128 64, %zeros
  %down = trunc i128 %down.w to i64
  %high = lshr i128 %n, %down.w
  %top = trunc i128 %high to i64
  %back = shl i128 %high, %down.w
  %lost = icmp ne i128 %back, %n
  %sticky = zext i1 %lost to i64
  %bits = or i64 %top, %sticky
  %m = uitofp i64 %bits to {ty}
{scale}
  ret {ty} %r
}}"""


def _sitofp(short: str, ty: str) -> str:
    return f"""{_HEAD} {ty} @"vitte.rt.sitofp128.{short}"(i128 %n) ATTRIBUTES {{
  %a = call i128 @llvm.abs.i128(i128 %n, i1 false)
  %f = call {ty} @"vitte.rt.uitofp128.{short}"(i128 %a)
  %negative = icmp slt i128 %n, 0
  %minus = fneg {ty} %f
  %r = select i1 %negative, {ty} %minus, {ty} %f
  ret {ty} %r
}}"""


_FPTOUI = _HEAD + """ i128 @"vitte.rt.fptoui128"(double %x) ATTRIBUTES {
entry:
  %one = fcmp oge double %x, 1.0
  br i1 %one, label %large, label %zero
zero:                                     ; below 1, negative or not a number
  ret i128 0
large:
  %bits = bitcast double %x to i64
  %e = lshr i64 %bits, 52
  %shift = sub i64 %e, 1023
  %over = icmp ugt i64 %shift, 127
  br i1 %over, label %max, label %fit
max:
  ret i128 -1
fit:
  %f = and i64 %bits, 4503599627370495
  %m = or i64 %f, 4503599627370496
  %m.w = zext i64 %m to i128
  %s = zext i64 %shift to i128
  %up = shl i128 %m.w, 64
  %near = lshr i128 %up, 52
  %small = icmp ult i64 %shift, 64
  br i1 %small, label %down, label %high
down:                                     ; the mantissa with 64 bits behind the point, down to whole numbers
  %d = sub i128 64, %s
  %r.down = lshr i128 %near, %d
  ret i128 %r.down
high:
  %u = sub i128 %s, 52
  %r.up = shl i128 %m.w, %u
  ret i128 %r.up
}"""

_FPTOSI = _HEAD + """ i128 @"vitte.rt.fptosi128"(double %x) ATTRIBUTES {
entry:
  %a = call double @llvm.fabs.f64(double %x)
  %u = call i128 @"vitte.rt.fptoui128"(double %a)
  %negative = fcmp olt double %x, 0.0
  br i1 %negative, label %minus, label %plus
plus:
  %high = icmp slt i128 %u, 0
  %r.plus = select i1 %high, i128 170141183460469231731687303715884105727, i128 %u
  ret i128 %r.plus
minus:
  %low = icmp slt i128 %u, 0
  %n = sub i128 0, %u
  %r.minus = select i1 %low, i128 -170141183460469231731687303715884105728, i128 %n
  ret i128 %r.minus
}"""

WIDE: dict[str, tuple[tuple[str, ...], str]] = {
    "vitte.rt.udiv128": ((), _UDIV),
    "vitte.rt.urem128": (("vitte.rt.udiv128",), _UREM),
    "vitte.rt.sdiv128": (("vitte.rt.udiv128",), _SDIV),
    "vitte.rt.srem128": (("vitte.rt.sdiv128",), _SREM),
    "vitte.rt.smulo128": ((), _SMULO),
    "vitte.rt.uitofp128.f32": ((), _uitofp("f32", "float")),
    "vitte.rt.uitofp128.f64": ((), _uitofp("f64", "double")),
    "vitte.rt.sitofp128.f32": (("vitte.rt.uitofp128.f32",), _sitofp("f32", "float")),
    "vitte.rt.sitofp128.f64": (("vitte.rt.uitofp128.f64",), _sitofp("f64", "double")),
    "vitte.rt.fptoui128": ((), _FPTOUI),
    "vitte.rt.fptosi128": (("vitte.rt.fptoui128",), _FPTOSI),
}

INTRINSICS: dict[str, str] = {
    "llvm.umul.with.overflow.i128": "declare { i128, i1 } @llvm.umul.with.overflow.i128(i128, i128)",
    "llvm.abs.i128": "declare i128 @llvm.abs.i128(i128, i1)",
    "llvm.ctlz.i128": "declare i128 @llvm.ctlz.i128(i128, i1)",
    "llvm.fabs.f64": "declare double @llvm.fabs.f64(double)",
}
"""What the helpers call of LLVM's own."""
