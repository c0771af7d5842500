"""A Python error that the kernel should not have let out is a panic, and no traceback is ever shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lkmtools.errors import KernelError, bug
from lkmtools.kern import Kernel
from lkmtools.kern.base.panic import KernelPanic, call_text
from lkmtools.machine import Prototype
from support.lab import Lab

PROBE = """
int probe_run(void *p, int n);
int probe_run(void *p, int n) { return uiomove(p, n, p); }
"""
RUN = "int probe_run(void *p, int n)"


Break = Callable[[Lab, str, Exception], None]


@pytest.fixture
def break_body(monkeypatch: pytest.MonkeyPatch) -> Break:
    """break_body(lab, name, error) makes a kernel function raise `error`."""
    return partial(_break_body, monkeypatch)


def _break_body(monkeypatch: pytest.MonkeyPatch, lab: Lab, name: str, error: Exception) -> None:

    def body(k: Kernel, *args: Any) -> NoReturn:
        raise error

    function = next(fn for fn in lab.k.engine.text.functions if fn.name == name)  # of every kernel
    monkeypatch.setattr(function, "body", body)


def test_an_error_in_a_function_that_a_module_calls_names_call_and_caller(
    lab: Lab, break_body: Break
) -> None:
    """With its arguments; report and message buffer have no traceback."""
    lab.load(PROBE)
    break_body(lab, "uiomove", KeyError(5))
    panic = lab.panics(lambda: lab.call(RUN, 0x1234, 7))
    what = "internal error: KeyError: 5 in uiomove(buf 0x1234, n 7, uio 0x1234) called from probe_run+0x"
    assert panic.reason.startswith(what)
    assert panic.reason.endswith("[probe]")
    assert "Traceback" not in panic.report + lab.dmesg
    assert ".py" not in panic.report + lab.dmesg
    assert panic.report in lab.dmesg


def test_an_error_in_a_function_in_a_table_names_the_call(lab: Lab, break_body: Break) -> None:
    """No machine code called it, so there is no caller to name."""
    break_body(lab, "seltrue", ValueError("two\nlines"))
    fd = lab.p.open("/dev/null")
    panic = lab.panics(lambda: lab.p.poll([(fd, 1)], 0))
    assert panic.reason.startswith("internal error: ValueError: two lines in seltrue(dev ")


def test_an_error_in_a_system_call_of_the_kernel_names_the_call(lab: Lab) -> None:
    """It is not called through its stub, and guarded as well."""
    k = lab.k
    sy_call = k.symbol("sys_getpid")
    k.system_calls._own = dict(k.system_calls._own)
    k.system_calls._own[sy_call] = (lambda *args: args[99], k.system_calls._own[sy_call][1])
    panic = lab.panics(lambda: lab.p.syscall(20))
    assert panic.reason.startswith("internal error: IndexError: tuple index out of range in sys_getpid(l 0x")


def test_an_error_in_no_function_is_a_panic_of_the_step(lab: Lab) -> None:
    """What the scheduler runs, say, when a timer is due."""
    nothing: dict[str, int] = {}
    lab.k.sched.at(0, lambda: nothing["nothing"])
    panic = lab.panics(lab.settle)
    assert panic.reason == "internal error: KeyError: 'nothing'"
    assert "Traceback" not in panic.report + lab.dmesg


def test_tracebacks_go_to_the_file_that_the_environment_names(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_body: Break
) -> None:
    """And to none without it."""
    lab.load(PROBE)
    break_body(lab, "uiomove", KeyError("the first"))
    lab.panics(lambda: lab.call(RUN, 0, 0))
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "tracebacks"
    monkeypatch.setenv("LKM_DEBUG_TRACEBACK", str(file))
    lab.load(PROBE)
    break_body(lab, "uiomove", KeyError("the second"))
    panic = lab.panics(lambda: lab.call(RUN, 0, 0))
    assert "the first" not in file.read_text()
    assert file.read_text().startswith("Traceback (most recent call last):")
    assert "KeyError: 'the second'" in file.read_text()
    assert "Traceback" not in panic.report + lab.dmesg


def test_an_endless_text_of_an_error_is_cut_with_its_length() -> None:
    """One line of a report stays one."""
    assert bug(ValueError("x" * 5000)) == f"internal error: ValueError: {'x' * 200}... (5000 characters)"
    assert bug(MemoryError()) == "the host has no memory left"


def test_a_call_is_shown_with_names_where_the_prototype_has_them() -> None:
    """More arguments than it has parameters are numbered."""
    proto = Prototype("int f(void *p, int, const char *fmt, ...)")
    assert call_text(proto, (16, -1, 0xFF, object())) == "f(p 0x10, argument 2 -1, fmt 0xff, ...)"
    assert call_text(Prototype("int g(void)"), (16,)) == "g(argument 1 0x10)"


@pytest.mark.parametrize("through", ["module", "table"])
def test_an_errno_that_a_function_cannot_return_is_a_panic(lab: Lab, break_body: Break, through: str) -> None:
    """Nobody could see it, and the module would be left in the middle."""
    lab.load(
        "#include <sys/malloc.h>\nvoid *probe_run(int n); void *probe_run(int n) { return malloc(n, 0, 0); }"
    )
    break_body(lab, "malloc", KernelError(5, "odd"))
    proto = Prototype("void *malloc(unsigned long size, void *type, int flags)")
    if through == "module":
        panic = lab.panics(lambda: lab.call("void *probe_run(int n)", 8))
        reason = panic.reason
    else:
        with pytest.raises(KernelPanic) as info:
            lab.k.engine.call(proto, lab.k.symbol("malloc"), 8, 0, 0)
        reason = info.value.reason
    assert reason.startswith("malloc: odd")
