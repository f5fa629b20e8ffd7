"""Random projects as data, and the text of their modules.

    Project --files()--> {path: text}

A module only imports modules before it, and every name in a project is unique, so what is generated compiles; edits (`edits.py`)
change the data, and the text of all who refer to what was changed follows. All arithmetic is kept small, so that programs end with
their sum and not with an overflow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

KINDS = ("const", "proc", "inline", "constproc", "generic", "form", "pick", "trait", "static", "alias", "flags")
"""Kinds of declarations; `impl` and `bounded` come with a trait."""

STYLES = ("module", "alias", "names", "star", "relative")
LAYOUTS = ("{}.vit", "{}/mod.vit", "{}/index.vit")


@dataclass(eq=False)
class Dep:
    """One use of a declaration: `via` is the module it is asked of, which has or re-exports it; `how` picks the way it is used."""

    via: Module
    decl: Decl
    how: int
    arg: int


@dataclass(eq=False)
class Decl:
    """A declaration. `k` is a constant of its body; `knobs` are switches of its kind, set by edits. `trait`, `form`: of an impl and
    of what is bounded."""

    kind: str
    name: str
    k: int
    public: bool = True
    knobs: dict[str, int] = field(default_factory=dict)
    deps: list[Dep] = field(default_factory=list)
    trait: Decl | None = None
    form: Decl | None = None
    home: Module | None = None

    def knob(self, name: str) -> int:
        return self.knobs.get(name, 0)


@dataclass(eq=False)
class Module:
    """`path` below the source root of its package; `style`: how it says what is visible; `imports`: module name to style.
    `hidden`: imports left out of the text. `spare`: imports nobody uses. `exports`: what it re-exports."""

    path: str
    package: str = ""
    layout: int = 0
    style: str = "pub"
    space: bool = False
    decls: list[Decl] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    spare: list[Module] = field(default_factory=list)
    exports: list[Dep] = field(default_factory=list)
    header: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def file(self, packaged: bool) -> str:
        root = f"{self.package}/src/" if self.package else "src/" if packaged else ""
        return root + LAYOUTS[self.layout].format(self.path)


@dataclass(eq=False)
class Project:
    """`modules` in an order in which each only imports earlier ones; the last is the root, `main`."""

    modules: list[Module]
    packaged: bool
    counter: int = 0
    loose: dict[str, str] = field(default_factory=dict)
    """Files that no module of the project is in: modules that hide others, and files nobody asks for."""

    def fresh(self) -> int:
        self.counter += 1
        return self.counter

    def files(self) -> dict[str, str]:
        result = dict(self.loose)
        for module in self.modules:
            result[module.file(self.packaged)] = Text(self, module).text()
        if self.packaged:
            result["vitte.toml"] = '[package]\nname = "p"\nversion = "0.1.0"\n\n[dependencies]\nextra = { path = "extra" }\n'
            result["extra/vitte.toml"] = '[package]\nname = "extra"\nversion = "0.1.0"\n'
            result.setdefault("extra/src/main_of_extra.vit", "pub proc nothing() {}\n")
        return result

    def decls(self) -> list[Decl]:
        return [decl for module in self.modules for decl in module.decls]


class Text:
    """One module as text. Rendering a use notes which import it needs, so the imports are rendered last."""

    def __init__(self, project: Project, module: Module) -> None:
        self.project = project
        self.module = module
        self.needed: dict[str, tuple[Module, dict[str, None]]] = {}

    def ref(self, via: Module, name: str) -> str:
        """How this module writes `name` of module `via`."""
        if via is self.module:
            return name
        names = self.needed.setdefault(via.name, (via, {}))[1]
        style = self.style(via)
        if style == "names":
            names[name] = None
            return f"{name}_" if len(name) % 3 == 0 else name
        if style == "star":
            return name
        return f"{via.name}_.{name}" if style == "alias" else f"{via.name}.{name}"

    def style(self, via: Module) -> str:
        return self.module.imports.get(via.name, "module")

    def path(self, via: Module) -> str:
        return f"{via.package}/{via.path}" if via.package and via.package != self.module.package else via.path

    def use(self, via: Module, names: list[str]) -> str:
        path, style = self.path(via), self.style(via)
        if style == "alias":
            return f"use {path} as {via.name}_"
        if style == "names" and names:
            return f"use {path}.{{{', '.join(n + f' as {n}_' if len(n) % 3 == 0 else n for n in names)}}}"
        if style == "star":
            return f"use {path}.*"
        folder = self.module.path.rpartition("/")[0]
        beside = via.path.rpartition("/")[0] == folder and not (self.module.layout or self.module.package or via.package)
        if style == "relative" and beside:
            return f"use .{via.name}"
        return f"use {path}"

    def text(self) -> str:
        module = self.module
        body = "\n".join(self.decl(decl) for decl in module.decls)
        exports = []
        for dep in module.exports:
            written = self.ref(dep.via, dep.decl.name)
            exports.append(written if written == dep.decl.name else f"{written} as {dep.decl.name}")
        lines = [module.header] if module.header else []
        if module.space and not module.package:
            lines.append(f"space {module.path}")
        for name, (via, names) in self.needed.items():
            if name not in module.hidden:
                lines.append(self.use(via, list(names)))
        lines += [f"use {self.path(via)}" for via in module.spare if via.name not in self.needed]
        if module.style == "export":
            shown = [decl for decl in module.decls if decl.public and decl.kind != "impl"]
            exports = [decl.name for decl in shown] + [f"rank_{decl.name}" for decl in shown if decl.kind == "pick"] + exports
        if module.style == "all":
            lines.append("export *")
        elif exports and module.style != "open":
            lines.append(f"export {{ {', '.join(exports)} }}")
        return "\n".join(lines) + "\n\n" + body

    def decl(self, decl: Decl) -> str:
        pub = "pub " if self.module.style == "pub" and decl.public and decl.kind != "impl" else ""
        text: str = getattr(self, f"_{decl.kind}")(decl, pub)
        note = f"/// Number {decl.knob('note')}.\n" if decl.knob("note") else ""
        return note + text

    def body(self, decl: Decl, start: str) -> str:
        """Statements that give a number made of `start` and all that the declaration uses."""
        lines = [f"  let mut s = {start}"]
        if decl.knob("unused"):
            lines.append(f"  let idle{decl.k} = {decl.k}")
        for at, dep in enumerate(decl.deps):
            before, value = self.call(dep, f"v{at}")
            lines += [f"  {line}" for line in before]
            lines.append(f"  s = (s + {value}) % 1009")
        if decl.knob("panic"):
            lines.append(f"  assert s != {decl.k}, \"s\"")
        return "\n".join(lines) + "\n"

    # --- declarations ---------------------------------------------------------------------------------------------

    def _const(self, decl: Decl, pub: str) -> str:
        value = str(decl.k)
        for dep in decl.deps:
            if dep.decl.kind == "const":
                value += f" + {self.ref(dep.via, dep.decl.name)} % 5"
            elif dep.decl.kind == "constproc":
                value += f" + {self.ref(dep.via, dep.decl.name)}({dep.arg % 7})"
        return f"{pub}const {decl.name}: int = {value}\n"

    def _proc(self, decl: Decl, pub: str, word: str = "") -> str:
        parameter = "i32" if decl.knob("narrow") else "int"
        more = f", more: int = {decl.knob('more')}" if decl.knob("more") else ""
        gives = "i32" if decl.knob("gives") else "int"
        result = f"(s % 1009) as {gives}" if decl.knob("gives") else "s % 1009"
        body = self.body(decl, f"x as int + {decl.k}{' + more' if more else ''}")
        return f"{pub}{word}proc {decl.name}(x: {parameter}{more}) -> {gives} {{\n{body}  give {result}\n}}\n"

    def _inline(self, decl: Decl, pub: str) -> str:
        return self._proc(decl, pub, "inline ")

    def _constproc(self, decl: Decl, pub: str) -> str:
        return f"{pub}const proc {decl.name}(x: int) -> int {{ give (x * {decl.k} + 1) % 11 }}\n"

    def _generic(self, decl: Decl, pub: str) -> str:
        body = self.body(decl, f"items.len() * {decl.k} + x")
        return f"{pub}proc {decl.name}[T](items: [T], x: int) -> int {{\n{body}  give s % 1009\n}}\n"

    def _bounded(self, decl: Decl, pub: str) -> str:
        assert decl.trait is not None and decl.trait.home is not None
        trait = self.ref(decl.trait.home, decl.trait.name)
        start = f"item.weigh_{decl.trait.name}() + x * {decl.k}"
        return f"{pub}proc {decl.name}[A: {trait}](item: A, x: int) -> int {{\n{self.body(decl, start)}  give s % 1009\n}}\n"

    def _form(self, decl: Decl, pub: str) -> str:
        fields = ["  a: int", f"  b: {'i32' if decl.knob('narrow') else 'int'} = {decl.k}"]
        fields += [f"  c{n}: int = {n}" for n in range(decl.knob("fields"))]
        for dep in decl.deps:
            if dep.decl.kind == "const":
                length = self.ref(dep.via, dep.decl.name)
                fields.append(f"  d{dep.arg}: [u8; {length} % 4 + 1] = [1; {length} % 4 + 1]")
            elif dep.decl.kind == "form":
                inner = self.ref(dep.via, dep.decl.name)
                fields.append(f"  e{dep.arg}: {inner} = {inner} {{ a: {dep.arg % 5} }}" if dep.how % 2 else f"  e{dep.arg}: [{inner}] = []")
        if decl.knob("turned"):
            fields.reverse()
        name = decl.name
        # A form with a list in it is owning, and its default would be no constant.
        fields = [f for f in fields if not f.endswith("= []")]
        weigh = f"  {pub}proc weigh_own(self) -> int {{ give self.a % 50 }}\n" if decl.knob("own") else ""
        return (
            f"{pub}form {name} {{\n" + "\n".join(fields) + f"\n  {pub}proc new(x: int) -> {name} {{ give {name} {{ a: x }} }}\n"
            f"  {pub}proc sum(self) -> int {{ give self.a % 100 * {decl.k} + self.b }}\n"
            f"  {pub}proc held(x: int) -> box[{name}] {{ give box({name} {{ a: x + {decl.k} }}) }}\n{weigh}}}\n"
        )

    def _pick(self, decl: Decl, pub: str) -> str:
        cases = [f"A_{decl.name}", f"B_{decl.name}(int)", f"C_{decl.name}(x: int, y: int)"]
        cases += [f"D{n}_{decl.name}" for n in range(decl.knob("cases"))]
        if decl.knob("turned"):
            cases.reverse()
        arms = [f"    case A_{decl.name} => {decl.k}", f"    case B_{decl.name}(x) => x % 100"]
        arms.append(f"    case C_{decl.name}(x, y) => (x + y) % 100")
        end = f"\n    else => {decl.k + 1}" if decl.knob("cases") or decl.knob("else") else ""
        return (
            f"{pub}pick {decl.name} {{\n  " + "\n  ".join(cases) + "\n}\n\n"
            f"{pub}proc rank_{decl.name}(p: {decl.name}) -> int {{\n  give match p {{\n" + "\n".join(arms) + f"{end}\n  }}\n}}\n"
        )

    def _trait(self, decl: Decl, pub: str) -> str:
        more = f"  proc more_{decl.name}(self) -> int {{ give {decl.k} }}\n" if decl.knob("more") else ""
        return (
            f"{pub}trait {decl.name} {{\n  proc weigh_{decl.name}(self) -> int\n"
            f"  proc twice_{decl.name}(self) -> int {{ give self.weigh_{decl.name}() * 2 + {decl.k} }}\n{more}}}\n"
        )

    def _impl(self, decl: Decl, pub: str) -> str:
        assert decl.trait is not None and decl.form is not None and decl.trait.home is not None and decl.form.home is not None
        trait, form = self.ref(decl.trait.home, decl.trait.name), self.ref(decl.form.home, decl.form.name)
        twice = f"  proc twice_{decl.trait.name}(self) -> int {{ give self.a % 9 + {decl.k} }}\n" if decl.knob("override") else ""
        return f"impl {trait} for {form} {{\n  proc weigh_{decl.trait.name}(self) -> int {{ give self.a % 100 + {decl.k} }}\n{twice}}}\n"

    def _static(self, decl: Decl, pub: str) -> str:
        return f'{pub}static {decl.name}: string = "{"s" * (decl.k % 20)}"\n'

    def _alias(self, decl: Decl, pub: str) -> str:
        return f"{pub}type {decl.name} = ({'i32' if decl.knob('narrow') else 'int'}, int)\n"

    def _flags(self, decl: Decl, pub: str) -> str:
        return f"{pub}flags {decl.name}: u32 {{ R_{decl.name}, W_{decl.name}, X_{decl.name} = {1 << (decl.k % 7 + 3)} }}\n"

    def _test(self, decl: Decl, pub: str) -> str:
        return f'test "{decl.name}" {{\n{self.body(decl, str(decl.k))}  assert s >= 0\n}}\n'

    def _main(self, decl: Decl, pub: str) -> str:
        return f"proc main() {{\n{self.body(decl, str(decl.k))}  println(\"{decl.name} {{}}\", s)\n}}\n"

    # --- uses -----------------------------------------------------------------------------------------------------

    def call(self, dep: Dep, name: str) -> tuple[list[str], str]:
        """Lines to stand before, and an expression of type `int`. `name`: for a local of its own."""
        decl, how, arg = dep.decl, dep.how, dep.arg % 90
        if decl.kind == "impl":
            assert decl.form is not None and decl.form.home is not None and decl.trait is not None
            if dep.via is not self.module:
                self.needed.setdefault(dep.via.name, (dep.via, {}))
            form = self.ref(decl.form.home, decl.form.name)
            method = ("weigh_", "twice_")[how % 2] + decl.trait.name
            return [f"let {name} = {form}.new({arg})"], f"{name}.{method}()"
        ref = self.ref(dep.via, decl.name)
        if decl.kind == "const":
            if how % 2 and plain(decl):
                return [f"let {name}: [int; {ref} % 8 + 1] = [{arg}; {ref} % 8 + 1]"], f"({name}.len() + {name}[0])"
            return [], f"{ref} % 1009"
        if decl.kind in ("proc", "inline"):
            return [], f"{ref}({arg})"
        if decl.kind == "constproc":
            return [], f"{ref}({arg})"
        if decl.kind == "generic":
            items = ("[1, 2]", '["a"]', "[true]")[how % 3]
            return [], f"{ref}({items}, {arg})"
        if decl.kind == "bounded":
            assert decl.form is not None and decl.form.home is not None
            form = self.ref(decl.form.home, decl.form.name)
            return [f"let {name} = {form}.new({arg})"], f"{ref}({name}, {arg})"
        if decl.kind == "form":
            if how % 6 == 0:
                return [f"let {name} = {ref} {{ a: {arg} }}"], f"{name}.sum() % 1009"
            if how % 6 == 1:
                return [f"let {name} = {ref}.held({arg})"], f"{name}.sum() % 1009"
            if how % 6 == 2:
                return [], f'format("{{:?}}", {ref}.new({arg})).len()'
            if how % 6 == 3:
                return [f"let {name} = {ref}.new({arg}) == {ref} {{ a: {arg} }}"], f"({name} ? 3 : 5)"
            if how % 6 == 4:
                return [f"let {name} = [{ref}.new({arg}), {ref}.new(1)]"], f"{name}[1].sum() % 1009"
            return [f"let {name} = {ref}.new({arg})"], f"({name}.a + {name}.b as int) % 1009"
        if decl.kind == "pick":
            rank = self.ref(dep.via, f"rank_{decl.name}") if dep.via is decl.home else ""
            if how % 3 == 0 or not rank:
                return [f"let {name} = match {ref}.B_{decl.name}({arg}) {{", f"  case B_{decl.name}(x) => x", "  else => 1", "}"], name
            value = f"{ref}.C_{decl.name}({arg}, 2)" if how % 3 == 1 else f"B_{decl.name}({arg})"
            return [], f"{rank}({value})"
        if decl.kind == "static":
            return [], f"{ref}.len()"
        if decl.kind == "alias":
            return [f"let {name}: {ref} = ({arg}, 2)"], f"({name}.0 as int + {name}.1)"
        if decl.kind == "flags":
            return [], f"({ref}.X_{decl.name} as int % 1009)"
        raise AssertionError(decl.kind)


CALLERS = ("proc", "inline", "generic", "bounded", "test", "main")
"""Kinds whose body may use anything that can be called."""


def make(seed: int, size: int = 8, packaged: bool = True) -> Project:
    """A project of `size` modules."""
    random = Random(seed)
    project = Project([], packaged)
    for at in range(size - 1):
        package = "extra" if packaged and at < size // 4 else ""
        add_module(project, random, package, at)
    main = Module("main", style="open")
    project.modules.append(main)
    decl = Decl("main", "total", 1, home=main)
    main.decls.append(decl)
    for module in project.modules[:-1]:
        for target in usable(project, main, module)[:3]:
            decl.deps.append(dep_on(project, random, main, module, target))
    return project


def add_module(project: Project, random: Random, package: str, at: int) -> Module:
    """A new module, at that place of the order, with declarations that use what is before it."""
    number = project.fresh()
    folder = random.choice(("", "geo/", "geo/deep/", "util/"))
    style = random.choice(("pub", "pub", "export", "open", "all"))
    module = Module(f"{folder}m{number}", package, random.choice((0, 0, 0, 1, 2)), style, random.random() < 0.2)
    project.modules.insert(at, module)
    for _ in range(random.randint(3, 6)):
        add_decl(project, random, module)
    for earlier in project.modules[:at]:
        if random.random() < 0.15 and module.style == "export" and sees(module, earlier):
            for target in usable(project, module, earlier)[:1]:
                if target.home is earlier and target.kind != "impl":
                    module.exports.append(Dep(earlier, target, 0, 0))
                    module.imports[earlier.name] = "names"
    return module


def add_decl(project: Project, random: Random, module: Module, kind: str = "") -> Decl:
    kind = kind or random.choice(KINDS)
    decl = Decl(kind, f"{kind[0].upper() if kind in ('form', 'pick', 'trait', 'alias', 'flags') else kind[0]}{project.fresh()}",
                random.randint(1, 60), home=module)  # fmt: skip
    before = module.decls[:]
    module.decls.append(decl)
    if kind == "trait":
        forms = [d for d in project.decls() if d.kind == "form" and d.home is not None and reaches(project, module, d.home)]
        for form in forms[:2]:
            module.decls.append(Decl("impl", f"i{project.fresh()}", random.randint(1, 60), trait=decl, form=form, home=module))
        if forms:
            bound = Decl("bounded", f"b{project.fresh()}", random.randint(1, 60), trait=decl, form=forms[0], home=module)
            module.decls.append(bound)
    if kind in CALLERS or kind in ("const", "form"):
        add_uses(project, random, module, decl, before, random.randint(0, 3))
    return decl


def add_uses(project: Project, random: Random, module: Module, decl: Decl, local: list[Decl], count: int) -> None:
    """Let `decl` use up to `count` declarations of earlier modules, or of its own."""
    earlier = project.modules[: project.modules.index(module)]
    for _ in range(count):
        choices: list[tuple[Module, Decl]] = [(module, d) for d in local if callable_kind(d) and d is not decl]
        if earlier:
            other = random.choice(earlier)
            choices = choices[:1] + [(other, d) for d in usable(project, module, other)]
        if decl.kind == "const":
            choices = [(m, d) for m, d in choices if d.kind == "const" or (d.kind == "constproc" and m is module)]
        if decl.kind == "form":
            choices = [(m, d) for m, d in choices if d.kind == "form" or (d.kind == "const" and plain(d))]
        if choices:
            via, target = random.choice(choices)
            decl.deps.append(dep_on(project, random, module, via, target))


def plain(decl: Decl) -> bool:
    """May a type's length be made of this constant? Then no procedure is called for it."""
    return decl.kind == "const" and all(plain(dep.decl) for dep in decl.deps)


def callable_kind(decl: Decl) -> bool:
    return decl.kind in (*KINDS, "impl", "bounded") and decl.kind != "trait"


def sees(module: Module, other: Module) -> bool:
    return not module.package or module.package == other.package


def reaches(project: Project, module: Module, other: Module) -> bool:
    at = {id(m): n for n, m in enumerate(project.modules)}
    return at[id(other)] <= at[id(module)] and sees(module, other)


def usable(project: Project, module: Module, other: Module) -> list[Decl]:
    """What `module` may use of `other`: its own public declarations and what it re-exports."""
    if other is module or not reaches(project, module, other):
        return []
    found = [d for d in other.decls if d.public and callable_kind(d)]
    return found + [dep.decl for dep in other.exports]


def dep_on(project: Project, random: Random, module: Module, via: Module, target: Decl) -> Dep:
    if via is not module and via.name not in module.imports:
        module.imports[via.name] = random.choice(STYLES)
    return Dep(via, target, random.randint(0, 11), project.fresh() % 90)


__all__ = ["Decl", "Dep", "Module", "Project", "add_decl", "add_module", "add_uses", "make"]
