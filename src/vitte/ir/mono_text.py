"""The text form of a plan: one line per instance, for people. Typed bodies are not shown (THIR has its own text).

    mono demo "demo.vit"
    linkonce std/list::list.push[i64]
    external demo::main = "main"                 symbols are shown where they are not the instance's own text
    const demo::LIMIT
    check demo::main
"""

from __future__ import annotations

from vitte.ir.mono import Plan


def print_plan(plan: Plan) -> str:
    """Instances, constants, checks and tests, in the plan's order."""
    out = [f'mono {plan.module} "{plan.file}"']
    for item in plan.items:
        text = item.instance.text
        out.append(f"{item.linkage} {text}" + (f' = "{item.symbol}"' if item.symbol != text else ""))
    out += [f"const {path}" for path in plan.consts]
    out += [f"check {path}" for path in plan.checks]
    out += [f'assert "{check.text}"' for check in plan.static_asserts]
    out += [f'test "{title}" {path}' for title, path in plan.tests]
    return "\n".join(out) + "\n"
