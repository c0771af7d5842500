"""libkern, called by compiled C: cases are expressions that must be true; the first that is not is named."""

from __future__ import annotations

from functools import partial

import pytest

from support.lab import Lab
from support.panics import check_blame

NAMES = """
    memcpy memmove memset memcmp memchr bcopy ovbcopy bzero bcmp scanc skpc strlen strcpy strncpy strcat
    strncat strlcpy strlcat strcmp strncmp strcasecmp strncasecmp strchr strrchr strstr strtoul strtoull
    arc4randbytes
"""
# Called through pointers, so that the compiler cannot answer by itself.
NO_BUILTINS = "".join(
    f"#undef {name}\nstatic __typeof__({name}) *volatile my_{name} = {name};\n" for name in NAMES.split()
)

MEMORY = r"""
fill(), my_memcpy(b, "hello", 6) == b && same(b, "hello\0######")
my_memcpy(b, "x", 0) == b && same(b, "hello\0")
my_memcpy(0, 0, 0) == 0
fill(), my_memmove(b + 2, my_memcpy(b, "abcdef", 6), 6) == b + 2 && same(b, "ababcdef##")
fill(), my_memcpy(b, "abcdef", 6), my_memmove(b, b + 2, 4) == b && same(b, "cdefef##")
fill(), my_bcopy("src", b, 3), same(b, "src##")
fill(), my_ovbcopy(my_memcpy(b, "12345", 5), b + 1, 5), same(b, "112345##")
fill(), my_memset(b + 1, 0x141, 3) == b + 1 && same(b, "#AAA##")
fill(), my_bzero(b, 4), same(b, "\0\0\0\0##")
my_memcmp("abc", "abd", 2) == 0
my_memcmp("abc", "abd", 3) < 0
my_memcmp("\200", "\1", 1) > 0
my_memcmp("a", "b", 0) == 0
my_bcmp("abc", "abc", 3) == 0
my_bcmp("abc", "abd", 3) != 0
my_memchr(abc, 'c', 3) == abc + 2
my_memchr(abc, 'd', 3) == 0
my_memchr(abc, 0x100 + 'b', 3) == abc + 1
my_memchr(abc, 'a', 0) == 0
my_memchr(big, 'y', 9000) == big + 8999
my_memcmp(big, big + 1, 8998) == 0
my_memcmp(big, big + 1, 8999) < 0
my_scanc(3, (const u_char *)"abc", table, 2) == 1
my_scanc(2, (const u_char *)"abc", table, 2) == 0
my_skpc('a', 4, (u_char *)"aaba") == 2
my_skpc('x', 9000, (u_char *)big) == 1 && my_skpc('x', 8999, (u_char *)big) == 0
my_skpc('a', 2, (u_char *)"aa") == 0
ffs(0) == 0 && ffs(1) == 1 && ffs(0x80000000) == 32 && ffs(24) == 4
arc4random() != arc4random() || arc4random() != arc4random()
random() <= 0x7fffffff
fill(), arc4randbytes(b, 0), same(b, "####")
fill(), arc4randbytes(b, 16), !same(b, "################") && same(b + 16, "####")
imax(-1, 2) == 2 && imin(-1, 2) == -1 && max(1, 2) == 2 && lmin(-5, 5) == -5 && ulmax(1, ~0ul) == ~0ul
fill(), kcopy("src", b, 3) == 0 && same(b, "src##")
kcopy(b, (void *)0x1000, 3) == 14 && kcopy((void *)0x1000, b, 3) == 14 && kcopy(b, b, -1) == 14
bswap16(0x1234) == 0x3412 && bswap32(0x12345678) == 0x78563412
bswap64(0x0102030405060708ULL) == 0x0807060504030201ULL && htons(0x0102) == 0x0201
"""
STRINGS = r"""
my_strlen("") == 0 && my_strlen("four") == 4 && my_strlen(big) == 9000
fill(), my_strcpy(b, "text") == b && same(b, "text\0##")
fill(), my_strncpy(b, "text", 2) == b && same(b, "te##")
fill(), my_strncpy(b, "text", 6) == b && same(b, "text\0\0##")
fill(), my_strncpy(b, "text", 0) == b && same(b, "####")
fill(), my_strcpy(b, "ab"), my_strcat(b, "cd") == b && same(b, "abcd\0##")
fill(), my_strcpy(b, "ab"), my_strncat(b, "cdef", 2) == b && same(b, "abcd\0##")
fill(), my_strcpy(b, "ab"), my_strncat(b, "cd", 9) == b && same(b, "abcd\0##")
fill(), my_strcpy(b, "ab"), my_strncat(b, "cd", 0) == b && same(b, "ab\0##")
fill(), my_strlcpy(b, "text", 3) == 4 && same(b, "te\0##")
fill(), my_strlcpy(b, "text", 5) == 4 && same(b, "text\0##")
fill(), my_strlcpy(b, "text", 0) == 4 && same(b, "####")
fill(), my_strlcpy(b, "text", ~(size_t)0) == 4 && same(b, "text\0##")
fill(), my_strcpy(b, "ab"), my_strlcat(b, "cdef", 5) == 6 && same(b, "abcd\0##")
fill(), my_strcpy(b, "ab"), my_strlcat(b, "cdef", 20) == 6 && same(b, "abcdef\0##")
fill(), my_strcpy(b, "abcd"), my_strlcat(b, "ef", 3) == 5 && same(b, "abcd\0##")
fill(), my_strlcat(b, "ef", 0) == 2 && same(b, "####")
my_strcmp("", "") == 0 && my_strcmp("a", "a") == 0
my_strcmp("a", "b") < 0 && my_strcmp("b", "a") > 0
my_strcmp("a", "ab") < 0 && my_strcmp("ab", "a") > 0
my_strcmp("\377", "a") > 0
my_strcmp("a\0x", "a\0y") == 0
my_strcmp(big, big + 1) < 0 && my_strcmp(big + 1, big) > 0 && my_strcmp(big, big) == 0
my_strncmp("abc", "abd", 2) == 0 && my_strncmp("abc", "abd", 3) < 0
my_strncmp("a", "b", 0) == 0 && my_strncmp("a\0x", "a\0y", 3) == 0
my_strncmp("ab", "ab", ~(size_t)0) == 0
my_strcasecmp("HeLLo", "hEllO") == 0 && my_strcasecmp("A", "b") < 0 && my_strcasecmp("[", "A") < 0
my_strncasecmp("ABx", "aby", 2) == 0 && my_strncasecmp("ABx", "aby", 3) < 0
my_strchr(abc, 'b') == abc + 1 && my_strchr(abc, 'z') == 0 && my_strchr(abc, 0) == abc + 3
my_strchr(big, 'y') == big + 8999 && my_strchr(big, 0) == big + 9000 && my_strchr(big, 'z') == 0
my_strrchr("/a/b" + 0, 'b')[0] == 'b' && my_strrchr(abc, 'a') == abc && my_strrchr(abc, 'z') == 0
my_strrchr(abc, 0) == abc + 3 && index(abc, 'b') == abc + 1 && rindex(abc, 'b') == abc + 1
my_strstr(abc, "bc") == abc + 1 && my_strstr(abc, "") == abc && my_strstr(abc, "abcd") == 0
my_strtoul("42", 0, 10) == 42 && my_strtoul("  +42x", 0, 10) == 42 && my_strtoul("-1", 0, 10) == ~0ul
my_strtoul("0x1F", 0, 0) == 31 && my_strtoul("0x1f", 0, 16) == 31 && my_strtoul("017", 0, 0) == 15
my_strtoul("zz", 0, 36) == 35 * 36 + 35 && my_strtoul("12", 0, 2) == 1
my_strtoul("99999999999999999999999", 0, 10) == ~0ul
my_strtoul(s = "12ab", &e, 10) == 12 && e == s + 2
my_strtoul(s = " \t-", &e, 10) == 0 && e == s
my_strtoul(s = "0xg", &e, 0) == 0 && e == s + 1
my_strtoul(s = "", &e, 10) == 0 && e == s
my_strtoul("00000000000000000000000000000000000000000000000000000000000012", 0, 10) == 12
my_strtoul(s = "12", &e, 1) == 0 && e == s
my_strtoul(s = "12", &e, 37) == 0 && my_strtoul(s, &e, -2) == 0 && e == s
my_strtoul(s = "99999999999999999999999x", &e, 10) == ~0ul && *e == 'x'
my_strtoul("0X1f", 0, 16) == 31 && my_strtoul("0x1f", 0, 10) == 0 && my_strtoul("08", 0, 0) == 0
my_strtoull("18446744073709551615", 0, 10) == 18446744073709551615ULL
my_strtoull("-18446744073709551616", 0, 10) == 18446744073709551615ULL
isspace(' ') && isdigit('7') && isxdigit('F') && !isalpha('1') && toupper('a') == 'A' && tolower('A') == 'a'
"""
SETUP = r"""
#include <sys/endian.h>
static char b[64], *s, *e;
static char abc[] = "abc";
char big[9001];
static u_char table[256];
static void fill(void) { int i; for (i = 0; i < 64; i++) b[i] = '#'; }
static int like(const char *p, const char *q, int n) { while (n-- > 0) if (*p++ != *q++) return 0; return 1; }
#define same(p, text) like(p, text, sizeof(text) - 1)
static void prepare(void)
{
    int i;
    for (i = 0; i < 9000; i++) big[i] = 'x';
    big[8999] = 'y';
    big[9000] = 0;
    table['c'] = 2;
}
"""


