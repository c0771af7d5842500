"""modload --dry-run and the documents of modload --json: what a module imports, and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lkmtools.cli.classic import lkm_status
from lkmtools.link import Image, link
from lkmtools.modules.ksyms import DEV_KSYMS
from lkmtools.modules.options import Options
from lkmtools.modules.prepare import LoadPlan, Say, linking, prepare, provisional_base
from lkmtools.near import some

if TYPE_CHECKING:
    from lkmtools.client import Process

PROT_LETTERS = ((1, "r"), (2, "w"), (4, "x"))


def dry_run(p: Process, path: str, options: Options, say: Say) -> tuple[LoadPlan, Image]:
    """Everything modload does before LMRESERV, and the link, at a likely address. LoadError."""
    plan = prepare(p, path, options, say)
    base = provisional_base(plan.values.values(), p.dm)
    with linking(f"can't link `{path}' creating `{options.output or plan.stem}' bound to {base:#x}"):
        return plan, link(plan.pre, base, plan.values.get)


def sources(p: Process, plan: LoadPlan, options: Options, script: str | None) -> dict[str, str]:
    """For each import where its value is from: "kernel", a module's name, or the path of a file."""
    if options.kernel not in (None, DEV_KSYMS):
        found = dict.fromkeys(plan.values, str(options.kernel))
    else:
        loaded = lkm_status(p).get("modules", [])
        found = {name: _owner(value, loaded) for name, value in plan.values.items()}
    found |= {
        name: options.before[name].path
        for name, value in plan.values.items()
        if name in options.before and options.before[name].value == value
    }
    return found | {name: str(script) for name in plan.values if name in options.constants}


def _owner(value: int, loaded: list[dict[str, Any]]) -> str:
    """The name of the loaded module that contains an address, or "kernel"."""
    for module in loaded:
        if module["area"] <= value < module["area"] + module["size"]:
            return str(module["name"])
    return "kernel"


def unwritten(plan: LoadPlan) -> str:
    """That an object takes what the kernel declares and does not have; "" when it does not."""
    if not plan.unwritten:
        return ""
    verb = "is" if len(plan.unwritten) == 1 else "are"
    names = f"{plan.path}: {some(plan.unwritten)}"
    return f"{names} {verb} declared, but not implemented in this kernel: a call panics"


def text(plan: LoadPlan, image: Image, origin: dict[str, str], width: int) -> str:
    """What --dry-run prints about one object; addresses have `width` digits."""
    lines = [f"{plan.path}: {image.size} bytes, entry {plan.entry}"]
    for section in image.sections:
        lines.append(f"  {section.name:<20} {_prot(image, section.address)} {section.size:8} bytes")
    for row in image.imports:
        where = origin.get(row.name, "undefined, weak") + (", not implemented" * (row.name in plan.unwritten))
        lines.append(f"  {row.name:<20} {row.value:0{width}x} {where}")
    return "\n".join(lines)


def _prot(image: Image, address: int) -> str:
    """The permissions of the segment that contains an address, such as "r-x"."""
    for segment in image.segments:
        if segment.offset <= address - image.base < segment.offset + segment.size:
            return "".join(letter if segment.prot & bit else "-" for bit, letter in PROT_LETTERS)
    return "---"


def document(number: int | None, plan: LoadPlan, image: Image, origin: dict[str, str]) -> dict[str, Any]:
    """One row of "modules" in a --json document; addresses are text."""
    entry = image.symbol(plan.entry)
    return {
        "path": plan.path,
        "id": number,
        "entry": plan.entry,
        "entry_address": f"{entry.value:#x}" if entry else None,
        "base": f"{image.base:#x}",
        "size": image.size,
        "sections": [{"name": s.name, "address": f"{s.address:#x}", "size": s.size} for s in image.sections],
        "imports": [
            {"name": i.name, "address": f"{i.value:#x}", "from": origin.get(i.name)} for i in image.imports
        ],
        "unwritten": list(plan.unwritten),
    }
