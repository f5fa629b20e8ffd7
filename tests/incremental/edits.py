"""Edits of random projects. An edit changes the project as data and says what it did, or gives "" when it does not apply.

    edit(project, random) -> description

Those in `MEANING` keep a project right as a whole; those in `HARM` usually do not. Edits of single texts are in `replay.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.incremental.project import CALLERS, KINDS, STYLES, Decl, Module, Project, add_decl, add_module, add_uses, dep_on, usable

Edit = Callable[[Project, Random], str]


def _decl(project: Project, random: Random, *kinds: str) -> Decl | None:
    found = [d for d in project.decls() if not kinds or d.kind in kinds]
    return random.choice(found) if found else None


def _module(project: Project, random: Random, root: bool = False) -> Module:
    return random.choice(project.modules if root else project.modules[:-1])


def body(project: Project, random: Random) -> str:
    """Another constant in a body, initialiser, default or pattern arm."""
    decl = _decl(project, random)
    if decl is None:
        return ""
    decl.k = random.randint(1, 60)
    return f"body of {decl.kind} {decl.name}"


def _flip(name: str, most: int, *kinds: str) -> Edit:
    def edit(project: Project, random: Random) -> str:
        decl = _decl(project, random, *kinds)
        if decl is None:
            return ""
        old = decl.knob(name)
        decl.knobs[name] = random.choice([n for n in range(most + 1) if n != old])
        return f"{name} of {decl.kind} {decl.name}: {old} to {decl.knobs[name]}"

    edit.__name__ = f"flip_{name}"
    return edit


def add_declaration(project: Project, random: Random) -> str:
    module = _module(project, random)
    return f"new {add_decl(project, random, module, random.choice((*KINDS, 'test'))).name} in {module.path}"


def remove_unused(project: Project, random: Random) -> str:
    used = {id(dep.decl) for d in project.decls() for dep in d.deps} | {id(dep.decl) for m in project.modules for dep in m.exports}
    used |= {id(other) for d in project.decls() for other in (d.trait, d.form) if other is not None}
    module = _module(project, random)
    for decl in module.decls:
        if id(decl) not in used and len(module.decls) > 1:
            module.decls.remove(decl)
            return f"removed {decl.name} from {module.path}"
    return ""


def remove_used(project: Project, random: Random) -> str:
    """A declaration goes, those who use it stay as they are: errors, until it comes back by an older state."""
    module = _module(project, random)
    if len(module.decls) < 2:
        return ""
    decl = random.choice(module.decls)
    module.decls.remove(decl)
    return f"removed {decl.name}, used or not, from {module.path}"


def add_use(project: Project, random: Random) -> str:
    module = _module(project, random, root=True)
    callers = [d for d in module.decls if d.kind in CALLERS]
    if not callers:
        return ""
    decl = random.choice(callers)
    add_uses(project, random, module, decl, [d for d in module.decls if d is not decl and d.kind in ("const", "static")], 1)
    return f"{decl.name} uses more"


def remove_use(project: Project, random: Random) -> str:
    decl = random.choice([d for d in project.decls() if d.deps] or [Decl("", "", 0)])
    if not decl.deps:
        return ""
    decl.deps.pop(random.randrange(len(decl.deps)))
    return f"{decl.name} uses less"


def use_otherwise(project: Project, random: Random) -> str:
    decl = random.choice([d for d in project.decls() if d.deps] or [Decl("", "", 0)])
    if not decl.deps:
        return ""
    dep = random.choice(decl.deps)
    dep.how = random.randint(0, 11)
    dep.arg = random.randint(0, 89)
    return f"{decl.name} uses {dep.decl.name} in way {dep.how}"


def reorder(project: Project, random: Random) -> str:
    module = _module(project, random)
    random.shuffle(module.decls)
    return f"declarations of {module.path} in another order"


def rename(project: Project, random: Random) -> str:
    decl = _decl(project, random)
    if decl is None or decl.kind == "impl":
        return ""
    old = decl.name
    decl.name = f"{old[0]}{project.fresh()}"
    return f"{old} is now {decl.name}"


def restyle_import(project: Project, random: Random) -> str:
    module = _module(project, random, root=True)
    if not module.imports:
        return ""
    name = random.choice(sorted(module.imports))
    if any(dep.via.name == name for dep in module.exports):
        return ""
    module.imports[name] = random.choice(STYLES)
    return f"{module.path} imports {name} as {module.imports[name]}"


def restyle_module(project: Project, random: Random) -> str:
    module = _module(project, random)
    module.style = random.choice(("pub", "export", "open", "all"))
    return f"{module.path} is {module.style}"


def spare_import(project: Project, random: Random) -> str:
    module = _module(project, random, root=True)
    if module.spare:
        return f"{module.path} imports {module.spare.pop().path} no longer"
    earlier = [m for m in project.modules[: project.modules.index(module)] if not module.package or m.package == module.package]
    if not earlier:
        return ""
    module.spare.append(random.choice(earlier))
    return f"{module.path} imports {module.spare[-1].path} for nothing"


def move_module(project: Project, random: Random) -> str:
    module = _module(project, random)
    old = module.file(project.packaged)
    module.layout = random.choice((0, 1, 2))
    module.path = random.choice(("", "geo/", "geo/deep/", "util/", "new/")) + module.name
    return f"{old} is now {module.file(project.packaged)}"


def new_module(project: Project, random: Random) -> str:
    if len(project.modules) > 12:
        return ""
    at = random.randrange(1, len(project.modules))
    package = project.modules[at].package
    module = add_module(project, random, package, at)
    for later in project.modules[at + 1 :]:
        callers = [d for d in later.decls if d.kind in CALLERS]
        for target in usable(project, later, module)[:1]:
            if callers:
                callers[0].deps.append(dep_on(project, random, later, module, target))
    return f"new module {module.path}"


def remove_module(project: Project, random: Random) -> str:
    """A module goes, with all that refers to it."""
    if len(project.modules) < 6:
        return ""
    module = _module(project, random)
    gone = {id(d) for d in module.decls}
    while True:
        more = {id(d) for d in project.decls() if id(d.trait) in gone or id(d.form) in gone} - gone
        if not more:
            break
        gone |= more
    project.modules.remove(module)
    for other in project.modules:
        other.decls = [d for d in other.decls if id(d) not in gone]
        other.spare = [m for m in other.spare if m is not module]
        other.exports = [dep for dep in other.exports if dep.via is not module and id(dep.decl) not in gone]
        other.imports.pop(module.name, None)
        for decl in other.decls:
            decl.deps = [dep for dep in decl.deps if dep.via is not module and id(dep.decl) not in gone]
    return f"removed module {module.path}"


def reexport(project: Project, random: Random) -> str:
    """A module shows a declaration of another, and somebody uses it there."""
    modules = [m for m in project.modules[1:-1] if m.style == "export"]
    if not modules:
        return ""
    module = random.choice(modules)
    if module.exports and random.random() < 0.3:
        gone = module.exports.pop()
        for decl in project.decls():
            decl.deps = [d for d in decl.deps if not (d.via is module and d.decl is gone.decl)]
        return f"{module.path} shows {gone.decl.name} no longer"
    earlier = random.choice(project.modules[: project.modules.index(module)])
    shown = {dep.decl.name for dep in module.exports}
    targets = [d for d in usable(project, module, earlier) if d.home is earlier and d.kind != "impl" and d.name not in shown]
    if not targets:
        return ""
    target = random.choice(targets)
    module.exports.append(dep_on(project, random, module, earlier, target))
    module.imports[earlier.name] = "names"
    main = project.modules[-1]
    main.decls[-1].deps.append(dep_on(project, random, main, module, target))
    return f"{module.path} shows {target.name}"


def move_impl(project: Project, random: Random) -> str:
    """An impl goes from its trait's module to its type's, or back, which often does not see the other."""
    decl = _decl(project, random, "impl")
    if decl is None or decl.home is None or decl.trait is None or decl.form is None:
        return ""
    there = decl.form.home if decl.home is decl.trait.home else decl.trait.home
    if there is None or there is decl.home or decl not in decl.home.decls:
        return ""
    decl.home.decls.remove(decl)
    there.decls.append(decl)
    decl.home = there
    return f"{decl.name} is now in {there.path}"


def hide(project: Project, random: Random) -> str:
    decl = _decl(project, random)
    if decl is None:
        return ""
    decl.public = not decl.public
    return f"{decl.name} is {'public' if decl.public else 'private'}"


def forget_import(project: Project, random: Random) -> str:
    module = _module(project, random, root=True)
    if module.hidden:
        module.hidden.clear()
        return f"{module.path} has its imports again"
    if not module.imports:
        return ""
    module.hidden.add(random.choice(sorted(module.imports)))
    return f"{module.path} forgot {', '.join(module.hidden)}"


def twin(project: Project, random: Random) -> str:
    """A file that is found before the one that was, or after it; or a local module that hides one of a dependency."""
    if project.loose and random.random() < 0.5:
        name = random.choice(sorted(project.loose))
        del project.loose[name]
        return f"no more {name}"
    module = _module(project, random)
    other = Module(module.path, module.package, random.choice((0, 1, 2)))
    name = other.file(project.packaged)
    if module.package and random.random() < 0.5:
        name = f"src/{module.package}/{module.path}.vit"
    if name in project.files():
        return ""
    project.loose[name] = f"pub proc lonely{project.fresh()}() -> int {{ give 1 }}\n"
    return f"a twin {name}"


def clash(project: Project, random: Random) -> str:
    """A declaration gets the name of one that may be visible elsewhere too: by `*`, as a case, or of the prelude."""
    decl = _decl(project, random, "const", "proc", "static")
    other = _decl(project, random, "const", "proc", "static", "form")
    if decl is None or other is None or decl is other:
        return ""
    old = decl.name
    decl.name = random.choice((other.name, "len", "max", "abs", "panic"))
    return f"{old} is now {decl.name}"


MEANING: tuple[tuple[Edit, int], ...] = (
    (body, 12),
    (_flip("gives", 1, "proc", "inline"), 3),
    (_flip("narrow", 1, "proc", "inline", "form", "alias"), 4),
    (_flip("more", 3, "proc", "inline", "trait"), 3),
    (_flip("fields", 3, "form"), 4),
    (_flip("turned", 1, "form", "pick"), 3),
    (_flip("cases", 2, "pick"), 3),
    (_flip("else", 1, "pick"), 1),
    (_flip("override", 1, "impl"), 3),
    (_flip("own", 1, "form"), 1),
    (_flip("unused", 1, *CALLERS), 2),
    (_flip("panic", 1, *CALLERS), 1),
    (_flip("note", 5), 4),
    (add_declaration, 4),
    (remove_unused, 2),
    (add_use, 5),
    (remove_use, 2),
    (use_otherwise, 4),
    (reorder, 2),
    (rename, 3),
    (restyle_import, 3),
    (restyle_module, 1),
    (spare_import, 2),
    (move_module, 2),
    (new_module, 2),
    (remove_module, 1),
    (reexport, 3),
)
HARM: tuple[tuple[Edit, int], ...] = ((hide, 3), (move_impl, 1), (forget_import, 3), (twin, 3), (clash, 3), (remove_used, 1))


def choose(random: Random, edits: tuple[tuple[Edit, int], ...]) -> Edit:
    return random.choices([e for e, _ in edits], [w for _, w in edits])[0]
