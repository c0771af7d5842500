"""Kernel functions refuse arguments they cannot use: a panic or an errno names them, one test a kind."""

from __future__ import annotations

import re

import pytest

from lkmtools.kern.base.bound import STEP
from support.lab import Lab
from support.one_call import HEAD, run


@pytest.mark.parametrize("function", ["rootfs_reclaim", "hostfs_reclaim"])
def test_reclaiming_a_vnode_of_another_file_system_names_the_vnode(lab: Lab, function: str) -> None:
    """It was a KeyError."""
    head = f"extern int {function}(void *);"
    body = f"static struct vop_reclaim_args a; a.a_vp = (void *)0x1234; return {function}(&a);"
    panic = lab.panics(lambda: run(lab, body, head))
    assert panic.reason.startswith(f"{function}: 0x1234 is not a vnode of ")


@pytest.mark.parametrize("count", ["0", "0xffffffff"])
def test_holding_credentials_that_are_none_names_their_count(lab: Lab, count: str) -> None:
    """No reference to begin with, or one more than there is a number for, which was a struct.error."""
    body = f"static struct ucred c; c.cr_refcnt = {count}; kauth_cred_hold((kauth_cred_t)&c); return 0;"
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("kauth_cred_hold: the credentials at 0x")
    assert panic.reason.endswith(f"have cr_refcnt {int(count, 0)}")


def test_counters_of_a_malloc_type_wrap_as_those_of_c_do(lab: Lab) -> None:
    """They were a struct.error; what is allocated is there."""
    body = """
	static struct malloc_type t; char *p;
	memset(&t, 0xff, sizeof(t));
	p = malloc(100, &t, M_WAITOK);
	p[99] = 1;
	free(p, &t);
	return p[99] != 1 || t.ks_calls;
"""
    assert run(lab, body) == 1


@pytest.mark.parametrize(
    ("member", "value", "errno"),
    [
        ("ps_nargvstr", -1, 7),
        ("ps_nargvstr", 65537, 7),
        ("ps_nenvstr", 0x7FFFFFFF, 7),
        ("ps_nargvstr", 1, 14),
    ],
)
@pytest.mark.parametrize("function", ["copyargs", "elf32_copyargs", "elf64_copyargs"])
def test_copyargs_refuses_counts_and_places_that_cannot_be(
    lab: Lab, function: str, member: str, value: int, errno: int
) -> None:
    """E2BIG names the count; a stack at the end of the address space is EFAULT: it was a struct.error."""
    head = f"#include <sys/exec.h>\nextern int {function}();"
    body = f"""
	static struct execsw es; static struct exec_package pack; static struct ps_strings ps;
	static char *stack = (char *)-8, text[8] = "text";
	pack.ep_esch = &es; ps.{member} = {value};
	return {function}(curlwp, &pack, &ps, &stack, text);
"""
    assert run(lab, body, head) == errno
    if errno == 7:
        most = f"copyargs: {member} is {value}; the limit is 65536"
        assert most in lab.k.lwps[lab.p._transport.proc.lwp.addr].thread.reason  # type: ignore[attr-defined]


def test_a_list_that_is_a_ring_ends_in_a_panic(lab: Lab) -> None:
    """The list of drivers, which is walked to look one up."""
    body = """
	static struct cfdriver cd = { .cd_name = "ring" };
	config_cfdriver_attach(&cd);
	*(void **)&cd = &cd;
	return device_find_by_driver_unit("none", 0) != NULL;
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("the list allcfdrivers is corrupted: it comes back to 0x")


def test_an_endless_array_of_empty_iovecs_ends_in_a_panic(lab: Lab) -> None:
    """uiomove() skips those without a length."""
    body = """
	static struct iovec none[8200]; struct uio u = { 0 };
	char c;
	u.uio_iov = none; u.uio_iovcnt = 8200; u.uio_resid = 1;
	UIO_SETUP_SYSSPACE(&u);
	return uiomove(&c, 1, &u);
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("uiomove: the array of struct iovecs of the uio at 0x")
    assert panic.reason.endswith("has no end: it has more than 8192 elements")


def test_units_of_a_driver_beyond_the_bound_name_their_number(lab: Lab) -> None:
    """cd_ndevs belongs to the module."""
    body = """
	static struct cfdriver cd = { .cd_name = "many" }; static void *one[1];
	cd.cd_devs = one; cd.cd_ndevs = 0x7fffffff;
	return device_lookup(&cd, 0) != NULL;
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("the table cd_devs of the struct cfdriver at 0x")
    assert panic.reason.endswith("is corrupted: it has 2147483647 rows; the limit is 4096")


def test_a_format_beyond_the_bound_names_its_length(lab: Lab) -> None:
    """65,536 bytes are the most; a text without conversions may have a megabyte."""
    body = """
	char *f = malloc(70000, M_TEMP, M_WAITOK);
	memset(f, '%', 69999); f[69999] = 0;
	return snprintf(f, 4, f);
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason == "snprintf: a format of 65537 bytes; the limit is 65536"


