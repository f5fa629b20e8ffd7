"""All units of a graph, dependencies first, the longest way to the end first: in this process, or over a pool of forked ones.

The parent looks every unit up; what is not remembered goes to a worker, forked when first needed, so that it shares every
parsed tree and all that was read of the cache. Only finished units travel. The parent alone writes entries to the cache, as
results come in, so whatever ends a build, what was finished before is kept.

A worker that is killed from outside is replaced, and its unit tried once more. One that dies by itself (an assertion inside
LLVM aborts the process) is an internal error that names stage and unit, reported when the others have finished what they
were at. With one job, code generation still happens in a worker, for that reason.
"""

from __future__ import annotations

import gc
import mmap
import os
import select
import signal
import sys
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import msgspec

from vitte.driver.error import DriverError, StageCrash
from vitte.driver.session import Timing
from vitte.driver_impl.pipeline.graph import Changed, members
from vitte.driver_impl.pipeline.units import Done, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int, str], None]

_encoder = msgspec.msgpack.Encoder()
_NOTE = 512


class _Order(msgspec.Struct, array_like=True):
    """Compile unit `index`; `news` are finished units that the worker may not know."""

    index: int
    news: list[Done]


class _Answer(msgspec.Struct, array_like=True):
    """One of: a finished unit, an internal error, a problem to be told, the path of a source that changed."""

    done: Done | None = None
    crash: tuple[str, str, str, str] | None = None
    problem: tuple[str, list[str], int] | None = None
    changed: str | None = None


_orders = msgspec.msgpack.Decoder(_Order)
_answers = msgspec.msgpack.Decoder(_Answer)


class Queue:
    """Units whose dependencies are finished. The one from which the longest chain of units depends comes first, measured in
    lines of source: the critical path of list scheduling (Graham 1969)."""

    def __init__(self, shop: Workshop, todo: list[int]) -> None:
        units = shop.graph.units
        wanted = set(todo)
        self.left = len(todo)
        self.total = len(todo)
        self._dependents: dict[int, list[int]] = {}
        self._waiting: dict[int, int] = {}
        for index in todo:
            needed = {i for i in units[index].dependencies if i in wanted}
            self._waiting[index] = len(needed)
            for i in needed:
                self._dependents.setdefault(i, []).append(index)
        self._length: dict[int, int] = {}
        for index in reversed(todo):  # dependents come later in `todo`
            after = max((self._length[i] for i in self._dependents.get(index, ())), default=0)
            self._length[index] = after + units[index].lines + 1
        self._ready: list[tuple[int, int]] = []
        for index in todo:
            if self._waiting[index] == 0:
                self.push(index)

    def length(self, index: int) -> int:
        """Lines on the longest chain from this unit on."""
        return self._length[index]

    def push(self, index: int) -> None:
        heappush(self._ready, (-self._length[index], index))

    def pop(self) -> int | None:
        return heappop(self._ready)[1] if self._ready else None

    def __bool__(self) -> bool:
        return bool(self._ready)

    def finished(self, index: int) -> None:
        self.left -= 1
        for i in self._dependents.get(index, ()):
            self._waiting[i] -= 1
            if self._waiting[i] == 0:
                self.push(i)


def run_all(shop: Workshop, todo: list[int], jobs: int, isolate: bool, progress: Progress | None = None) -> None:
    """Finish the units of `todo` (dependencies before dependents); the results are in `shop.done`. `isolate`: use a worker even
    for one job. Raises `Changed`, `StageCrash` and `DriverError`."""
    if not todo:
        return
    queue = Queue(shop, todo)
    if (jobs > 1 or isolate) and hasattr(os, "fork"):
        _Pool(shop, queue, max(jobs, 1), progress).run()
        return
    while (index := queue.pop()) is not None:
        if progress is not None:
            progress(queue.total - queue.left, queue.total, shop.graph.units[index].module)
        done = shop.fresh(index)
        if done is None:
            shop.explain(index)
            done = shop.compile(index)
            shop.remember(done)
        shop.take(done)
        queue.finished(index)


class _Worker:
    """A forked process: `orders` and `answers` are our ends of its pipes. `note`: memory where it writes what it is doing.
    `known`: bits of the units whose results it has."""

    __slots__ = ("answers", "buffer", "index", "known", "note", "orders", "pid")

    def __init__(self, pid: int, orders: int, answers: int, note: mmap.mmap) -> None:
        self.pid = pid
        self.orders = orders
        self.answers = answers
        self.note = note
        self.index = -1
        self.known = 0
        self.buffer = bytearray()


