"""The pytest plugin: a fresh simulated kernel for each test that asks for one.

    def test_echo(lkm_kernel):
        echo = lkm_kernel.load("echo.c")
        with lkm_kernel.open(echo.node()) as device:
            device.write(b"hello")
            assert device.read() == b"hello"

What the fixture gives is lkmtools.testing.LkmKernel. pytest imports this file in every run of an environment
that has lkmtools, so nothing else of the package is imported before a test asks for a kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from lkmtools.testing import Builder, LkmKernel

MACHINES = ("amd64", "i386")
MARKER = "lkm_kernel"
CONSOLE_LINES = 60  # of the console, in the report of a test that fails

# None with a pytest older than 7.0: this file must not be in the way of those who use no kernel.
_KERNEL: pytest.StashKey[LkmKernel] | None = pytest.StashKey() if hasattr(pytest, "StashKey") else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """--lkm-machine, --lkm-daemon, and what a configuration file may say."""
    group = parser.getgroup("lkmtools", "simulated kernels (lkmtools)")
    group.addoption(
        "--lkm-machine",
        metavar="|".join((*MACHINES, "all")),
        choices=(*MACHINES, "all"),
        help="machine of the kernels that tests boot (default: lkm_machine of the configuration, else amd64)",
    )
    group.addoption(
        "--lkm-daemon",
        action="store_true",
        help="each kernel is a daemon of its own, which tools can reach; else only the test can",
    )
    parser.addini("lkm_machine", "machines of the kernels that tests boot", type="args", default=[])
    parser.addini("lkm_daemon", "as --lkm-daemon", type="bool", default=False)
    parser.addini("lkm_cflags", "options for the compiler of modules and programs", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """The marker; a configuration with a machine that does not exist ends here."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(machine=..., daemon=..., watchdog=..., ram=..., user_memory=..., securelevel=..., "
        "panic_on_report=...): how the kernel of the fixture lkm_kernel is booted",
    )
    if unknown := [name for name in config.getini("lkm_machine") if name not in MACHINES]:
        raise pytest.UsageError(
            f"lkm_machine: unknown machine '{unknown[0]}'; the machines are {', '.join(MACHINES)}"
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a kernel runs once for each machine, where more than one is asked for."""
    if "lkm_machine" not in metafunc.fixturenames:
        return
    if any("lkm_machine" in str(mark.args[:1]) for mark in metafunc.definition.iter_markers("parametrize")):
        return
    machines = _machines(metafunc.definition)
    if len(machines) > 1:
        metafunc.parametrize("lkm_machine", machines, indirect=True)


def _machines(node: pytest.Item | Any) -> tuple[str, ...]:
    """For a test: those of its marker, of the command line, or of the configuration; otherwise amd64."""
    marked = [mark.kwargs["machine"] for mark in node.iter_markers(MARKER) if "machine" in mark.kwargs]
    config: pytest.Config = node.config
    chosen = marked[0] if marked else config.getoption("--lkm-machine") or config.getini("lkm_machine")
    if chosen == "all":
        return MACHINES
    if isinstance(chosen, str):
        return (chosen,)
    return tuple(chosen) or MACHINES[:1]


@pytest.fixture
def lkm_machine(request: pytest.FixtureRequest) -> str:
    """The machine of lkm_kernel: "amd64" or "i386"."""
    return str(getattr(request, "param", None) or _machines(request.node)[0])


@pytest.fixture(scope="session")
def lkm_builder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Compiles modules and programs, each once a session."""
    from lkmtools.testing import Builder

    flags = tuple(request.config.getini("lkm_cflags"))
    return Builder(tmp_path_factory.mktemp("lkm"), flags)


@pytest.fixture
def lkm_kernel(
    request: pytest.FixtureRequest, lkm_machine: str, lkm_builder: Builder, tmp_path: Path
) -> Iterator[LkmKernel]:
    """A freshly booted simulated kernel: load(), open(), syscall(), run(), dmesg() ...

    A private one, or that of a daemon which tools can reach (--lkm-daemon, lkm_daemon,
    @pytest.mark.lkm_kernel(daemon=True)). Its crashes are kept in tmp_path / "lkm-crashes".
    """
    if _KERNEL is None:
        old = pytest.__version__
        pytest.fail(
            f"lkm_kernel needs pytest 7.0 or later; this is {old}: pip install -U pytest", pytrace=False
        )
    from lkmtools.testing import LkmKernel

    options: dict[str, Any] = {}
    for mark in request.node.iter_markers(MARKER):
        options = mark.kwargs | options  # the nearest marker says first
    options.pop("machine", None)
    config = request.config
    daemon = options.pop("daemon", config.getoption("--lkm-daemon") or config.getini("lkm_daemon"))
    places = (request.path.parent, config.rootpath)
    crashes = str(tmp_path / "lkm-crashes")
    kernel = LkmKernel(lkm_builder, lkm_machine, places, daemon=daemon, crashes=crashes, **options)
    request.node.stash[_KERNEL] = kernel
    yield kernel
    del request.node.stash[_KERNEL]
    kernel.close()


@pytest.hookimpl(hookwrapper=True)  # wrapper=True is of pluggy 1.2
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """The report of a test that failed shows the console of its kernel."""
    outcome = yield
    report = outcome.get_result()
    kernel = item.stash.get(_KERNEL, None) if _KERNEL is not None else None
    if report.failed and kernel is not None:
        from lkmtools.errors import DaemonError

        try:
            lines = kernel.dmesg().splitlines()[-CONSOLE_LINES:]
        except DaemonError as error:
            lines = [f"its daemon does not answer: {error}"]
        report.sections.append((f"Console of the {kernel.machine} kernel", "\n".join(lines)))
