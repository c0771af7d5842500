"""The boot of lkmd: lkm.conf, the boot log, a module that panics, securelevel, lkmd.conf, options LKM."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.booting import Machine
from support.daemons import Daemon, Place, Run, wait_dead

ROOT = Path(__file__).parents[2]


def example(machine_room: Machine) -> str:
    """lkm.conf.example, with the script it names beside the modules."""
    script = Path(machine_room.dir) / "echo_post"
    shutil.copy(ROOT / "examples" / "chardev" / "echo_post", script)
    return (ROOT / "lkm.conf.example").read_text()


def test_the_example_boots_the_sample_modules(machine_room: Machine) -> None:
    """As it stands; the log has a line for each, and the boot is over when the first tool is served."""
    machine_room.file.write_text(example(machine_room))
    assert machine_room.names() == ["hello", "hook", "guard", "newcall", "echo"]
    loaded = [line for line in machine_room.dmesg() if ": Module loaded as ID " in line]
    names = ["hello", "hook", "guard", "newcall", "echo"]
    assert loaded == [f"{name}.o: Module loaded as ID {i}" for i, name in enumerate(names)]
    assert not [line for line in machine_room.dmesg() if line.startswith("rc.lkm")]
    assert machine_room.run("lkmctl", "tee", "/dev/echo", stdin=b"hi").status == 0
    assert machine_room.run("rc.lkm", "check").status == 0 if shutil.which("rc.lkm") else True


def test_the_example_without_the_s_of_the_lower_module(machine_room: Machine) -> None:
    """The upper one cannot be linked; the log says which word is missing where."""
    text = example(machine_room)
    line = next(i for i, row in enumerate(text.splitlines(), 1) if row.startswith("hook.o"))
    machine_room.file.write_text(text.replace("hook.o          -s", "hook.o          - "))
    assert machine_room.names() == ["hello", "hook", "newcall", "echo"]
    advice = [row for row in machine_room.dmesg() if "it needs " in row]
    assert len(advice) == 1
    assert advice[0].endswith(f"is loaded without -s: write -s among the options of line {line}")


def test_every_boot_loads_lkm_conf_anew(machine_room: Machine, add: Callable[..., None]) -> None:
    """After a reboot and after a panic, as the file is then."""
    add("bomb", 'panic("boom"); return 0;')
    machine_room.conf("hello.o - - - - -")
    assert machine_room.names() == ["hello"]
    machine_room.conf("hook.o - - - - AFTERMOUNT", "hello.o - - - - -")
    assert machine_room.run("lkmctl", "reboot").status == 0
    assert machine_room.names() == ["hello", "hook"]
    assert machine_room.run("modload", "bomb.o").status == 70
    assert machine_room.names() == ["hello", "hook"]
    assert (machine_room.status()["boot"], machine_room.status()["skipped"]) == (3, [])


def test_a_module_that_panics_at_boot_is_skipped_after_the_second_time(
    machine_room: Machine, add: Callable[..., None]
) -> None:
    """Loudly; the others are loaded, and lkmctl reboot gives it another chance."""
    add("bomb", 'panic("boom"); return 0;')
    add("later", "callout_init(&c, 0); callout_reset(&c, 1, tick_tock, NULL); return 0;",
        'static callout_t c; static void tick_tock(void *arg) { panic("too late"); }')  # fmt: skip
    machine_room.conf("bomb.o - - - - -", "later.o - - - - -", "hello.o - - - - AFTERMOUNT")
    assert machine_room.names() == ["hello"]
    status = machine_room.status()
    assert [os.path.basename(path) for path in status["skipped"]] == ["bomb.o", "later.o"]
    assert (status["boot"], status["panics"], status["halted"]) == (5, 4, None)
    said = "the kernel panicked because of it at two boots; lkmctl reboot tries again"
    assert machine_room.dmesg()[:2] == [
        f"rc.lkm: {machine_room.file}:1: bomb.o: SKIPPED: {said}",
        f"rc.lkm: {machine_room.file}:2: later.o: SKIPPED: {said}",
    ]
    assert "skipped      " in machine_room.run("lkmctl", "status").out
    add("bomb", "return 0;")
    machine_room.conf("bomb.o - - - - -")
    machine_room.run("lkmctl", "reboot")
    assert machine_room.names() == ["bomb"]


# lock bts %ebx,%edx, which is no instruction: the emulator gives up on it with the whole process.
DEADLY = '__asm__ volatile(".byte 0xf0,0x0f,0xab,0xda"); return 0;'


def test_a_module_that_kills_the_kernel_process_at_boot_is_skipped_after_the_second_time(
    machine_room: Machine, add: Callable[..., None]
) -> None:
    """As one that panics; the others are loaded by the same daemon."""
    add("bomb", DEADLY)
    machine_room.conf("bomb.o - - - - -", "hello.o - - - - AFTERMOUNT")
    assert machine_room.names() == ["hello"]
    status = machine_room.status()
    assert [os.path.basename(path) for path in status["skipped"]] == ["bomb.o"]
    assert (status["boot"], status["panics"], status["halted"]) == (3, 2, None)
    assert "[bomb" in status["last_panic"]["report"]


def test_nobody_is_served_before_the_boot_is_over(machine_room: Machine) -> None:
    """A tool that comes meanwhile waits, and may say so; what lkm.conf runs does not, nor does status."""
    script = Path(machine_room.dir) / "post"
    script.write_text("#!/bin/sh\nexec 3<hold\nlkmctl status | grep boot\nmodstat | wc -l\nread line <&3\n")
    script.chmod(0o755)
    os.mkfifo(Path(machine_room.dir) / "hold")
    script.write_text(script.read_text().replace("<hold", f"<{machine_room.dir}/hold"))
    machine_room.conf("hello.o - - post - -", "hook.o - - - - -")
    with machine_room.popen("lkmd") as lkmd, open(Path(machine_room.dir) / "hold", "w") as hold:
        assert (machine_room.status()["state"], machine_room.status()["halted"]) == ("booting", None)
        with machine_room.popen("modstat") as modstat:
            while machine_room.status()["connections"] < 2:  # rc.lkm and modstat
                pass
            hold.write("go on\n")
            hold.close()
            out, err = modstat.communicate()
        assert lkmd.wait() == 0
        assert err in (
            b"",
            b"modstat: waiting for the kernel: its boot is not over (lkmctl dmesg shows it)\n",
        )
    assert [line.split()[-1] for line in out.decode().splitlines()[1:]] == ["hello", "hook"]
    assert any("amd64, boot 1, booting, pid " in line for line in machine_room.dmesg())


def test_securelevel_rises_when_the_modules_are_loaded(machine_room: Machine) -> None:
    """Process 1 raises it; a reboot, and nothing else, begins below it again."""
    machine_room.conf("hello.o - - - - AFTERMOUNT")
    assert machine_room.run("lkmd", "--multiuser") == Run(0, "", "")
    for _ in range(2):
        assert machine_room.names() == ["hello"]
        assert machine_room.dmesg()[-2] == "init: kern.securelevel: 0 -> 1"
        refused = machine_room.run("modunload", "hello")
        assert (refused.status, refused.err.splitlines()) == (5, [
            "modunload: LMUNLOAD: Operation not permitted",
            "modunload: securelevel is 1: modules cannot be loaded or unloaded",
        ])  # fmt: skip
        machine_room.run("lkmctl", "reboot")


@pytest.mark.parametrize(
    ("options", "level"),
    [
        (["--securelevel", "-1", "--multiuser"], -1),
        (["--securelevel", "2"], 2),
        (["--multiuser"], 1),
        ([], 0),
    ],
)
def test_securelevel_after_the_boot(
    start_daemon: Callable[..., Daemon], options: list[str], level: int
) -> None:
    """-1 stays for ever, 0 rises to 1 with --multiuser, others are what is asked for."""
    with start_daemon(*options).connect() as p:
        assert p.sysctl("kern.securelevel") == level


def test_lkmd_conf_has_the_defaults_and_the_command_line_goes_first(place: Place) -> None:
    file = Path(place.dir) / "lkmd.conf"
    text = 'machine = "i386"\r\nram = 32\r\nmultiuser = true\r\nlkm_conf = ""\r\n'
    file.write_bytes(text.encode("utf-8-sig"))
    place.env["LKMD_CONF"] = str(file)
    assert place.run("lkmd", "--ram", "64") == Run(0, "", "")
    with place.connect() as p:
        kernel = p.control("status")["kernel"]
    assert (kernel["machine"], kernel["memory"]["total"], kernel["securelevel"]) == ("i386", 64 << 20, 1)


def test_the_example_of_lkmd_conf_has_every_default(place: Place) -> None:
    """Taking the comments off its keys changes nothing."""
    from lkmtools.cli.lkmd import main
    from lkmtools.conf import lkmdconf

    text = (ROOT / "lkmd.conf.example").read_text()
    file = Path(place.dir) / "lkmd.conf"
    file.write_text("\n".join(line.removeprefix("#") for line in text.splitlines() if " = " in line))
    values = lkmdconf.read(str(file))
    assert list(values) == list(lkmdconf.KEYS)
    options = {option.name: option.default for option in main.params}
    for key in values.keys() - {"lkm_conf", "lkm_path", "crash_dir", "without"}:
        assert values[key] == options[key], key


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ramm = 1\n", "unknown key: 'ramm'; did you mean ram?"),
        ('ram = "big"\n', "ram: 'big' is not an integer"),
        ("ram = true\n", "ram: True is not an integer"),
        ("ram = 5\n", "ram: 5 is not in the range 16<=x<=1024."),
        ('machine = "vax"\n', "machine: 'vax' is not one of 'amd64', 'i386'."),
        ("lkm_path = [1]\n", "lkm_path: [1] is not a list of strings"),
        ("ram\n", "not TOML: "),
    ],
)
def test_a_mistake_in_lkmd_conf_names_file_key_and_limit(place: Place, text: str, why: str) -> None:
    """And a tool that needed the daemon says the same."""
    file = Path(place.dir) / "lkmd.conf"
    file.write_text(text)
    place.env["LKMD_CONF"] = str(file)
    run = place.run("lkmd")
    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(f"lkmd: {file}: {why}")
    if "ramm" in text:
        assert f"cannot start a daemon: {file}: {why}" in place.run("modstat").err


def test_without_options_lkm_there_are_no_modules(machine_room: Machine) -> None:
    """/dev/lkm cannot be opened, and every tool says why; rc.lkm says it once."""
    machine_room.conf("hello.o - - - - -", "hook.o - - - - -")
    assert machine_room.run("lkmd", "--without", "lkm").status == 0
    why = "this kernel was booted without options LKM (lkmd --without LKM)"
    for tool, status, args in (("modload", 3, ["hello.o"]), ("modunload", 2, ["hello"]), ("modstat", 2, [])):
        run = machine_room.run(tool, *args)
        assert (run.status, run.err) == (
            status,
            f"{tool}: /dev/lkm: Device not configured\n{tool}: {why}\n",
        )
    place = f"rc.lkm: {machine_room.file}:1: hello.o:"
    assert machine_room.dmesg() == [
        f"{place} /dev/lkm: Device not configured",
        f"{place} {why}",
        "rc.lkm: not loaded: hook.o",
    ]
    with machine_room.connect() as p:
        assert "lkm" in p.listdir("/dev")
        assert p.sysctl("kern.securelevel") == 0


@pytest.mark.parametrize("end", ["stop", "reboot"])
def test_a_boot_that_hangs_can_be_ended(machine_room: Machine, end: str) -> None:
    """lkmctl stop and reboot do not wait for it, and leave nothing of it behind."""
    script = Path(machine_room.dir) / "post"
    script.write_text('#!/bin/sh\necho $$ >"$LKM_PATH/pid"\nread line <"$LKM_PATH/hold"\n')
    script.chmod(0o755)
    os.mkfifo(Path(machine_room.dir) / "hold")
    machine_room.conf("hello.o - - post - -")
    with machine_room.popen("lkmd") as lkmd, open(Path(machine_room.dir) / "hold", "w"):
        watch = os.pidfd_open(int((Path(machine_room.dir) / "pid").read_text()))
        machine_room.conf("hook.o - - - - -")
        assert machine_room.run("lkmctl", end) == Run(0, "", "")
        wait_dead(watch)
        os.close(watch)
        assert lkmd.wait() == 0
    assert machine_room.run("lkmctl", "status").status == (69 if end == "stop" else 0)
    assert machine_room.names() == ["hook"]


def test_a_kernel_that_halts_in_its_boot_says_so(machine_room: Machine, add: Callable[..., None]) -> None:
    """--panic=halt keeps the first panic for whoever looks; lkmctl reboot tries again."""
    add("bomb", 'panic("boom"); return 0;')
    machine_room.conf("bomb.o - - - - -")
    assert machine_room.run("lkmd", "--panic", "halt").status == 0
    assert machine_room.status()["halted"] == "boom"
    run = machine_room.run("modstat")
    assert (run.status, run.err.splitlines()[-1]) == (
        70, "modstat: the kernel is halted: boom; lkmctl reboot boots again",
    )  # fmt: skip
    machine_room.conf("hello.o - - - - -")
    machine_room.run("lkmctl", "reboot")
    assert machine_room.names() == ["hello"]
    machine_room.conf("bomb.o - - - - -")
    assert machine_room.run("lkmctl", "reboot").status == 70
    status = machine_room.status()
    assert (status["halted"], status["boot"], status["panics"]) == ("boom", 3, 2)


def test_rc_lkm_that_is_killed_does_not_keep_the_kernel_from_users(machine_room: Machine) -> None:
    """The console says what became of it."""
    script = Path(machine_room.dir) / "post"
    script.write_text("#!/bin/sh\nkill -9 $PPID\n")
    script.chmod(0o755)
    machine_room.conf("hello.o - - post - -", "hook.o - - - - -")
    assert machine_room.names() == ["hello"]
    assert "rc.lkm was ended by signal 9" in machine_room.dmesg()


def test_an_lkm_conf_that_is_filled_or_emptied_counts_at_the_next_boot(machine_room: Machine) -> None:
    """Whether there is something to load is seen at each boot, not when the daemon starts."""
    machine_room.conf()
    assert machine_room.run("lkmd") == Run(0, "", "")
    for lines, names in ((("hello.o - - - - -",), ["hello"]), ((), []), (("hook.o - - - - -",), ["hook"])):
        machine_room.conf(*lines)
        assert machine_room.run("lkmctl", "reboot") == Run(0, "", "")
        assert machine_room.names() == names
