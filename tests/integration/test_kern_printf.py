"""printf(9) and its family, called by compiled C with each machine's own varargs."""

from __future__ import annotations

import io

import pytest

from support.lab import Lab

FORMATS = [
    # format, arguments as C text, expected
    ("plain", "", "plain"),
    ("", "", ""),
    ("%d|%i|%d", "1, -2, -2147483647 - 1", "1|-2|-2147483648"),
    ("%u %o %x %X", "4294967295u, 8, 0xabc, 0xabc", "4294967295 10 abc ABC"),
    ("%5d|%-5d|%05d|%+d|% d", "42, 42, 42, 42, 42", "   42|42   |00042|+42| 42"),
    ("%-05d|%+05d|%05d", "42, 42, -42", "42   |+0042|-0042"),
    ("%.3d|%8.3d|%-8.3d|%08.3d", "5, 5, -5, 5", "005|     005|-005    |     005"),
    ("%.0d|%.0x|%.d", "0, 0, 0", "||"),
    ("%*d|%-*d|%*d", "4, 7, 4, 7, -4, 7", "   7|7   |7   "),
    ("%.*d|%.*d|%.*s", "3, 7, -3, 7, 2, \"abc\"", "007|7|ab"),
    ("%#x %#X %#o %#x %#o", "255, 255, 8, 0, 0", "0xff 0XFF 010 0 0"),
    ("%#8x|%#08x|%-#8x|", "255, 255, 255", "    0xff|0x0000ff|0xff    |"),
    ("%hd %hhd %hu %hhu", "65537, 257, -1, -1", "1 1 65535 255"),
    ("%hd %hhd", "32768, 128", "-32768 -128"),
    ("%ld %lu %lx", "-1L, 5UL, 0x7fffffffL", "-1 5 7fffffff"),
    ("%lld %llu", "-1LL, 18446744073709551615ULL", "-1 18446744073709551615"),
    ("%llx %llX", "0x123456789abcdefLL, 0x123456789abcdefLL", "123456789abcdef 123456789ABCDEF"),
    ("%qd %jd %qx", "5000000000LL, -5000000000LL, 1ULL << 40", "5000000000 -5000000000 10000000000"),
    ("%zu %zd %td", "(size_t)7, (ssize_t)-7, (long)-9", "7 -7 -9"),
    ("%d %lld %d %lld %d", "1, 2LL, 3, 4LL, 5", "1 2 3 4 5"),
    ("%D %U %O", "-5L, 5UL, 8UL", "-5 5 10"),
    ("%c%c%c|%3c|%-3c|", "'a', 'b', 'c', 'x', 'y'", "abc|  x|y  |"),
    ("%s|%5s|%-5s|%.2s|%5.1s|", 'S, S, S, S, S', "abc|  abc|abc  |ab|    a|"),
    ("%s %.3s", "(char *)0, (char *)0", "(null) (nu"),
    ("%p|%p|%10p|%-8p|", "(P)0xbeef, (P)0, (P)0x10, (P)0x10", "0xbeef|0x0|      0x10|0x10    |"),
    ("100%% %5%|", "", "100%     %|"),
    ("%b", "3, \"\\20\\2BITTWO\\1BITONE\"", "3<BITTWO,BITONE>"),
    ("%b|%b|%b", "0, \"\\10\\1A\", 0x81, \"\\20\\10HIGH\\1LOW\", 8, \"\\10\\1A\"", "0|81<HIGH,LOW>|10"),
    ("%b", "0x80000000, \"\\20\\40TOP\"", "80000000<TOP>"),
    ("%y %k", "", "y k"),
    ("lost %", "", "lost "),
    ("lost %5", "", "lost "),
    ("lost %-08.3ll", "", "lost "),
    ("%5-d|%l5d|", "7, 7L", "7    |    7|"),
    ("%s %d %s %d %s %d %s %d", "\"a\", 1, \"b\", 2, \"c\", 3, \"d\", 4", "a 1 b 2 c 3 d 4"),
]  # fmt: skip
LIMITS = [(0, ""), (1, ""), (2, "1"), (5, "1234"), (6, "12345"), (7, "123456"), (8, "123456"), (9, "123456")]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


