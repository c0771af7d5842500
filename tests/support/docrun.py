"""Runs what the documents print: files are written, commands executed, output compared.

In Markdown a fenced block has a language and perhaps a name:

    ```c hello.c      a file: written as it stands
    ```c >> hello.c   text to append to a file
    ```c hello.c after int x    text to insert after the only line that begins with "int x" (or before it)
    ```console        commands behind "$ " (continued behind "> ") and what they print
    ```text           shown only

In a manual page they are the .Dl lines and .Bd -literal blocks of EXAMPLES. `$ cat FILE` of a file that is
not there yet writes it, with what is printed below. "..." in an expected output stands for anything. A
command that fails is a mistake unless the next one is `echo $?`. A Markdown file shows all that its commands
print; a manual page may leave it out.

All commands of a document run in one bash, in a directory of their own, with a socket of their own.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PATIENCE = 600  # seconds for a whole document, on a busy host
_MORE = ">> "  # before a name: append to that file
_PLACE = re.compile(r"(\S+) (before|after) (.+)")  # instead of a name: insert into that file


class Step(NamedTuple):
    """A file to write (`name` is set) or a command to run; `text` is its content or the command."""

    line: int
    name: str
    text: str
    expected: list[str]


class Done(NamedTuple):
    """What a step printed, and its exit status."""

    status: int
    out: list[str]


class DocumentError(AssertionError):
    """A document does not say what happens."""


def markdown(path: Path) -> list[Step]:
    """The steps of a Markdown file. DocumentError for a block that nobody would run."""
    steps: list[Step] = []
    block: list[str] = []
    fence, start = "", 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.startswith("```"):
            block.append(line)
            continue
        if not fence:
            fence, start, block = line[3:].strip() or "?", number, []
            continue
        language, _, name = fence.partition(" ")
        if name:
            steps.append(Step(start, name, "\n".join(block) + "\n", []))
        elif language == "console":
            steps += session(block, start + 1)
        elif language != "text":
            raise DocumentError(f"{path.name}:{start}: a block in {fence!r} without a name: nobody runs it")
        fence = ""
    return steps


def manual(path: Path) -> list[Step]:
    """The steps of the EXAMPLES section of an mdoc manual page."""
    steps: list[Step] = []
    block: list[str] | None = None
    section, start = "", 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith(".Sh "):
            section = line[4:]
        if section != "EXAMPLES":
            continue
        if line.startswith(".Bd "):
            block, start = [], number + 1
        elif line == ".Ed":
            assert block is not None
            steps += session(block, start)
            block = None
        elif block is not None:
            block.append(_plain(line))
        elif line.startswith(".Dl "):
            steps += session([_plain(line[4:])], number)
    return steps


def _plain(text: str) -> str:
    """A literal line of mdoc as it is shown."""
    shown = {r"\e": "\\", r"\&": "", r"\-": "-", r"\(aq": "'", r"\(dq": '"'}
    return re.sub(r"\\(?:[e&-]|\((?:aq|dq))", lambda match: shown[match[0]], text)


def session(lines: list[str], start: int) -> list[Step]:
    """The steps of a session as it is printed; what does not begin with a command is a mistake."""
    steps: list[Step] = []
    for number, line in enumerate(lines, start):
        if line.startswith("$ "):
            steps.append(Step(number, "", line[2:], []))
        elif not steps:
            raise DocumentError(f"line {number}: {line!r} stands before any command")
        elif line.startswith("> ") and not steps[-1].expected:
            steps[-1] = steps[-1]._replace(text=f"{steps[-1].text}\n{line[2:]}")
        else:
            steps[-1].expected.append(line)
    return steps


def environment(directory: Path) -> dict[str, str]:
    """Where commands run: our tools first on PATH, a socket and a home in `directory`."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LKM_", "_LKM", "PYTEST_", "XDG_"))}
    tools = str(Path(sys.executable).parent)
    return env | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(directory),
        "LKM_SOCKET": str(directory / "s"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(steps: list[Step], work: Path) -> list[Done]:
    """Run the steps in the directory `work`, and stop the kernel they leave."""
    with tempfile.TemporaryDirectory(prefix="lkm-") as name:
        home = Path(name)
        script = ["status=0"]
        for count, step in enumerate(steps):
            out = shlex.quote(str(home / f"out{count}"))
            script.append(f"exec >{out} 2>&1 </dev/null")
            if step.name or _writes(step):
                source = home / f"file{count}"
                source.write_text(step.text if step.name else "\n".join(step.expected) + "\n")
                script.append(_write(step, source))
            if not step.name:
                script.append(f"(exit $status); eval {shlex.quote(step.text)}")
            script.append(f"status=$?; echo $status >{out}.status")
        env = environment(home)
        try:
            subprocess.run(
                ["bash", "-c", "\n".join(script)], cwd=work, env=env, timeout=PATIENCE, check=False
            )
        finally:
            lkmctl = Path(sys.executable).with_name("lkmctl")
            subprocess.run([lkmctl, "stop"], env=env, capture_output=True, check=False)
        return [_done(home / f"out{count}") for count in range(len(steps))]


def _write(step: Step, source: Path) -> str:
    """The shell command that puts the text of a step, which is in `source`, where the step wants it."""
    if place := _PLACE.fullmatch(step.name):
        target, where, line = place.groups()
        pattern = "^" + re.sub(r"[\\/.*\[\]^$]", r"\\\g<0>", line)
        insert = f"e cat {source}" if where == "before" else f"r {source}"  # GNU sed
        target, pattern, edit = (shlex.quote(text) for text in (target, pattern, f"/{pattern}/{insert}"))
        return f'[ "$(grep -c -e {pattern} {target})" = 1 ] && sed -i {edit} {target}'
    target = shlex.quote(step.name.removeprefix(_MORE) or step.text.split()[1])
    if step.name.startswith(_MORE):
        return f"cat {source} >>{target}"
    write = f'{{ mkdir -p "$(dirname {target})" && cp {source} {target}; }}'
    return write if step.name else f"[ -e {target} ] || {write}"


def _writes(step: Step) -> bool:
    return re.fullmatch(r"cat [\w./-]+", step.text) is not None


def _done(out: Path) -> Done:
    status = Path(f"{out}.status")
    if not status.exists():
        return Done(-1, ["(not run: the shell had ended)"])
    return Done(int(status.read_text()), out.read_text(errors="backslashreplace").splitlines())


def mistakes(steps: list[Step], done: list[Done], strict: bool) -> list[str]:
    """Where the document does not say what happened; `strict`: also where it shows no output."""
    found = []
    for step, result, after in zip(steps, done, [*steps[1:], None], strict=True):
        told = after is not None and after.text == "echo $?"
        if result.status != 0 and not told:
            found.append(f"line {step.line}: {step.text}: status {result.status}: {result.out}")
        elif not step.name and (strict or step.expected) and not matches(step.expected, result.out):
            found.append(f"line {step.line}: {step.text}: printed\n" + "\n".join(result.out))
    return found


def matches(expected: list[str], out: list[str]) -> bool:
    """Whether the output is the expected one, in which "..." stands for anything."""
    wanted = "\n".join(line.rstrip() for line in expected).rstrip()
    pattern = ".*".join(map(re.escape, wanted.split("...")))
    return re.fullmatch(pattern, "\n".join(line.rstrip() for line in out).rstrip(), re.DOTALL) is not None