def test_strings_of_a_message_beyond_the_bound_are_a_panic(lab: Lab) -> None:
    """However little of them is printed."""
    body = """
	char b[4], *s = malloc(1 << 20, M_TEMP, M_WAITOK);
	memset(s, 'A', (1 << 20) - 1); s[(1 << 20) - 1] = 0;
	return snprintf(b, sizeof(b), "%s%s%s%s%s", s, s, s, s, s);
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason == "snprintf: more than 4,194,304 bytes in one message"


def test_padding_beyond_the_bound_is_a_panic(lab: Lab) -> None:
    """Where it would be stored; where it is cut it counts for nothing."""
    body = """
	char *s = malloc(6 << 20, M_TEMP, M_WAITOK);
	int n = snprintf(s, 10, "%*d", 0x7fffff00, 1);
	return n != 0x7fffff00 ? -1 : snprintf(s, 6 << 20, "%*d", 5 << 20, 1);
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason == "snprintf: more than 4,194,304 bytes in one message"


def test_the_words_of_an_assertion_have_a_bound(lab: Lab) -> None:
    """What is shown as it is has at most 65,536 bytes."""
    body = """
	char *s = malloc(1 << 20, M_TEMP, M_WAITOK);
	memset(s, 'A', (1 << 20) - 1); s[(1 << 20) - 1] = 0;
	__assert("", "file.c", 1, s);
	return 0;
"""
    head = "extern void __assert(const char *, const char *, int, const char *);"
    panic = lab.panics(lambda: run(lab, body, head))
    assert panic.reason.startswith("__assert: the length of expr 0x")
    assert panic.reason.endswith("is more than 65536; the limit is 65536")


def test_a_vector_of_vnode_operations_is_written_as_a_module_would(lab: Lab) -> None:
    """A table that leads into the kernel's text is a page fault, and changes nothing there."""
    body = """
	static int (**vector)(void *) = (void *)panic;
	static const struct vnodeopv_entry_desc rows[] = {
		{ &vop_default_desc, vn_default_error }, { NULL, NULL }
	};
	static const struct vnodeopv_desc desc = { &vector, rows };
	static const struct vnodeopv_desc *const descs[] = { &desc, NULL };
	vfs_opv_init(descs);
	return 0;
"""
    panic = lab.panics(lambda: run(lab, body))
    assert re.match(r"page fault: write of \d+ bytes at 0x", panic.reason)
    assert " in vfs_opv_init() called from probe_run+0x" in panic.reason


def test_a_table_of_vnode_operations_without_an_end_is_a_panic(lab: Lab) -> None:
    """It is made of the same row over and over."""
    body = """
	static const struct vnodeopv_desc desc; static const struct vnodeopv_desc *descs[9000];
	static int (**vector)(void *); static struct vnodeopv_desc d;
	static struct vnodeopv_entry_desc rows[9000];
	int i;
	for (i = 0; i < 9000; i++) { rows[i].opve_op = &vop_default_desc; rows[i].opve_impl = vn_default_error; }
	d.opv_desc_vector_p = &vector; d.opv_desc_ops = rows; descs[0] = &d;
	vfs_opv_init((const void *)descs);
	return desc.opv_desc_ops != 0;
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("vfs_opv_init: the table of the struct vnodeopv_desc at 0x")


def test_strings_of_arguments_beyond_a_megabyte_are_e2big(lab: Lab) -> None:
    """One after the other."""
    body = """
	static struct execsw es; static struct exec_package pack; static struct ps_strings ps;
	char *stack = (char *)-8, *text = malloc(2 << 20, M_TEMP, M_WAITOK);
	memset(text, 'A', 2 << 20); text[1 << 19] = text[(2 << 20) - 1] = 0;
	pack.ep_esch = &es; ps.ps_nargvstr = 2;
	return copyargs(curlwp, &pack, &ps, &stack, text);
"""
    assert run(lab, body, "#include <sys/exec.h>\nextern int copyargs();") == 7


def test_a_row_of_a_format_with_too_many_words_is_e2big(lab: Lab) -> None:
    """es_arglen of a struct execsw, when copyargs() is called directly."""
    body = """
	static struct execsw es; static struct exec_package pack; static struct ps_strings ps;
	char *stack = (char *)-8;
	pack.ep_esch = &es; es.es_arglen = 257;
	return copyargs(curlwp, &pack, &ps, &stack, "");