class _Pool:
    def __init__(self, shop: Workshop, queue: Queue, size: int, progress: Progress | None) -> None:
        self.shop = shop
        self.queue = queue
        self.size = size
        self.progress = progress
        self.workers: list[_Worker] = []
        self.missed: list[tuple[int, int]] = []
        """Units to be compiled, in the queue's order."""
        self.retried: set[int] = set()
        self.failure: Exception | None = None
        """What ends the build; units being compiled are finished first."""

    def run(self) -> None:
        queue = self.queue
        try:
            while queue.left:
                self._look_up()
                if self.failure is None:
                    self._hand_out()
                busy = [worker for worker in self.workers if worker.index >= 0]
                if not busy and self.failure is not None:
                    raise self.failure
                if busy:
                    self._collect(busy, wait=not queue)
        finally:
            self._end()

    def _look_up(self) -> None:
        """One ready unit: remembered, or to be compiled."""
        index = self.queue.pop()
        if index is None:
            return
        done = self.shop.fresh(index)
        if done is not None:
            self._finished(done)
        else:
            self.shop.explain(index)
            heappush(self.missed, (-self.queue.length(index), index))

    def _hand_out(self) -> None:
        while self.missed:
            worker = next((worker for worker in self.workers if worker.index < 0), None)
            if worker is None:
                if len(self.workers) >= self.size:
                    return
                worker = self._fork()
                self.workers.append(worker)
            self._send(worker, heappop(self.missed)[1])

    def _collect(self, busy: list[_Worker], wait: bool) -> None:
        poll = select.poll()
        by_fd = {worker.answers: worker for worker in busy}
        for fd in by_fd:
            poll.register(fd, select.POLLIN | select.POLLHUP)
        for fd, _ in poll.poll(None if wait else 0):
            worker = by_fd[fd]
            try:
                done = self._receive(worker)
            except (StageCrash, DriverError, Changed) as failure:
                worker.index = -1
                self.failure = self.failure or failure
                continue
            if done is not None:
                self.shop.remember(done)
                self.shop.context.timings.extend(Timing(*timing) for timing in done.timings)
                worker.known |= 1 << done.index
                worker.index = -1
                self._finished(done)

    def _finished(self, done: Done) -> None:
        self.shop.take(done)
        self.queue.finished(done.index)
        if self.progress is not None:
            self.progress(self.queue.total - self.queue.left, self.queue.total, self.shop.graph.units[done.index].module)

    def _fork(self) -> _Worker:
        if not self.workers:
            sys.stdout.flush()
            sys.stderr.flush()
            gc.freeze()
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
        worker = _Worker(pid, order_write, answer_read, note)
        for index in self.shop.done:
            worker.known |= 1 << index
        return worker

    def _send(self, worker: _Worker, index: int) -> None:
        worker.index = index
        unknown = self.shop.graph.units[index].reach & ~worker.known
        worker.known |= unknown
        news = [Done(done.index, done.broken, done.torn, done.interface) for done in map(self.shop.done.__getitem__, members(unknown))]
        data = _encoder.encode(_Order(index, news))
        try:
            _write_all(worker.orders, len(data).to_bytes(8, "little") + data)
        except BrokenPipeError:
            pass  # noticed when its answer is read

    def _receive(self, worker: _Worker) -> Done | None:
        """The next answer, or None when it has not come as a whole yet."""
        chunk = os.read(worker.answers, 1 << 20)
        if not chunk:
            self._died(worker)
            return None
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
        if answer.changed is not None:
            raise Changed(answer.changed)
        if answer.problem is not None:
            message, helps, status = answer.problem
            raise DriverError(message, helps=tuple(helps), status=status)
        return answer.done

    def _died(self, worker: _Worker) -> None:
        """Take a dead worker out. Its unit is tried again when somebody else killed it; else this raises `StageCrash`."""
        _, status = os.waitpid(worker.pid, 0)
        self.workers.remove(worker)
        os.close(worker.orders)
        os.close(worker.answers)
        stage = bytes(worker.note).split(b"\0", 1)[0].decode(errors="replace")
        index = worker.index
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGTERM)
        if killed and index not in self.retried:
            self.retried.add(index)
            heappush(self.missed, (-self.queue.length(index), index))
            return
        if os.WIFSIGNALED(status):
            how = f"was ended by signal {os.WTERMSIG(status)} ({signal.Signals(os.WTERMSIG(status)).name})"
        else:
            how = f"ended with status {os.WEXITSTATUS(status)}"
        raise StageCrash(stage or "start", self.shop.graph.units[index].module, f"the process that compiled it {how}\n")

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
        on_stage("start")
        for done in order.news:
            shop.take(done)
        try:
            done = shop.compile(order.index, on_stage)
            shop.take(done)
            answer = _Answer(done=done)
        except StageCrash as crash:
            answer = _Answer(crash=(crash.stage, crash.unit, crash.trace, crash.proc))
        except Changed as changed:
            answer = _Answer(changed=str(changed))
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
