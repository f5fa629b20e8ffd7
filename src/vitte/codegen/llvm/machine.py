"""The only place that talks to LLVM (through llvmlite): target machines, the pass pipeline, emission.

LLVM here aborts the process on some bad input, so: modules are always verified before anything else looks at them, CPU names are checked
against a list, and callers that must survive whatever happens use `codegen.isolate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitte.codegen import errors

if TYPE_CHECKING:
    from vitte.driver.context import UnitContext
    from vitte.driver.target import Target

Handle = Any
"""An object of llvmlite, which has no types."""

_X86 = (
    "x86-64 x86-64-v2 x86-64-v3 x86-64-v4 nocona core2 penryn nehalem westmere sandybridge ivybridge haswell broadwell skylake "
    "skylake-avx512 "
    "cascadelake cooperlake cannonlake icelake-client icelake-server rocketlake tigerlake sapphirerapids "
    "alderlake raptorlake meteorlake "
    "arrowlake lunarlake emeraldrapids graniterapids sierraforest grandridge bonnell silvermont goldmont goldmont-plus tremont gracemont "
    "k8 k8-sse3 amdfam10 barcelona btver1 btver2 bdver1 bdver2 bdver3 bdver4 znver1 znver2 znver3 znver4 znver5"
)
_ARM64 = (
    "cortex-a34 cortex-a35 cortex-a53 cortex-a55 cortex-a57 cortex-a65 cortex-a72 cortex-a73 cortex-a75 cortex-a76 cortex-a77 "
    "cortex-a78 "
    "cortex-a710 cortex-a715 cortex-x1 cortex-x2 cortex-x3 neoverse-n1 "
    "neoverse-n2 neoverse-v1 neoverse-v2 apple-m1 apple-m2 apple-m3 apple-m4"
)
_RISCV = "generic-rv64 sifive-u54 sifive-u74 sifive-x280 rocket-rv64 spacemit-x60 veyron-v1"
CPUS: dict[str, tuple[str, ...]] = {
    "x86_64": ("generic", "native", *_X86.split()),
    "aarch64": ("generic", "native", *_ARM64.split()),
    "riscv64": ("generic", *_RISCV.split()),
    "wasm32": ("generic", "mvp", "bleeding-edge", "lime1"),
}
"""CPU names LLVM knows, by architecture. An unknown name would end the process, so there is no asking LLVM."""
_FEATURES: dict[str, tuple[str, str]] = {"riscv64": ("+m,+a,+f,+d,+c", "lp64d")}
"""Features and ABI name that the platform's C code is compiled with, where LLVM's own defaults differ."""


class BackendError(Exception):
    """LLVM refused what it was given. `text`: its message; the offending line of IR when it names one."""

    def __init__(self, message: str, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class _Machines:
    """Per process: which LLVM targets are initialised, and the target machines made."""

    def __init__(self) -> None:
        self.native = False
        self.all = False
        self.machines: dict[tuple[Target, int], Handle] = {}
        self.layouts: dict[Target, str] = {}


_machines = _Machines()


def llvm() -> Handle:
    """llvmlite's binding, imported when first used: it takes 50 ms."""
    from importlib import import_module

    return import_module("llvmlite.binding")


def accepts(ctx: UnitContext) -> bool:
    """Whether the target and its CPU are known; otherwise the error is reported."""
    target = ctx.target
    known = CPUS.get(target.arch)
    if known is None:
        errors.unsupported_target(ctx.diagnostics, target.name)
        return False
    if target.cpu and target.cpu not in known:
        errors.unknown_cpu(ctx.diagnostics, target.cpu, target.name, known)
        return False
    return True


def machine(target: Target, level: int) -> Handle:
    """The target machine for code generation at `level` 0 to 3, made once per process."""
    made = _machines.machines.get((target, level))
    if made is not None:
        return made
    binding = llvm()

    if target.arch == binding.get_process_triple().partition("-")[0]:
        if not _machines.native:
            binding.initialize_native_target()
            binding.initialize_native_asmprinter()
            binding.initialize_native_asmparser()
            _machines.native = True
    elif not _machines.all:
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()
        _machines.all = True
    cpu, features, abi = processor(target)
    made = binding.Target.from_triple(target.triple).create_target_machine(
        cpu=cpu, features=features, opt=level, reloc="static" if target.arch == "wasm32" else "pic", codemodel="default", abiname=abi,
    )
    _machines.machines[target, level] = made
    return made


