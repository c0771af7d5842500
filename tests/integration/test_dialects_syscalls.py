"""System calls by the names that they had before NetBSD 3.0 and have in OpenBSD: a module wraps them."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.cc.dialects import FLAGS
from support.lab import Lab

WRAPPED = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/dirent.h>
#include <sys/malloc.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

static int stats;

/* The first entry that begins with "hid" is taken out. */
static int
without(CALLER *p, void *v, register_t *retval)
{
	struct sys_LIST_args *uap = v;
	int error = sys_LIST(p, v, retval), at, rest;
	char *buf, *user = SCARG(uap, buf);

	if (error != 0 || *retval == 0)
		return error;
	buf = malloc(*retval, M_TEMP, M_WAITOK);
	error = copyin(user, buf, *retval);
	for (at = 0; error == 0 && at < *retval; at += ((struct dirent *)(buf + at))->d_reclen) {
		struct dirent *entry = (struct dirent *)(buf + at);

		if (strncmp(entry->d_name, "hid", 3) != 0)
			continue;
		rest = *retval - at - entry->d_reclen;
		*retval -= entry->d_reclen;
		error = copyout(buf + at + entry->d_reclen, user + at, rest);
		break;
	}
	free(buf, M_TEMP);
	return error;
}

static int
counted(CALLER *p, void *v, register_t *retval)
{
	struct sys_STAT_args *uap = v;

	stats += SCARG(uap, path) != NULL && SCARG(uap, ub) != NULL;
	printf("stats %d\\n", stats);
	return sys_STAT(p, v, retval);
}

static int
wire(struct lkm_table *lkmtp, int cmd)
{
	sysent[SYS_LIST].sy_call = cmd == LKM_E_LOAD ? without : sys_LIST;
	sysent[SYS_STAT].sy_call = cmd == LKM_E_LOAD ? counted : sys_STAT;
	return sizeof(struct sys_socket_args) != 3 * sizeof(register_t) || SYS_FSTAT == SYS_LSTAT ? EINVAL : 0;
}

MOD_MISC("wrapped");
int wrapped_lkmentry(struct lkm_table *, int, int);
int
wrapped_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, wire, wire, lkm_nofunc);
}
"""
OLD = {"LIST": "getdents", "LSTAT": "__lstat13", "FSTAT": "__fstat13", "STAT": "__stat13"}
OPENBSD = {"LIST": "getdirentries", "LSTAT": "lstat", "FSTAT": "fstat", "STAT": "stat"}
DIALECTS = {
    "1.4": OLD | {"CALLER": "struct proc"},
    "2.0": OLD | {"CALLER": "struct lwp"},
    "openbsd": OPENBSD | {"CALLER": "struct proc"},
}


@pytest.mark.parametrize("api", DIALECTS)
def test_files_are_listed_and_looked_at_by_older_names(lab: Lab, api: str) -> None:
    text = WRAPPED
    for word, name in DIALECTS[api].items():
        text = text.replace(word, name)
    for name in ("seen", "hidden"):
        lab.p.mkdir(f"/tmp/{name}", 0o755)
    lab.load(text, name="wrapped", whole=True, flags=(*FLAGS[api], "-Werror"))
    assert "seen" in lab.p.listdir("/tmp")
    assert "hidden" not in lab.p.listdir("/tmp")
    lab.p.stat("/tmp")
    assert "stats 1\n" in lab.dmesg
    modules.unload(lab.p, "wrapped")
    assert "hidden" in lab.p.listdir("/tmp")
    assert lab.tables() == lab.boot_tables
