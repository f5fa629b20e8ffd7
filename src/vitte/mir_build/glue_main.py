"""The C `main` of a program, and of a test binary."""

from __future__ import annotations

from vitte.ir import lang, mir
from vitte.ir import types as t
from vitte.ir.mir import Place
from vitte.ir.mono import Instance
from vitte.ir.types import Ty
from vitte.mir_build.glue import Glue

_ARGV = t.ptr_ty(t.ptr_ty(t.U8))


class MainGlue(Glue):
    """Keep the arguments, call the entry procedure, show its error, give its status."""

    def signature(self) -> tuple[list[tuple[Ty, str]], Ty]:
        return [(t.I32, "own"), (_ARGV, "own")], t.I32

    def begin(self, path: str) -> None:
        operands: list[mir.Operand] = [mir.Copy(self.param_places[0]), mir.Copy(self.param_places[1])]
        self.call(self.nowhere(), self.unit.use(Instance(path)), operands)

    def finish_with(self, status: mir.Operand) -> None:
        self.call(Place(0), self.unit.use(Instance(lang.FINISH)), [status])
        self.end(mir.Return())

    def emit(self) -> None:
        self.begin(lang.START)
        path = self.instance.path
        proc = self.unit.defs.procs[path]
        operands: list[mir.Operand] = []
        if proc.params:
            param = proc.params[0]
            arguments = Place(self.temp(param.ty))
            self.call(arguments, self.unit.use(Instance(lang.ARGUMENTS)), [])
            if param.mode == "own":
                operands.append(mir.Move(arguments))
            else:
                operands.append(self.lend(arguments, param.ty, param.mode == "mut"))
        result = proc.result
        value = self.nowhere() if result is t.UNIT else Place(self.temp(result))
        self.call(value, self.unit.use(Instance(path)), operands)
        if proc.params and proc.params[0].mode != "own" and self.unit.needs_drop(proc.params[0].ty):
            self.stmts.append(mir.Drop(arguments))
        if result is t.NEVER:
            self.end(mir.Unreachable())
        elif type(result) is t.AdtTy and result.path == lang.RESULT:
            ok = self.unit.variant_index(lang.RESULT, "Ok")
            err = self.unit.variant_index(lang.RESULT, "Err")
            which = self.assign_temp(t.INT, mir.Discriminant(value))
            good, bad = self.new_block(), self.new_block()
            self.switch(mir.Copy(Place(which)), [ok], [good], bad)
            self.start(bad)
            self.report(*self.field(value, result, 0, err))
            if self.unit.needs_drop(result):
                self.stmts.append(mir.Drop(value))
            self.finish_with(mir.Const(t.I32, 1))
            self.start(good)
            if result.args[0] is t.UNIT:
                self.finish_with(mir.Const(t.I32, 0))
            else:
                self.status(*self.field(value, result, 0, ok))
        elif result is t.UNIT:
            self.finish_with(mir.Const(t.I32, 0))
        else:
            self.status(value, result)

    def status(self, place: Place, ty: Ty) -> None:
        """The low 8 bits of an integer."""
        low = self.assign_temp(ty, mir.Binary("&", mir.Copy(place), mir.Const(ty, 255)))
        self.finish_with(mir.Copy(Place(self.assign_temp(t.I32, mir.Cast("int", mir.Copy(Place(low)), t.I32)))))

    def report(self, place: Place, ty: Ty) -> None:
        text = Place(self.temp(t.STRING))
        try:
            self.call(text, self.method(lang.TRAIT_SHOW, "show", ty), [self.lend(place, ty)])
        except LookupError:
            buffer_ty = t.adt_ty(lang.BUFFER)
            buffer = Place(self.temp(buffer_ty))
            self.call(buffer, self.unit.use(Instance(lang.BUFFER_NEW)), [])
            debug = self.method(lang.TRAIT_DEBUG, "debug_to", ty)
            self.call(self.nowhere(), debug, [self.lend(place, ty), self.lend(buffer, buffer_ty, True)])
            self.call(text, self.unit.use(Instance(lang.BUFFER_FINISH)), [mir.Move(buffer)])
        self.call(self.nowhere(), self.unit.use(Instance(lang.REPORT_ERROR)), [self.lend(text, t.STRING)])
        self.stmts.append(mir.Drop(text))


class TestMainGlue(MainGlue):
    """The library's test runner, which asks for the tests through intrinsics."""

    def emit(self) -> None:
        self.begin(lang.TEST_BEGIN)
        self.finish_with(mir.Const(t.I32, 0))