def processor(target: Target) -> tuple[str, str, str]:
    """CPU, features and ABI name in LLVM's words. `native` is what this machine has, which LLVM is asked for."""
    cpu, features = target.cpu, target.features
    if cpu == "native":
        binding = llvm()
        cpu = binding.get_host_cpu_name()
        features = ",".join([f for f in (binding.get_host_cpu_features().flatten(), features) if f])
    default, abi = _FEATURES.get(target.arch, ("", ""))
    return cpu or ("x86-64" if target.arch == "x86_64" else ""), ",".join([f for f in (default, features) if f]), abi


def no_red_zone(target: Target) -> tuple[str, ...]:
    """An attribute of all functions where there is no system: the processor may be interrupted at any moment, on the stack in use."""
    return ("noredzone",) if target.system == "none" and target.arch == "x86_64" else ()


def settings(ctx: UnitContext) -> str:
    """All that `to_object` goes by beside its text, as a comment: a digest of the text says everything then."""
    cpu, features, abi = processor(ctx.target)
    return f"; optimisation {ctx.opt_level}, cpu {cpu}, features {features or 'default'}, abi {abi or 'default'}"


_LAYOUTS = {
    "x86_64-unknown-linux-gnu": "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "x86_64-pc-windows-gnu": "e-m:w-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
    "x86_64-pc-windows-msvc": "e-m:w-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
}


def data_layout(target: Target) -> str:
    """LLVM's data layout text; the usual target's is known without loading LLVM (a test compares)."""
    known = _LAYOUTS.get(target.triple) or _machines.layouts.get(target)
    if known is None:
        known = _machines.layouts[target] = str(machine(target, 0).target_data)
    return known


def speed(opt_level: str) -> int:
    """LLVM's level of optimisation, 0 to 3, for one of ours."""
    return {"0": 0, "1": 1, "2": 2, "3": 3, "s": 2, "z": 2}[opt_level]


def parse(text: str, target: Target, level: int) -> tuple[Handle, Handle]:
    """A verified module and its target machine. Raises `BackendError`."""
    binding = llvm()

    tm = machine(target, level)
    try:
        module = binding.parse_assembly(text)
        module.verify()
    except RuntimeError as e:
        raise BackendError(str(e), _excerpt(text, str(e))) from None
    return module, tm


def _excerpt(text: str, message: str) -> str:
    """The line of IR that a message `<string>:LINE:COL: error` is about."""
    for part in message.split("<string>:")[1:]:
        line = part.partition(":")[0]
        if line.isdigit():
            lines = text.split("\n")
            return "\n".join(lines[max(0, int(line) - 3) : int(line) + 1])
    return ""


def optimise(module: Handle, tm: Handle, opt_level: str) -> None:
    """LLVM's own pipeline. Nothing at level 0. SLP vectorisation is off unless asked for, loop vectorisation is on even at level 1."""
    if opt_level == "0":
        return
    binding = llvm()

    level = speed(opt_level)
    tuning = binding.create_pipeline_tuning_options(speed_level=level)
    small = opt_level in "sz"
    tuning.loop_vectorization = level >= 2 and not small
    tuning.slp_vectorization = level >= 2 and not small
    tuning.loop_interleaving = tuning.loop_vectorization
    tuning.loop_unrolling = level >= 2 and not small
    builder = binding.create_pass_builder(tm, tuning)
    manager = builder.getModulePassManager()
    manager.run(module, builder)


def _ready(text: str, target: Target, opt_level: str) -> tuple[Handle, Handle]:
    module, tm = parse(text, target, speed(opt_level))
    optimise(module, tm, opt_level)
    return module, tm


def to_object(text: str, target: Target, opt_level: str) -> bytes:
    """IR text to the bytes of an object file. Raises `BackendError`."""
    module, tm = _ready(text, target, opt_level)
    data: bytes = tm.emit_object(module)
    module.close()
    return data


def to_assembly(text: str, target: Target, opt_level: str) -> str:
    module, tm = _ready(text, target, opt_level)
    tm.set_asm_verbosity(False)
    result: str = tm.emit_assembly(module)
    module.close()
    return result


def to_optimised_ir(text: str, target: Target, opt_level: str) -> str:
    """The IR after LLVM's passes: for people and tests."""
    module, _ = _ready(text, target, opt_level)
    result = str(module)
    module.close()
    return result
