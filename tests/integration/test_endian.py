"""Bits and bytes: byte order, integers at any address, hashes; and what is defined without asking."""

from __future__ import annotations

import pytest

from support.compiling import Compile, CompileError
from support.lab import Lab
from support.one_call import run
from support.programs import Runner

# True in the kernel and in a program, after <sys/types.h> alone.
TRUE = r"""
htons(0x1234) == 0x3412 && ntohs(0x1234) == 0x3412 && htonl(0x12345678) == 0x78563412
ntohl(1) == 0x01000000
htole16(0x1234) == 0x1234 && le32toh(5) == 5 && htobe64(1) == 0x0100000000000000ULL
be16toh(0x0102) == 0x0201
le16dec(b + 1) == 0x3332 && le32dec(b + 1) == 0x35343332 && le64dec(b + 1) == 0x3938373635343332ULL
be16dec(b + 1) == 0x3233 && be32dec(b + 1) == 0x32333435 && be64dec(b + 1) == 0x3233343536373839ULL
(le16enc(c + 1, 0x0102), c[1]) == 2 && c[2] == 1 && (be32enc(c + 1, 0x0a0b0c0d), c[1]) == 10 && c[4] == 13
(le32enc(c, 0x01020304), c[0]) == 4 && (be16enc(c, 0x0102), c[0]) == 1 && (be64enc(c, 7), c[7]) == 7
(le64enc(c, 7), c[0]) == 7 && c[7] == 0 && (n = 0x0102, NTOHS(n), n) == 0x0201 && (n = 3, LE32TOH(n), n) == 3
port == 0x5000 && BYTE_ORDER == LITTLE_ENDIAN && _BYTE_ORDER == 1234
sizeof(in_addr_t) + sizeof(in_port_t) == 6
"""
TEXT = r"""
#include <sys/types.h>
#if BYTE_ORDER == BIG_ENDIAN || BYTE_ORDER == PDP_ENDIAN || _BYTE_ORDER == _BIG_ENDIAN
#error big
#endif
#if BYTE_ORDER != LITTLE_ENDIAN || !defined(LITTLE_ENDIAN)
#error not little
#endif
static const uint16_t port = htons(80);
static unsigned char b[] = "123456789", c[16];
static unsigned int n;
"""
RUN = "".join(f"if (!({line})) return {n};\n" for n, line in enumerate(TRUE.strip().splitlines(), 1))


def test_in_a_module(lab: Lab) -> None:
    lab.load(f"{TEXT}int probe_go(void) {{ {RUN} return 0; }}")
    assert lab.call("int probe_go(void)") == 0


def test_hashes_and_bits(lab: Lab) -> None:
    """The inline functions of <sys/hash.h> and <sys/bitops.h>."""
    body = """
	if (hash32_str("ab", HASH32_STR_INIT) != (5381u * 33 + 'a') * 33 + 'b') return 1;
	if (hash32_buf("ab", 2, HASH32_BUF_INIT) != hash32_strn("ab", 9, HASH32_STR_INIT)) return 2;
	if (ffs32(8) != 4 || fls32(0x80000000) != 32) return 3;
	if (ffs64(1ULL << 40) != 41 || fls64(1ULL << 40) != 41) return 4;
	return ilog2(1000) != 9 || ilog2(1ULL << 33) != 33 || ffs32(0) || fls64(0);
"""
    assert run(lab, body, "#include <sys/hash.h>\n#include <sys/bitops.h>") == 0


def test_in_a_program(one_runner: Runner) -> None:
    assert one_runner.run(f"{TEXT}int main(void) {{ {RUN} return 0; }}").status == 0


@pytest.mark.parametrize("header", ["sys/param.h", "sys/endian.h", "machine/endian.h"])
def test_by_itself(cc: Compile, machine: str, header: str) -> None:
    """Whichever of the headers comes first."""
    cc(f"#include <{header}>\n{TEXT}", machine)


def test_no_caddr_t_in_the_kernel(cc: Compile, machine: str) -> None:
    """As in NetBSD 5; the headers for older sources and programs have one."""
    with pytest.raises(CompileError):
        cc("#include <sys/param.h>\ncaddr_t p;\n", machine)
    cc("#include <sys/param.h>\ncaddr_t p;\n", machine, flags=("-D__LKM_API=400",))
    cc.program("#include <sys/param.h>\ncaddr_t p; int main(void) { return 0; }\n", machine)
