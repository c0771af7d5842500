#!/bin/sh
# A tour: compile the sample modules, load three, use them, crash one, unload the rest.
# It needs lkmcc, modload, modunload, modstat and lkmctl on PATH, and has a kernel of its own.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/lkm-demo.XXXXXX")
LKM_SOCKET=$work/kernel.sock
LKM_CONF= LKMD_CONF=
export LKM_SOCKET LKM_CONF LKMD_CONF

finish() {
    status=$?
    trap - EXIT
    lkmctl stop >/dev/null 2>&1 || :
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; eval "$*"; }
must_fail() {
    printf '$ %s\n' "$*"
    if eval "$*"; then
        echo "this should have failed" >&2
        exit 1
    else
        printf '(exit status %d)\n' $?
    fi
}

cp "$here"/hello/hello.c "$here"/newcall/newcall.c "$here"/chardev/echo.c "$here"/crash/nullcall.c "$work"
cd "$work"

say "Real C, a real compiler, real relocatable objects."
run lkmcc hello.c newcall.c echo.c nullcall.c

say "A MISC, a SYSCALL and a DEV module. The first modload boots a kernel."
run modload hello.o
run modload newcall.o
run modload echo.o
run modstat

say "The SYSCALL module's call: how many bits 42 has, and its digits."
slot=$(modstat -n newcall | awk '$1 == "SYSCALL" { print $3 }')
run "lkmctl syscall --out 40 $slot 42 @ 40"

say "The DEV module's device gives back what was written to it."
major=$(modstat -n echo | sed -n 's,^DEV .*/\([0-9]*\) .*,\1,p')
run "lkmctl mknod /dev/echo c $major 0"
run "echo 'hello, device' | lkmctl tee /dev/echo"
run "lkmctl cat /dev/echo"

say "What the kernel has to say."
run lkmctl dmesg

say "Two of them go; one stays, and one goes wrong."
run modunload -n echo
run modunload -n newcall
must_fail modload nullcall.o

say "That kernel is gone, with everything in it. The next one runs already."
run modstat
run modload hello.o
run modstat
run modunload -n hello
run "lkmctl dmesg | tail -n 3"