WAYS = {
    "printf": "(printf(__VA_ARGS__), 0)",
    "vprintf": "my_vprintf(__VA_ARGS__)",
    "snprintf": "snprintf(probe_text, 200, __VA_ARGS__)",
    "vsnprintf": "my_vsnprintf(__VA_ARGS__)",
    "sprintf": "sprintf(probe_text, __VA_ARGS__)",
    "vsprintf": "my_vsprintf(__VA_ARGS__)",
    "log": "(log(LOG_INFO, __VA_ARGS__), 0)",
    "vlog": "my_vlog(__VA_ARGS__)",
    "addlog": "(addlog(__VA_ARGS__), 0)",
    "aprint_normal": "(aprint_normal(__VA_ARGS__), 0)",
    "aprint_error": "(aprint_error(__VA_ARGS__), 0)",
    "aprint_naive": "(aprint_naive(__VA_ARGS__), 0)",
}
WITH_VA_LIST = {
    "vprintf": "vprintf(fmt, ap)",
    "vlog": "vlog(LOG_ERR, fmt, ap)",
    "vsnprintf": "r = vsnprintf(probe_text, 200, fmt, ap)",
    "vsprintf": "r = vsprintf(probe_text, fmt, ap)",
}


def _source() -> str:
    """A function for each of WAYS that formats case n with it."""
    cases = "".join(
        f"case {n}: r = WAY({_quoted(fmt)}{', ' if args else ''}{args}); break;\n"
        for n, (fmt, args, _) in enumerate(FORMATS)
    )
    helpers = "".join(
        f"static int my_{name}(const char *fmt, ...) {{\n"
        f"va_list ap; int r = 0; va_start(ap, fmt); {call}; va_end(ap); return r; }}\n"
        for name, call in WITH_VA_LIST.items()
    )
    functions = "".join(
        f"#define WAY(...) {way}\n"
        f"int probe_{name}(int n) {{ int r = 0; switch (n) {{ {cases} }} return r; }}\n#undef WAY\n"
        for name, way in WAYS.items()
    )
    head = '#include <sys/syslog.h>\n#define S "abc"\ntypedef void *P;\nchar probe_text[256];\n'
    return head + helpers + functions


def test_each_format_prints_what_the_kernel_prints(lab: Lab) -> None:
    """All functions of the family are one engine, on the console or in memory."""
    lab.load(_source())
    for name in WAYS:
        for n, (fmt, args, expected) in enumerate(FORMATS):
            before = lab.dmesg
            length = lab.call(f"int probe_{name}(int n)", n)
            if name.endswith(("sprintf", "nprintf")):
                got = lab.k.mem.cstr(lab.symbols["probe_text"]).decode()
                assert (expected, len(expected)) == (got, length), (name, fmt, args)
            else:
                assert expected == lab.dmesg[len(before) :], (name, fmt, args)


def test_text_that_is_not_ascii_is_printed_as_it_is(lab: Lab) -> None:
    """UTF-8, also where its bytes come one by one; a byte that is none is marked."""
    lab.load(
        'void probe_go(void) { printf("gr\\303\\274n %c%c \\xff|", 0xc3, 0x9f);'
        ' printf("\\303"); printf("\\244\\n"); }'
        'void probe_panic(void) { panic("f\\303\\274nf"); }'
    )
    before = lab.dmesg
    lab.call("void probe_go(void)")
    assert lab.dmesg[len(before) :] == "gr\u00fcn \u00df \ufffd|\u00e4\n"
    assert lab.panics(lambda: lab.call("void probe_panic(void)")).reason == "f\u00fcnf"


def test_snprintf_never_writes_past_its_size_and_returns_the_whole_length(lab: Lab) -> None:
    """Size 0 writes nothing; else the NUL is always there."""
    lab.load(
        "char probe_text[16];\nint probe_go(int size) { memset(probe_text, '#', 15);"
        ' return snprintf(probe_text, size, "%d%s", 123, "456"); }'
    )
    for size, text in LIMITS:
        assert lab.call("int probe_go(int size)", size) == 6
        got = lab.k.mem.read(lab.symbols["probe_text"], 10)
        expected = text.encode() + b"\0" if size else b""
        assert got == expected.ljust(10, b"#"), size


def test_a_huge_width_costs_nothing_in_snprintf_and_panics_in_printf(lab: Lab) -> None:
    """What does not fit is counted, not made; a message has at most a megabyte."""
    lab.load(
        'char probe_text[8];\nint probe_sn(void) { return snprintf(probe_text, 8, "%*d", 2000000000, 1); }\n'
        'void probe_pr(void) { printf("%*d", 2000000000, 1); }'
    )
    assert lab.call("int probe_sn(void)") == 2000000000
    assert lab.k.mem.cstr(lab.symbols["probe_text"]) == b"       "
    panic = lab.panics(lambda: lab.call("void probe_pr(void)"))
    assert panic.reason == "printf: a message of 2000000000 bytes; the limit is 1048576"


def test_verbose_messages_are_not_printed(lab: Lab) -> None:
    """aprint_verbose and aprint_debug need boot flags that this kernel has not."""
    lab.load('void probe_go(void) { aprint_verbose("quiet %d", 1); aprint_debug("quiet"); }')
    before = lab.dmesg
    lab.call("void probe_go(void)")
    assert lab.dmesg == before