@pytest.mark.parametrize("cases", [MEMORY, STRINGS], ids=["memory", "strings"])
def test_each_expression_is_true(lab: Lab, cases: str) -> None:
    """The functions mean what C and the manual pages say."""
    lines = cases.strip().splitlines()
    body = "".join(f"if (!({line})) return {n};\n" for n, line in enumerate(lines, 1))
    lab.load(NO_BUILTINS + SETUP + f"int probe_go(void) {{ prepare(); {body} return 0; }}")
    failed = lab.call("int probe_go(void)")
    assert not failed, lines[failed - 1]


def test_compilers_may_call_memcpy_and_memset_by_themselves(lab: Lab) -> None:
    """Assigning and clearing large structs links."""
    lab.load(
        "struct big { int a[600]; };\nstruct big one, two;\n"
        "int probe_go(void)\n"
        "{ struct big zero = { { 7 } }; one = zero; two = one; return two.a[0] + two.a[599]; }"
    )
    assert lab.call("int probe_go(void)") == 7


def test_large_copies_overlap_in_both_directions(lab: Lab) -> None:
    """Ten pages moved by one byte up and down are as they were."""
    lab.load(
        "unsigned char probe_big[40961];\nint probe_go(void) { int i;\n"
        "for (i = 0; i < 40960; i++) probe_big[i] = i * 7;\n"
        "memmove(probe_big + 1, probe_big, 40960);\n"
        "for (i = 0; i < 40960; i++) if (probe_big[i + 1] != (unsigned char)(i * 7)) return i + 1;\n"
        "memmove(probe_big, probe_big + 1, 40960);\n"
        "for (i = 0; i < 40960; i++) if (probe_big[i] != (unsigned char)(i * 7)) return -i - 1;\n"
        "return 0; }"
    )
    assert lab.call("int probe_go(void)") == 0


