"""Typed bodies, SSA modules and diagnostics as bytes and back: `msgspec` by the declared types, no code in the data.

A type is written as its canonical text. Integers beyond 64 bits, which MessagePack does not have, are an extension:
the rare data that holds one goes a slower way round, told apart by its first byte.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Struct

from vitte.base.diagnostics import Diagnostic
from vitte.ir import defs, thir
from vitte.ir import ssa as ssa_ir
from vitte.ir.defs import Interface
from vitte.ir.types import Ty, parse_ty

if not hasattr(defs, "thir"):
    defs.thir = thir  # type: ignore[attr-defined]  # annotations of `defs` name it, and are resolved by the decoder

_BIG = 1


_encode_hook = attrgetter("text")
"""Types are the only values that msgspec does not know; half of the time of encoding goes into this."""


def _decode_hook(kind: type, value: Any) -> Any:
    if issubclass(kind, Ty):
        return parse_ty(value)
    raise NotImplementedError(kind.__name__)


def _ext(code: int, data: memoryview) -> int:
    if code != _BIG:
        raise ValueError("unknown extension")
    return int(bytes(data))


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_hook)


class Codec(Struct):
    """Encodes and decodes one type; the decoder is made when first used, which takes milliseconds."""

    kind: Any
    decoder: Any = None

    def encode(self, value: object) -> bytes:
        try:
            return b"\0" + _encoder.encode(value)
        except OverflowError:
            tree = msgspec.to_builtins(value, enc_hook=_big_hook, builtin_types=(bytes, bytearray))
            return b"\1" + _encoder.encode(_wrap(tree))

    def decode(self, data: bytes) -> Any:
        """Raises `msgspec.MsgspecError` or ValueError on anything that `encode` did not write."""
        if data[:1] == b"\0":
            if self.decoder is None:
                self.decoder = msgspec.msgpack.Decoder(self.kind, dec_hook=_decode_hook)
            return self.decoder.decode(memoryview(data)[1:])
        if data[:1] == b"\1":
            tree = msgspec.msgpack.decode(memoryview(data)[1:], ext_hook=_ext)
            return msgspec.convert(tree, self.kind, dec_hook=_decode_hook, builtin_types=(bytes, bytearray))
        raise ValueError("not encoded here")


_big_hook = _encode_hook


def _wrap(tree: Any) -> Any:
    """A copy of plain data with every integer beyond 64 bits as an extension."""
    kind = type(tree)
    if kind is int:
        return tree if -(1 << 63) <= tree < 1 << 64 else msgspec.msgpack.Ext(_BIG, str(tree).encode())
    if kind is dict:
        return {key: _wrap(value) for key, value in tree.items()}
    if kind is list or kind is tuple:
        return [_wrap(value) for value in tree]
    return tree


def encode_typed(module: thir.Module) -> bytes:
    """What stage 3 made of a unit, without its interface, which is kept apart."""
    return _typed.encode((module.path, module.file, module.bodies, module.static_asserts))


def decode_typed(data: bytes, interface: Interface) -> thir.Module:
    """The module as stage 3 made it. Bodies that cross units become one object here and in `interface`. Raises as `Codec.decode` does."""
    path, file, bodies, asserts = _typed.decode(data)
    for name in interface.bodies:
        if name in bodies:
            interface.bodies[name] = bodies[name]
    return thir.Module(path, file, interface, bodies, asserts)


_typed = Codec(tuple[str, str, dict[str, thir.Body], list[thir.StaticAssert]])
ssa = Codec(ssa_ir.Module)
diagnostics = Codec(list[Diagnostic])
