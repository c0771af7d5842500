"""atomic_ops(3): the functions that objects of NetBSD 5.2's headers call do what our headers do in place."""

from __future__ import annotations

from support.lab import HEAD, Lab

# Name of the type, C type, name and type of what atomic_add takes.
TYPES = (
    ("uint", "unsigned int", "int", "int"),
    ("ulong", "unsigned long", "long", "long"),
    ("32", "unsigned int", "32", "int"),
    ("64", "unsigned long long", "64", "long long"),
)


def types(machine: str) -> tuple[tuple[str, str, str, str], ...]:
    """Those that the machine has: i386 has no operations of 64 bits, as in 5.2."""
    return TYPES if machine == "amd64" else TYPES[:3]


def declarations(machine: str) -> str:
    """What <sys/atomic.h> of NetBSD 5.2 declares."""
    out = ["void *atomic_cas_ptr(volatile void *, void *, void *);"]
    for name, ctype, add, signed in types(machine):
        p = f"volatile {ctype} *"
        for verb in ("inc", "dec"):
            out += [f"void atomic_{verb}_{name}({p});", f"{ctype} atomic_{verb}_{name}_nv({p});"]
        out += [f"void atomic_add_{add}({p}, {signed});", f"{ctype} atomic_add_{add}_nv({p}, {signed});"]
        for verb in ("and", "or"):
            out += [f"void atomic_{verb}_{name}({p}, {ctype});"]
            out += [f"{ctype} atomic_{verb}_{name}_nv({p}, {ctype});"]
        out += [f"{ctype} atomic_cas_{name}{ni}({p}, {ctype}, {ctype});" for ni in ("", "_ni")]
        out += [f"{ctype} atomic_swap_{name}({p}, {ctype});"]
    out += [f"void atomic_{verb}_ptr(volatile void *);" for verb in ("inc", "dec")]
    out += [f"void *atomic_{verb}_ptr_nv(volatile void *);" for verb in ("inc", "dec")]
    out += ["void atomic_add_ptr(volatile void *, long);", "void *atomic_add_ptr_nv(volatile void *, long);"]
    out += ["void *atomic_swap_ptr(volatile void *, void *);"]
    out += ["void *atomic_cas_ptr_ni(volatile void *, void *, void *);"]
    return "\n".join(out) + "\n#define LONG long\n"


def work(prefix: str, machine: str) -> str:
    """`PREFIX_work` does each operation and keeps all results and values."""
    lines = []
    for name, ctype, add, _ in types(machine):
        lines.append(f"{{ volatile {ctype} v = 5, *p = &v;")
        for call in (
            f"atomic_inc_{name}_nv(p)", f"atomic_dec_{name}_nv(p)", f"atomic_add_{add}_nv(p, -9)",
            f"atomic_and_{name}_nv(p, 0xfff7)", f"atomic_or_{name}_nv(p, 0x10000)",
            f"atomic_cas_{name}(p, 1, 2)", f"atomic_cas_{name}(p, v, 2)", f"atomic_cas_{name}_ni(p, 2, 77)",
            f"atomic_swap_{name}(p, ({ctype})-1)", f"atomic_inc_{name}_nv(p)",
        ):  # fmt: skip
            lines += [f"*out++ = {call}; *out++ = v;"]
        for call in (
            f"atomic_dec_{name}(p)", f"atomic_inc_{name}(p)", f"atomic_add_{add}(p, 1000)",
            f"atomic_and_{name}(p, 0x3f8)", f"atomic_or_{name}(p, 7)",
        ):  # fmt: skip
            lines += [f"{call}; *out++ = v;"]
        lines.append("}")
    lines.append("{ void *volatile v = (void *)64; volatile void *p = &v;")
    for call in (
        "atomic_inc_ptr_nv(p)", "atomic_dec_ptr_nv(p)", "atomic_add_ptr_nv(p, -70)",
        "atomic_cas_ptr(p, (void *)-6, (void *)12)", "atomic_cas_ptr_ni(p, v, (void *)8)",
        "atomic_swap_ptr(p, (void *)9)",
    ):  # fmt: skip
        lines += [f"*out++ = (unsigned LONG){call}; *out++ = (unsigned LONG)v;"]
    lines += [
        f"atomic_{call}; *out++ = (unsigned LONG)v;" for call in ("inc_ptr(p)", "dec_ptr(p)", "add_ptr(p, 3)")
    ]
    return (
        f"unsigned long long {prefix}_out[256];\nint {prefix}_work(void);\nint {prefix}_work(void)\n"
        f"{{ unsigned long long *out = {prefix}_out;\n" + "\n".join(lines) + "}\n"
        f"return out - {prefix}_out; }}\n"
    )


def test_functions_and_inline_operations_agree(lab: Lab) -> None:
    """Each result, and each value behind it."""
    inline = HEAD + "#include <sys/atomic.h>\n#define LONG long\n" + work("inlined", lab.machine)
    lab.join(declarations(lab.machine) + work("called", lab.machine), inline)
    count = lab.call("int called_work(void)")
    assert count == lab.call("int inlined_work(void)") == len(types(lab.machine)) * 25 + 15
    called, inlined = (
        lab.k.mem.read(lab.symbols[f"{name}_out"], 8 * count) for name in ("called", "inlined")
    )
    values = [[data[i : i + 8] for i in range(0, len(data), 8)] for data in (called, inlined)]
    assert [i for i in range(count) if values[0][i] != values[1][i]] == []


def test_a_bad_pointer_is_a_fault_in_the_function(lab: Lab) -> None:
    """It is named, with its caller."""
    lab.join(
        "void atomic_inc_uint(volatile unsigned *); void bad(void); void bad(void) { atomic_inc_uint(0); }"
    )
    panic = lab.panics(lambda: lab.call("void bad(void)"))
    assert panic.reason.startswith(
        "page fault: read of 4 bytes at 0x0 (NULL pointer) in atomic_inc_uint() called from bad+"
    )
