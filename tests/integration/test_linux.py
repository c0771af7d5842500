"""The Linux emulation: two modules of examples/linux run unmodified static Linux programs, as natively."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, ENOENT, ENOEXEC
from lkmtools.kern import Cred
from lkmtools.kern.exec.kern_fork import Spawn
from lkmtools.kern.proc.hostfile import HostFile
from lkmtools.kern.proc.kern_proc import Exit
from support import linux_programs
from support.compiling import Compile
from support.errors import errno_of
from support.lab import Lab
from support.programs import Ran, Runner


@pytest.fixture
def linux(cc: Compile, machine: str) -> Iterator[Runner]:
    """A kernel with the two modules; it has not panicked, and nothing of any program is left at the end."""
    made = Runner(cc, machine)
    linux_programs.load(made.lk.process("modload"), cc, machine)
    yield made
    assert made.k.bootno == 1
    made.close()


PROGRAMS = Path(__file__).with_name("linux")


def program(cc: Compile, machine: str, name: str) -> Path:
    """linux/NAME.c as a static Linux program."""
    return linux_programs.musl(cc, (PROGRAMS / f"{name}.c").read_text(), machine)


def both(linux: Runner, name: str, *args: str) -> Ran:
    """Run linux/NAME.c inside and natively; both must say and return the same."""
    path = program(linux.cc, linux.machine, name)
    ran = linux.run(path.read_bytes(), *args, name=str(path))
    host = linux_programs.natively([str(path), *args])
    status = ran.status if ran.status is not None else -ran.signal
    assert (ran.out, status) == (host.stdout.decode(), host.returncode)
    return ran


COMMANDS = """\
echo hello, world
cat words
cat - words
ls
ls -ln words
ls -a dir
seq 1 2000
wc words
wc -l
sort words
sort -rn numbers
expr 6 '*' 7
expr 1 / 0
head -n 2 words
head -c 5
grep -n o words
grep -c nothing words
sh -c 'seq 1 20 | wc -l'
sh -c 'cat words | sort | head -n 1; echo $?'
sh -c 'for i in 1 2 3; do echo $i; done > /dev/null; exit 7'
sh -c 'echo `expr 2 + 3` && test -d dir && ! test -e nothing'
sh -c 'kill -TERM $$'
sh -c 'trap "echo caught" USR1; kill -USR1 $$; echo after'
cat nothing
"""


def test_busybox_does_as_natively(linux: Runner, tmp_path: Path) -> None:
    """The distribution's static BusyBox: what each command prints and returns is what it does on the host."""
    program = linux_programs.busybox(linux.cc, linux.machine)
    (tmp_path / "words").write_text("two\nthree\none\nfour\n")
    (tmp_path / "numbers").write_text("3\n20\n100\n")
    (tmp_path / "dir").mkdir()
    p = linux.lk.process("mount")
    p.mount("hostfs", "/mnt", linux.lk.share(str(tmp_path)))
    image = program.read_bytes()
    for line in COMMANDS.splitlines():
        # one shell changes the directory, so that both see the same names
        script = f'cd "$0" && exec busybox {line}'
        stdin = b"from\nstandard\ninput\n"
        host = linux_programs.natively([str(program), "sh", "-c", script, str(tmp_path)], stdin)
        ran = linux.run(image, "sh", "-c", script, "/mnt", name=str(program), stdin=stdin)
        said = (host.stdout + host.stderr).decode()
        status, signal = (host.returncode, 0) if host.returncode >= 0 else (None, -host.returncode)
        assert (line, ran.out, ran.status, ran.signal) == (line, said, status, signal)
    p.unmount("/mnt")


def test_arguments_memory_of_threads_and_floats(linux: Runner) -> None:
    """What a C library sets up before main()."""
    assert both(linux, "memory", "one word").status == 3


def test_processes_pipes_and_what_they_run(linux: Runner) -> None:
    """fork, vfork, wait, pipe, poll, and execve of /proc/self/exe."""
    assert both(linux, "processes").status == 0


def test_signals_reach_their_handlers_and_return(linux: Runner) -> None:
    """Every kind of handler; a fault without one ends the program with its address."""
    assert "0x10" in both(linux, "signals").reason


def test_time_passes_and_memory_can_be_protected(linux: Runner) -> None:
    """Clocks, sleeping, mremap, mprotect, brk, limits, names."""
    assert both(linux, "time").status == 0


def test_sets_of_descriptors_alarms_and_timers(linux: Runner) -> None:
    """select in each of its forms, setitimer, alarm, getrusage, and siginfo of a child that was killed."""
    assert both(linux, "timers").status == 0


def test_users_and_groups(linux: Runner) -> None:
    """As root, who becomes somebody else."""
    if os.getuid() != 0:
        pytest.skip("only root can compare what root may")
    assert both(linux, "ids").status == 0


