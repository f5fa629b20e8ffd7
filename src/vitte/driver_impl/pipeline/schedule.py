"""All units of a graph, dependencies first: in this process, or over a pool of forked ones.

Workers are forked after discovery, so they share every parsed tree; only finished interfaces travel. A worker that
dies (an assertion inside LLVM aborts the process) is an internal error that names stage and unit; the build goes on
being reported by the parent. With one job, code generation still happens in one worker, for that reason.
"""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
import sys
from typing import TYPE_CHECKING

import msgspec

from vitte.driver.error import DriverError, StageCrash
from vitte.driver.session import Timing
from vitte.driver_impl.pipeline.units import Done, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

_encoder = msgspec.msgpack.Encoder()
_NOTE = 512


class _Order(msgspec.Struct, array_like=True):
    """Compile unit `index`; `news` are finished units that the worker may not know."""

    index: int
    news: list[Done]


class _Answer(msgspec.Struct, array_like=True):
    done: Done | None = None
    crash: tuple[str, str, str, str] | None = None
    problem: tuple[str, list[str], int] | None = None


_orders = msgspec.msgpack.Decoder(_Order)
_answers = msgspec.msgpack.Decoder(_Answer)


def run_all(shop: Workshop, jobs: int, isolate: bool, progress: Callable[[int, int, str], None] | None = None) -> None:
    """Compile every unit; the results are in `shop.done`. `isolate`: use a worker even for one job."""
    order = shop.graph.order
    if (jobs <= 1 and not isolate) or not hasattr(os, "fork") or len(order) == 0:
        for count, index in enumerate(order):
            if progress is not None:
                progress(count, len(order), shop.graph.units[index].module)
            shop.compile(index)
        return
    # What is remembered is taken here: looking up costs less than telling a worker to.
    todo = []
    for index in order:
        if any(i not in shop.done for i in shop.graph.units[index].reach):
            todo.append(index)
            continue
        unit = shop.graph.units[index]
        store = shop.discovery.std_store if unit.role == "std" else shop.discovery.store
        found = shop._remembered(unit, shop.key(unit), store)
        if found is not None:
            shop.take(found)
        else:
            todo.append(index)
    if todo:
        _Pool(shop, min(max(jobs, 1), len(todo)), progress).run(todo)


class _Worker:
    """A forked process: `orders` and `answers` are our ends of its pipes. `note`: memory where it writes what it is doing."""

    __slots__ = ("answers", "buffer", "index", "known", "note", "orders", "pid")

    def __init__(self, pid: int, orders: int, answers: int, note: mmap.mmap) -> None:
        self.pid = pid
        self.orders = orders
        self.answers = answers
        self.note = note
        self.index = -1
        self.known: set[int] = set()
        self.buffer = bytearray()


