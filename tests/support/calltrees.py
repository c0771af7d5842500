"""C modules with random trees of calls, in which each function records that it runs, until one dies.

Function n writes its number to probe_calls[] when it begins and takes it back before it returns. probe_go(n)
calls the tree again and again; the n-th function that begins brings the kernel down. A function called tailN
has taken its number back before its last call, which may be a jump.
"""

from __future__ import annotations

import random
from typing import NamedTuple

HEAD = """
#include <sys/percpu.h>
#define NOINLINE __attribute__((noinline))
volatile int probe_calls[257], probe_left, probe_one = 1;
#define probe_depth probe_calls[0]
#define probe_trail (probe_calls + 1)
void (*volatile probe_nothing)(void);
percpu_t *probe_cpus;
void *__builtin_alloca(__SIZE_TYPE__);
#define LEAVE probe_depth--
"""
GO = """
int probe_go(int n);
int probe_go(int n)
{
	probe_left = n;
	probe_cpus = percpu_alloc(sizeof(int));
	for (;;)
		t0(n%s);
}
"""
# How the kernel goes down.
ENDS = (
    "*(volatile int *)0 = 1",
    "probe_nothing()",
    'panic("the end")',
    "strlen((char *)(long)probe_depth)",
    '__asm__ volatile ("ud2")',
)
LOCALS = (
    "",
    "",
    "volatile char big[{n}]; big[{i} & 7] = a0; x += big[{i} & 7];",
    "volatile char *big = __builtin_alloca(16 + ({n} & probe_one * -1)); big[3] = a0; x += big[3];",
    "volatile char big[{i} + probe_one * {n}]; big[{i}] = a0; x += big[{i}];",
    "volatile char big[64] __attribute__((aligned(64))); big[{i} & 7] = a0; x += big[{i} & 7];",
)
KINDS = ("static NOINLINE", "static NOINLINE", "static", "static inline", "")


class CallTree(NamedTuple):
    """A source, and what its functions are called by number."""

    source: str
    names: dict[int, str]
    callbacks: frozenset[str]  # those that the kernel calls


class _Function(NamedTuple):
    number: int
    form: str  # "plain", "varargs", "callback" or "tail"
    params: int
    kind: str

    @property
    def name(self) -> str:
        return f"{'tail' if self.form == 'tail' else 't'}{self.number}"

    @property
    def prototype(self) -> str:
        if self.form == "callback":
            return f"static void {self.name}(void *p, void *q, struct cpu_info *ci)"
        if self.form == "varargs":
            return f"{self.kind} int {self.name}(int a0, ...)".strip()
        params = ", ".join(f"int a{number}" for number in range(self.params))
        return f"{self.kind} int {self.name}({params})".strip()

    def call(self, chance: random.Random) -> str:
        """A call of it, as an expression."""
        if self.form == "callback":
            return f"(percpu_foreach(probe_cpus, {self.name}, &x), x)"
        given = chance.randrange(1, 9) if self.form == "varargs" else self.params
        args = ", ".join(["x", *(f"a0 + {number}" for number in range(1, given))])
        if self.form == "plain" and chance.random() < 0.3:
            types = ", ".join(["int"] * self.params)
            return f"((int (*volatile)({types})){self.name})({args})"
        return f"{self.name}({args})"


def call_tree(seed: int) -> CallTree:
    """The tree of a seed."""
    chance = random.Random(seed)
    functions = [_function(chance, number) for number in range(chance.randrange(6, 30))]
    text = [
        HEAD,
        f"#define ENTER(n) probe_trail[probe_depth++] = n; if (--probe_left == 0) {chance.choice(ENDS)}\n",
    ]
    text += [f"{function.prototype};\n" for function in functions]
    text += [_body(chance, function, functions[function.number + 1 :]) for function in functions]
    text.append(GO % "".join(f", {number}" for number in range(1, functions[0].params)))
    names = {function.number: function.name for function in functions}
    callbacks = frozenset(function.name for function in functions if function.form == "callback")
    return CallTree("".join(text), names, callbacks)


def _function(chance: random.Random, number: int) -> _Function:
    form = "plain" if number == 0 else chance.choice(("plain",) * 5 + ("varargs", "callback", "tail"))
    return _Function(number, form, chance.randrange(1, 10), chance.choice(KINDS))


def _body(chance: random.Random, function: _Function, others: list[_Function]) -> str:
    """Its definition; it calls some of the `others`."""
    number = function.number
    begin = "int a0 = *(int *)q, x = a0;" if function.form == "callback" else "int x = a0;"
    local = chance.choice(LOCALS).format(n=chance.randrange(16, 400), i=number)
    near = others[:3]
    lines = [begin, f"ENTER({number});", local]
    for callee in chance.sample(near, min(len(near), chance.randrange(1, 4))):
        call = f"x += {callee.call(chance)};"
        ways = ("{}", "{}", "if (probe_one) {{ {} }}", "for (int i = 0; i <= probe_one; i++) {{ {} }}")
        lines.append(chance.choice(ways).format(call))
    if function.form == "callback":
        lines += ["LEAVE;", "*(int *)q = x;"]
    elif function.form == "tail" and near:
        lines += ["LEAVE;", f"return {chance.choice(near).call(chance)};"]
    else:
        lines += ["LEAVE;", "return x + " + " + ".join(f"a{n}" for n in range(_named(function))) + ";"]
    return f"{function.prototype}\n{{\n" + "".join(f"\t{line}\n" for line in lines if line) + "}\n"


def _named(function: _Function) -> int:
    """How many of its arguments have names."""
    return function.params if function.form in ("plain", "tail") else 1