# What is called with a bad pointer p (a good one is g) or the size -1, and the function the panic must name.
HOSTILE = [
    "memcpy(p, g, 4)", "memcpy(g, p, 4)", "memmove(g, p, 4)", "memset(p, 0, 4)", "memcmp(g, p, 4)",
    "memchr(p, 1, 4)", "bcopy(p, g, 4)", "bzero(p, 4)", "bcmp(p, g, 4)", "ovbcopy(g, p, 4)", "strlen(p)",
    "strcpy(p, g)", "strcpy(g, p)", "strncpy(g, p, 4)", "strcat(g, p)", "strncat(p, g, 4)",
    "strlcpy(g, p, 4)", "strlcat(p, g, 4)", "strcmp(p, g)",
    "strncmp(g, p, 4)", "strcasecmp(g, p)", "strchr(p, 1)",
    "strrchr(p, 1)", "strstr(g, p)", "strtoul(p, 0, 10)", "strtoul(g, (char **)p, 10)", "arc4randbytes(p, 4)",
    "scanc(4, (u_char *)p, (u_char *)g, 1)", "skpc(0, 4, (u_char *)p)",
    "memset(g, 0, -1)", "memcpy(g, g, -1)", "memcmp(g, g, -1)", "memchr(g, 99, -1)", "strncpy(g, g, -1)",
    "arc4randbytes(g, -1)", "bzero(g, -1)",
]  # fmt: skip


def test_a_bad_pointer_or_size_panics_naming_function_and_caller(lab: Lab) -> None:
    """One kernel after the other dies of each; user addresses, and lengths that run out of memory."""
    calls = "".join(f"case {n}: my_{call}; break;\n" for n, call in enumerate(HOSTILE))
    source = NO_BUILTINS + (
        "static char probe_g[64];\n"
        f"void probe_go(int n, char *p) {{ char *g = probe_g; switch (n) {{ {calls} }} }}"
    )
    for n, call in enumerate(HOSTILE):
        lab.load(source)
        panic = lab.panics(partial(lab.call, "void probe_go(int n, char *p)", n, 0x1000))
        check_blame(panic, call)
        if "-1" not in call:
            assert "at 0x1000 (not a kernel address" in panic.reason, (call, panic.reason)


def test_kassert_of_other_headers_panics_with_its_place(lab: Lab) -> None:
    """__assert, as NetBSD's own KASSERT calls it."""
    lab.load(
        "void __assert(const char *, const char *, int, const char *);\n"
        'void probe_go(void) { __assert("diagnostic ", "mod.c", 12, "a == b"); }'
    )
    panic = lab.panics(lambda: lab.call("void probe_go(void)"))
    assert panic.reason == 'kernel diagnostic assertion "a == b" failed: file "mod.c", line 12'