class _Pool:
    def __init__(self, shop: Workshop, size: int, progress: Callable[[int, int, str], None] | None) -> None:
        self.shop = shop
        self.size = size
        self.progress = progress
        self.workers: list[_Worker] = []

    def run(self, todo: list[int]) -> None:
        shop = self.shop
        units = shop.graph.units
        position = {index: at for at, index in enumerate(todo)}
        waiting = {index: sum(1 for i in units[index].reach if i not in shop.done) for index in todo}
        dependents: dict[int, list[int]] = {}
        for index in todo:
            for needed in units[index].reach:
                if needed not in shop.done:
                    dependents.setdefault(needed, []).append(index)
        ready = [index for index in todo if waiting[index] == 0]
        left = len(todo)
        before = sorted(shop.done)
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()
        try:
            for _ in range(self.size):
                worker = self._fork()
                worker.known.update(before)
                self.workers.append(worker)
            poll = select.poll()
            by_fd = {worker.answers: worker for worker in self.workers}
            for worker in self.workers:
                poll.register(worker.answers, select.POLLIN | select.POLLHUP)
            while left:
                for worker in self.workers:
                    if worker.index < 0 and ready:
                        self._send(worker, ready.pop(0))
                for fd, _ in poll.poll():
                    worker = by_fd[fd]
                    done = self._receive(worker)
                    if done is None:
                        continue
                    shop.take(done)
                    shop.context.timings.extend(Timing(*timing) for timing in done.timings)
                    worker.known.add(done.index)
                    worker.index = -1
                    left -= 1
                    for index in dependents.get(done.index, ()):
                        waiting[index] -= 1
                        if waiting[index] == 0:
                            ready.append(index)
                    ready.sort(key=position.__getitem__)
                    if self.progress is not None:
                        self.progress(len(todo) - left, len(todo), units[done.index].module)
        finally:
            self._end()

    def _fork(self) -> _Worker:
        order_read, order_write = os.pipe()
        answer_read, answer_write = os.pipe()
        note = mmap.mmap(-1, _NOTE)
        pid = os.fork()
        if pid == 0:
            status = 70
            try:
                os.close(order_write)
                os.close(answer_read)
                for other in self.workers:
                    os.close(other.orders)
                    os.close(other.answers)
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                _serve(self.shop, order_read, answer_write, note)
                status = 0
            finally:
                os._exit(status)
        os.close(order_read)
        os.close(answer_write)
        return _Worker(pid, order_write, answer_read, note)

    def _send(self, worker: _Worker, index: int) -> None:
        worker.index = index
        news = []
        for needed in self.shop.graph.units[index].reach:
            if needed not in worker.known:
                worker.known.add(needed)
                done = self.shop.done[needed]
                news.append(Done(done.index, done.broken, done.interface, done.fingerprint, b""))
        data = _encoder.encode(_Order(index, news))
        try:
            _write_all(worker.orders, len(data).to_bytes(8, "little") + data)
        except BrokenPipeError:
            raise self._died(worker) from None

    def _receive(self, worker: _Worker) -> Done | None:
        """The next answer, or None when it has not come as a whole yet."""
        chunk = os.read(worker.answers, 1 << 20)
        if not chunk:
            raise self._died(worker)
        buffer = worker.buffer
        buffer += chunk
        if len(buffer) < 8:
            return None
        size = int.from_bytes(buffer[:8], "little")
        if len(buffer) < 8 + size:
            return None
        answer = _answers.decode(bytes(buffer[8 : 8 + size]))
        del buffer[: 8 + size]
        if answer.crash is not None:
            raise StageCrash(*answer.crash)
        if answer.problem is not None:
            message, helps, status = answer.problem
            raise DriverError(message, helps=tuple(helps), status=status)
        return answer.done

    def _died(self, worker: _Worker) -> StageCrash:
        _, status = os.waitpid(worker.pid, 0)
        self.workers.remove(worker)
        os.close(worker.orders)
        os.close(worker.answers)
        stage = bytes(worker.note).split(b"\0", 1)[0].decode(errors="replace")
        unit = self.shop.graph.units[worker.index].module if worker.index >= 0 else "no unit"
        if os.WIFSIGNALED(status):
            how = f"was ended by signal {os.WTERMSIG(status)} ({signal.Signals(os.WTERMSIG(status)).name})"
        else:
            how = f"ended with status {os.WEXITSTATUS(status)}"
        return StageCrash(stage or "start", unit, f"the process that compiled it {how}\n")

    def _end(self) -> None:
        """No worker outlives the pool, whatever happened."""
        for worker in self.workers:
            os.close(worker.orders)
        for worker in self.workers:
            try:
                if worker.index >= 0:
                    os.kill(worker.pid, signal.SIGKILL)
                os.waitpid(worker.pid, 0)
            except (ChildProcessError, ProcessLookupError):
                pass
            os.close(worker.answers)
            worker.note.close()
        self.workers.clear()
        gc.unfreeze()


def _serve(shop: Workshop, orders: int, answers: int, note: mmap.mmap) -> None:
    """A worker's life: one order after the other until the pipe closes."""

    def on_stage(name: str) -> None:
        note[: len(name) + 1] = name.encode() + b"\0"

    while True:
        head = _read_exact(orders, 8)
        if head is None:
            return
        data = _read_exact(orders, int.from_bytes(head, "little"))
        if data is None:
            return
        order = _orders.decode(data)
        for done in order.news:
            shop.take(done)
        try:
            answer = _Answer(done=shop.compile(order.index, on_stage))
        except StageCrash as crash:
            answer = _Answer(crash=(crash.stage, crash.unit, crash.trace, crash.proc))
        except DriverError as error:
            answer = _Answer(problem=(error.message, list(error.helps), error.status))
        except BaseException:
            import traceback

            unit = shop.graph.units[order.index].module
            stage = bytes(note).split(b"\0", 1)[0].decode(errors="replace")
            answer = _Answer(crash=(stage or "start", unit, traceback.format_exc(), ""))
        encoded = _encoder.encode(answer)
        _write_all(answers, len(encoded).to_bytes(8, "little") + encoded)


def _read_exact(fd: int, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        chunk = os.read(fd, min(size - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