def test_uprintf_reaches_the_process_that_is_in_the_kernel(lab: Lab) -> None:
    """Its text comes with the answer of the system call: on that client's terminal and no other."""
    lab.load('int probe_go(int n) { uprintf("%d is %s\\n", n, "yours"); return 0; }')
    other = lab.kernel.process("other")
    lab.p.tty, other.tty = io.StringIO(), io.StringIO()
    lab.call("int probe_go(int n)", 7)
    other.syscall(20)
    assert (lab.p.tty.getvalue(), other.tty.getvalue()) == ("7 is yours\n", "")
    assert "yours" not in lab.dmesg


def test_a_terminal_takes_a_megabyte_in_one_system_call(lab: Lab) -> None:
    """What is beyond is left out, and it says so once."""
    lab.load(
        "static char probe_text[100001];\n"
        "void probe_go(void) { int i; memset(probe_text, 'x', 100000);"
        ' for (i = 0; i < 12; i++) uprintf("%s", probe_text); }'
    )
    lab.p.tty = io.StringIO()
    lab.call("void probe_go(void)")
    note = "\n[uprintf: no more than 1 MB in one system call]\n"
    assert lab.p.tty.getvalue() == "x" * 1048576 + note


def test_uprintf_without_a_process_goes_nowhere(lab: Lab) -> None:
    """A callout has no terminal."""
    lab.load(
        "#include <sys/callout.h>\nstatic callout_t ch;\nstatic volatile int fired;\n"
        'static void tock(void *arg) { uprintf("lost\\n"); fired++; }\n'
        "int probe_go(void) { callout_init(&ch, 0); callout_reset(&ch, 1, tock, NULL);"
        " while (!fired) delay(1000); callout_destroy(&ch); return fired; }"
    )
    assert lab.call("int probe_go(void)") == 1
    assert lab.k.sched.softlwp.proc.tty == b""


def test_tablefull_names_the_table_and_the_remedy(lab: Lab) -> None:
    """The hint may be NULL."""
    lab.load('void probe_go(void) { tablefull("proc", "raise maxproc"); tablefull("file", NULL); }')
    lab.call("void probe_go(void)")
    assert lab.dmesg.endswith("proc: table is full - raise maxproc\nfile: table is full\n")


def test_panic_stops_the_kernel_with_its_formatted_message(lab: Lab) -> None:
    """The reason is one line; the backtrace names the caller."""
    lab.load('int probe_go(int n) { panic("bad thing %d: %s\\n", n, "why"); }')
    panic = lab.panics(lambda: lab.call("int probe_go(int n)", 5))
    assert panic.reason == "bad thing 5: why"
    assert "panic() [kernel]" in panic.report
    assert "probe_go+0x" in panic.report


BAD = {
    "printf_fmt": ('printf((char *)p)', "printf"),
    "printf_arg": ('printf("%s", (char *)p)', "printf"),
    "printf_bits": ('printf("%b", 1, (char *)p)', "printf"),
    "uprintf": ('uprintf("%s", (char *)p)', "uprintf"),
    "log": ('log(3, "%s", (char *)p)', "log"),
    "snprintf_buf": ('snprintf((char *)p, 9, "x")', "snprintf"),
    "sprintf": ('sprintf((char *)p, "x")', "sprintf"),
    "panic": ('panic("%s", (char *)p)', "panic"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_pointer_panics_naming_function_and_caller(lab: Lab, case: str) -> None:
    """User addresses are not kernel memory."""
    call, function = BAD[case]
    lab.load(f"#include <sys/syslog.h>\nint probe_go(unsigned long p) {{ {call}; return 0; }}")
    panic = lab.panics(lambda: lab.call("int probe_go(unsigned long p)", 0x10000))
    assert "at 0x10000 (not a kernel address" in panic.reason
    assert f" in {function}() called from probe_go+0x" in panic.reason


def test_a_string_without_end_panics_where_memory_ends(lab: Lab) -> None:
    """A format, too, may lack its NUL; a precision bounds what is read."""
    lab.load(
        "#include <sys/malloc.h>\n"
        "static char *full(void)\n"
        "{ char *p = malloc(8192, M_TEMP, M_WAITOK); memset(p, 'x', 8192); return p; }\n"
        "char probe_text[16];\n"
        "int probe_fmt(void) { return snprintf(probe_text, 8, full()); }\n"
        'int probe_arg(void) { return snprintf(probe_text, 8, "%s", full()); }\n'
        'int probe_some(void) { return snprintf(probe_text, 8, "%.10s", full() + 8192 - 10); }\n'
    )
    assert lab.call("int probe_some(void)") == 10
    panic = lab.panics(lambda: lab.call("int probe_arg(void)"))
    assert panic.reason.startswith("page fault: read of 1 byte at 0x")
    assert " in snprintf() called from probe_arg+0x" in panic.reason
