"""A counting allocator that is linked into programs: no block may be freed twice or left over.

It defines malloc, calloc, realloc and free above glibc's `__libc_*`, with a head of 16 bytes before each block that says
whether it is live. A wrong free ends the program with status 98; blocks left when `main` has returned end it with 99 and
a line on standard error.
"""

from __future__ import annotations

import os
from pathlib import Path

LEAK, WRONG_FREE = 99, 98

IR = r"""
target triple = "x86_64-unknown-linux-gnu"
@live = internal global i64 0
@leak = private constant [22 x i8] c"blocks were not freed\0A"
@wrong = private constant [25 x i8] c"a block was freed wrongly"
@digits = internal global [20 x i8] zeroinitializer

declare ptr @__libc_malloc(i64)
declare ptr @__libc_realloc(ptr, i64)
declare void @__libc_free(ptr)
declare i64 @write(i32, ptr, i64)
declare void @_exit(i32)

define ptr @malloc(i64 %n) {
  %size = add i64 %n, 16
  %p = call ptr @__libc_malloc(i64 %size)
  store i64 4919131752989213764, ptr %p
  %old = load i64, ptr @live
  %new = add i64 %old, 1
  store i64 %new, ptr @live
  %q = getelementptr i8, ptr %p, i64 16
  ret ptr %q
}

define ptr @calloc(i64 %a, i64 %b) {
  %n = mul i64 %a, %b
  %q = call ptr @malloc(i64 %n)
  call void @llvm.memset.p0.i64(ptr %q, i8 0, i64 %n, i1 false)
  ret ptr %q
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

define internal ptr @head(ptr %q) {
  %p = getelementptr i8, ptr %q, i64 -16
  %mark = load i64, ptr %p
  %good = icmp eq i64 %mark, 4919131752989213764
  br i1 %good, label %ok, label %bad
ok:
  ret ptr %p
bad:
  %w = call i64 @write(i32 2, ptr @wrong, i64 25)
  call void @_exit(i32 98)
  unreachable
}

define ptr @realloc(ptr %q, i64 %n) {
  %none = icmp eq ptr %q, null
  br i1 %none, label %new, label %old
new:
  %r = call ptr @malloc(i64 %n)
  ret ptr %r
old:
  %p = call ptr @head(ptr %q)
  %size = add i64 %n, 16
  %s = call ptr @__libc_realloc(ptr %p, i64 %size)
  %t = getelementptr i8, ptr %s, i64 16
  ret ptr %t
}

define void @free(ptr %q) {
  %none = icmp eq ptr %q, null
  br i1 %none, label %done, label %some
some:
  %p = call ptr @head(ptr %q)
  store i64 16045690984833335023, ptr %p
  %old = load i64, ptr @live
  %new = sub i64 %old, 1
  store i64 %new, ptr @live
  call void @__libc_free(ptr %p)
  br label %done
done:
  ret void
}

define internal void @finish() {
  %n = load i64, ptr @live
  %none = icmp eq i64 %n, 0
  br i1 %none, label %done, label %left
left:
  %w = call i64 @write(i32 2, ptr @leak, i64 22)
  call void @_exit(i32 99)
  unreachable
done:
  ret void
}
@at_end = internal constant ptr @finish, section ".fini_array"
@llvm.used = appending global [1 x ptr] [ptr @at_end], section "llvm.metadata"
"""


def counting_object() -> str:
    """Path of the object; made once."""
    path = Path(os.environ["VITTE_CACHE"]) / "counting-allocator-1.o"
    if not path.exists():
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        module = llvm.parse_assembly(IR)
        module.verify()
        machine = llvm.Target.from_triple("x86_64-unknown-linux-gnu").create_target_machine(reloc="pic", codemodel="default")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(machine.emit_object(module))
        temporary.rename(path)
    return str(path)
