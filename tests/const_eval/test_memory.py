"""The interpreter's memory: what programs must not do is noticed and said."""

import pytest

from tests.const_eval.kit import machine
from vitte.const_eval.machine import Panic, StepLimit
from vitte.const_eval.memory import Memory, MemoryFault

PROGRAM = '''
extern "malloc"(i64) -> ptr
extern "free"(ptr) -> ()
global "text" private align 1 = "hello"
global "table" external mutable align 8 = "\\00\\00\\00\\00\\00\\00\\00\\00\\07\\00\\00\\00\\00\\00\\00\\00" { 0: "text" 1 }
fn "through_table"() -> i8 external {
bb0:
  %0 = global_addr ptr "table"
  %1 = load ptr %0
  %2 = load i8 %1
  ret %2
}
fn "at"(%0: i64) -> i8 external {
bb0:
  %1 = global_addr ptr "text"
  %2 = ptr_add ptr %1, %0
  %3 = load i8 %2
  ret %3
}
fn "set_text"() -> () external {
bb0:
  %0 = global_addr ptr "text"
  %1 = iconst i8 1
  store %1, %0
  ret
}
fn "slot"(%0: i64, %1: i64) -> i64 external {
  slot 0: size 16 align 8 "a"
bb0:
  %2 = slot ptr 0
  %3 = ptr_add ptr %2, %0
  store %1, %3
  %4 = load i64 %2 8
  ret %4
}
fn "dangling"() -> ptr external {
  slot 0: size 8 align 8 "a"
bb0:
  %0 = slot ptr 0
  ret %0
}
fn "use_dangling"() -> i64 external {
bb0:
  %0 = call ptr "dangling"
  %1 = load i64 %0
  ret %1
}
fn "heap"(%0: i1) -> i64 external {
bb0:
  %1 = iconst i64 24
  %2 = call ptr "malloc" %1
  store %1, %2 16
  call "free" %2
  br %0, bb1, bb2
bb1:
  call "free" %2
  jump bb2
bb2:
  %3 = load i64 %2 16
  ret %3
}
fn "null"() -> i64 external {
bb0:
  %0 = null ptr
  %1 = load i64 %0 16
  ret %1
}
fn "copy"(%0: i64) -> i64 external {
  slot 0: size 32 align 8 "a"
  slot 1: size 32 align 8 "b"
bb0:
  %1 = slot ptr 0
  %2 = slot ptr 1
  store %0, %1 8
  memcpy %2, %1 24
  %3 = load i64 %2 8
  %4 = iconst i64 40
  memmove.n %2, %1, %4
  ret %3
}
fn "code"(%0: ptr) -> i64 external {
bb0:
  %1 = iconst i64 4
  %2 = call_ptr i64 %0, %1
  ret %2
}
fn "twice"(%0: i64) -> i64 external {
bb0:
  %1 = add i64 %0, %0
  ret %1
}
fn "through_code"() -> i64 external {
bb0:
  %0 = fn_addr ptr "twice"
  %1 = call i64 "code" %0
  ret %1
}
fn "fail"(%0: i1, %1: i64, %2: i64) -> () external {
  loc 1: "m.vit" 7:3
bb0:
  check %0, %1, %2 "index" @1
  %3 = smul.trap i64 %1, %1 @1
  ret
}
fn "forever"() -> () external {
bb0:
  jump bb1
bb1:
  jump bb1
}
'''


def fault(symbol: str, *args: int, checked: bool = False) -> str:
    m = machine(PROGRAM, checked=checked)
    m.natives.update({"malloc": m.memory.allocate, "free": m.memory.free})
    with pytest.raises(MemoryFault) as caught:
        m.call(symbol, *args)
    return str(caught.value)


@pytest.mark.parametrize("checked", [False, True])
def test_what_is_allowed(checked: bool) -> None:
    m = machine(PROGRAM, checked=checked)
    assert m.call("through_table") == ord("e")
    assert [m.call("at", i) for i in range(5)] == list(b"hello")
    assert m.call("slot", 8, -3) == -3
    assert m.call("through_code") == 8
    assert len([n for n in m.memory.data if n not in m.memory.names]) == 0, "slots are gone after the call"


@pytest.mark.parametrize("checked", [False, True])
def test_what_is_not(checked: bool) -> None:
    assert "bytes 5 to 6 of an object of 5 bytes" in fault("at", 5, checked=checked)
    assert "1 bytes before" in fault("at", -1, checked=checked)
    assert 'constant "text"' in fault("set_text", checked=checked)
    assert "of an object of 16 bytes" in fault("slot", 9, 1, checked=checked)
    assert "freed, or is no memory" in fault("use_dangling", checked=checked)
    assert "freed, or is no memory" in fault("heap", 0, checked=checked)
    assert fault("heap", 1, checked=checked).startswith("free of memory that was freed")
    assert "address 16" in fault("null", checked=checked)
    assert "bytes 0 to 40 of an object of 32 bytes" in fault("copy", 1, checked=checked)
    assert "call of" in fault("code", 77 << 32, checked=checked)


def test_uninitialised_is_noticed_when_checked() -> None:
    assert fault("slot", 0, 1, checked=True) == "read of uninitialised memory"
    assert machine(PROGRAM).call("slot", 0, 1) == int.from_bytes(b"\xa5" * 8, "little", signed=True)


def test_pointers_are_kept_apart_when_checked() -> None:
    memory = Memory(checked=True)
    at, to = memory.add(24), memory.add(24)
    memory.store("ptr", to, at + 8)
    memory.store("i64", 5, at)
    memory.copy(to, at, 16)
    assert memory.pointers(to >> 32) == [(8, to)]
    assert memory.load("ptr", to + 8) == to
    with pytest.raises(MemoryFault, match="part of a pointer"):
        memory.load("i64", to + 8)
    with pytest.raises(MemoryFault, match="uninitialised"):
        memory.load("i64", to + 16)


def test_panics_say_what_and_where() -> None:
    m = machine(PROGRAM)
    with pytest.raises(Panic) as caught:
        m.call("fail", 0, 5, 3)
    assert caught.value.message == "index 5 is out of range for length 3"
    assert [(f.fn.symbol, f.loc.line) for f in m.trace(caught.value.__traceback__)] == [("fail", 7)]
    with pytest.raises(Panic) as caught:
        m.call("fail", 1, 1 << 40, 3)
    assert caught.value.message == "attempt to multiply with overflow"


def test_steps_are_limited() -> None:
    with pytest.raises(StepLimit):
        machine(PROGRAM, step_limit=1000).call("forever")