"""
    assert run(lab, body, "#include <sys/exec.h>\nextern int copyargs();") == 7


@pytest.mark.parametrize("count", [8193, -1])
def test_a_number_of_formats_that_cannot_be_is_a_panic(lab: Lab, count: int) -> None:
    """A module can write to nexecs."""
    body = f"static struct execsw es; nexecs = {count}; return exec_remove(&es);"
    panic = lab.panics(lambda: run(lab, body, "#include <sys/exec.h>\nextern int nexecs;"))
    assert panic.reason == f"the table execsw is corrupted: it has {count} rows; the limit is 4096"


def test_a_table_of_devices_without_an_end_is_a_panic(lab: Lab) -> None:
    """The last row of a table of struct cfdata has no name."""
    body = """
	static struct cfdata rows[8200]; int i;
	for (i = 0; i < 8200; i++) rows[i].cf_name = "row";
	return config_cfdata_detach(rows);
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith("config_cfdata_detach: the table of struct cfdata at 0x")


def test_a_driver_with_attributes_without_an_end_is_a_panic(lab: Lab) -> None:
    """cd_attrs is looked through when a child is looked for."""
    body = """
	static struct cfiattrdata attr = { "other" };
	static const struct cfiattrdata *attrs[8200];
	static struct cfdriver cd = { .cd_name = "bus", .cd_attrs = attrs };
	static struct cfattach ca = {
		.ca_name = "bus", .ca_devsize = sizeof(struct device), .ca_attach = attach
	};
	static struct cfparent spec = { "none", NULL, -1 };
	static struct cfdata rows[] = { { "bus", "bus", 0, FSTATE_STAR, NULL, 0, &spec }, { NULL } };
	int i;
	for (i = 0; i < 8200; i++) attrs[i] = &attr;
	config_cfdriver_attach(&cd); config_cfattach_attach("bus", &ca); config_cfdata_attach(rows, 0);
	return config_found_sm_loc(config_attach_pseudo(rows), NULL, NULL, NULL, NULL, NULL) != NULL;
"""
    head = "static void attach(device_t a, device_t b, void *c) { }"
    panic = lab.panics(lambda: run(lab, body, head))
    assert panic.reason.startswith("config_found_sm_loc: cd_attrs of the struct cfdriver at 0x")


@pytest.mark.parametrize("function", ["vfs_opv_init", "vfs_opv_free"])
def test_an_array_of_tables_without_an_end_is_a_panic(lab: Lab, function: str) -> None:
    """NULL ends it."""
    body = f"""
	static int (**vector)(void *);
	static const struct vnodeopv_entry_desc rows[] = {{ {{ &vop_default_desc, vn_default_error }}, {{ 0 }} }};
	static const struct vnodeopv_desc desc = {{ &vector, rows }};
	static const struct vnodeopv_desc *descs[8200];
	int i;
	for (i = 0; i < 8200; i++) descs[i] = &desc;
	{function}((const void *)descs);
	return 0;
"""
    panic = lab.panics(lambda: run(lab, body))
    assert panic.reason.startswith(f"{function}: the array of struct vnodeopv_descs at 0x")


def test_an_operation_of_too_many_vnodes_is_a_panic(lab: Lab) -> None:
    """-1 ends the offsets of the vnodes in its arguments."""
    body = """
	static const int offsets[20]; static struct vnodeop_desc d = { .vdesc_name = "d" };
	static struct { struct vnodeop_desc *d; void *vp; } a = { &d };
	d.vdesc_vp_offsets = offsets;
	return genfs_eopnotsupp(&a);
"""
    panic = lab.panics(lambda: run(lab, body, "#include <miscfs/genfs/genfs.h>"))
    assert panic.reason.startswith("genfs_eopnotsupp: vdesc_vp_offsets of the descriptor at 0x")
    assert panic.reason.endswith("it has more than 8 elements")


COUNTED = """
#include <sys/exec.h>
int iovecs(int n); int taken(int n);
int iovecs(int n)
{
	static struct iovec none[200]; struct uio u = { 0 };
	char c;
	u.uio_iov = none; u.uio_iovcnt = n; u.uio_resid = 1; none[n - 1].iov_base = &c; none[n - 1].iov_len = 1;
	UIO_SETUP_SYSSPACE(&u);
	return uiomove(&c, 1, &u);
}
int taken(int n) { void *p = malloc(n, M_TEMP, M_WAITOK); free(p, M_TEMP); return 0; }
"""


@pytest.mark.parametrize(("function", "few", "many", "each"), [
    ("iovecs", 10, 110, STEP), ("taken", 1 << 14, 1 << 15, 2),
])  # fmt: skip
def test_what_a_call_handles_counts_as_time(lab: Lab, function: str, few: int, many: int, each: int) -> None:
    """Each element of a list, and each byte of memory: as it is taken, and as it is given back and filled."""
    lab.load(f"{HEAD}{COUNTED}")

    def work(n: int) -> int:
        before = lab.k.umem.work
        assert lab.call(f"int {function}(int n)", n) == 0
        return lab.k.umem.work - before

    assert work(many) - work(few) == each * (many - few)