def test_linux_and_native_programs_run_each_other(linux: Runner, tmp_path: Path) -> None:
    """execve changes the emulation, and the next one changes it back; the native one's output is its own."""
    native = (
        "int main(int argc, char **argv) { if (argc > 1) execv(argv[1], argv + 1); puts(argv[0]); return 7; }"
    )
    for name, image in (
        ("native", linux.build(native)),
        ("linux", program(linux.cc, linux.machine, "run").read_bytes()),
    ):
        (tmp_path / name).write_bytes(image)
        (tmp_path / name).chmod(0o755)
    p = linux.lk.process("mount")
    p.mount("hostfs", "/mnt", linux.lk.share(str(tmp_path)))
    chain = ["/mnt/native", "/mnt/linux", "/mnt/native"]
    ran = linux.run((tmp_path / "linux").read_bytes(), *chain)
    assert (ran.status, ran.out) == (7, "/mnt/native\n")
    p.unmount("/mnt")


def test_errors_have_linuxs_numbers(linux: Runner) -> None:
    """Each call fails as it does on the host; one that is not served is ENOSYS, and status() names it."""
    path = program(linux.cc, linux.machine, "errors")
    host = linux_programs.natively([str(path)]).stdout.decode().splitlines()
    inside = linux.run(path.read_bytes(), name=str(path)).out.splitlines()
    assert inside[:-1] == host[:-1]
    assert inside[-1] == "syscall(SYS_socket, 77, 77, 77): 38"
    assert linux.k.vitals.text()["in_vain"] == {"linux socket": 1}


def test_files_directories_and_their_attributes(linux: Runner, tmp_path: Path) -> None:
    """On the host's file system, shown inside, as outside."""
    path = program(linux.cc, linux.machine, "files")
    host, inside = tmp_path / "host", tmp_path / "inside"
    host.mkdir()
    inside.mkdir()
    p = linux.lk.process("mount")
    p.mount("hostfs", "/mnt", linux.lk.share(str(inside), writable=True))
    ran = linux.run(path.read_bytes(), "/mnt", name="prog")
    assert ran.out == linux_programs.natively([str(path), str(host)]).stdout.decode()
    p.unmount("/mnt")


@pytest.mark.parametrize("wild", ["0", "16", "kernel", "0xfffffffffffffff8", "page"])
def test_wild_pointers_to_every_call(linux: Runner, wild: str) -> None:
    """Every call, that pointer for every argument, in a child of its own: an answer or a signal, no panic."""
    path = program(linux.cc, linux.machine, "wild")
    text = hex(linux.k.port.kernbase + linux.k.port.kerntext) if wild == "kernel" else wild
    ran = linux.run(path.read_bytes(), text, name="prog")
    assert (ran.status, ran.out.splitlines()[-1:]) == (0, ["all ended"])


# -- the modules' life ---------------------------------------------------------------------------------------


def execute(lab: Lab, image: bytes, *args: str) -> int:
    """Run to the end; the errno with which it could not begin, negative, or its wait status."""
    ended = lab.kernel.execute(image, *args, name="prog")
    return -ended.errno or ended.status


def test_without_its_emulation_the_interpreter_is_refused_and_programs_too(lab: Lab) -> None:
    """ENOEXEC without either; ENOENT for exec_linux_elf alone; ENOEXEC again after all is unloaded."""
    image = linux_programs.musl(lab.cc, "int main(void) { return 8; }", lab.machine).read_bytes()
    compat, interpreter = linux_programs.build(lab.cc, lab.machine)
    assert execute(lab, image) == -ENOEXEC
    assert errno_of(lambda: modules.load(lab.p, interpreter)) == ENOENT
    modules.load(lab.p, compat)
    assert execute(lab, image) == -ENOEXEC
    modules.load(lab.p, interpreter)
    assert execute(lab, image) == 8 << 8
    assert errno_of(lambda: modules.unload(lab.p, "compat_linux")) == EBUSY
    modules.unload(lab.p, "exec_linux_elf")
    assert execute(lab, image) == -ENOEXEC
    modules.unload(lab.p, "compat_linux")
    assert lab.tables() == lab.boot_tables
    assert execute(lab, image) == -ENOEXEC


def test_a_linux_program_that_runs_keeps_both_modules(lab: Lab) -> None:
    """EBUSY for either while one sleeps in a read; the program is not disturbed."""
    source = "#include <unistd.h>\nint main(void) { char c; return read(0, &c, 1); }"
    image = linux_programs.musl(lab.cc, source, lab.machine).read_bytes()
    linux_programs.load(lab.p, lab.cc, lab.machine)
    k = lab.k
    ended: list[Exit] = []
    reading, writing = os.pipe()
    files: list[Any] = [HostFile(os.dup(reading)) for _ in range(3)]
    parent = k.attach(Cred(0, 0), "test", os.getpid())
    k.spawn(parent, Cred(0, 0), Spawn("prog", image, [b"prog"], [], files), ended.append)
    lab.settle()
    for name in ("exec_linux_elf", "compat_linux"):
        assert errno_of(partial(modules.unload, lab.p, name)) == EBUSY
    os.write(writing, b"x")
    os.close(writing)
    os.close(reading)
    lab.until(lambda: bool(ended))
    assert ended[0].status == 1 << 8
    k.detach(parent)
    lab.settle()
    for name in ("exec_linux_elf", "compat_linux"):
        modules.unload(lab.p, name)
    assert lab.tables() == lab.boot_tables
