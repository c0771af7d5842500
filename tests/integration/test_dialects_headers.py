"""The headers in every dialect of lkmcc --api: in any order, those of programs, and those of the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.cc.dialects import FLAGS
from lkmtools.cc.flags import INCLUDE
from support.compiling import Compile
from support.lab import Lab

HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))


@pytest.mark.parametrize("api", FLAGS)
@pytest.mark.parametrize("backwards", [False, True])
def test_they_go_together_in_both_orders(cc: Compile, machine: str, api: str, backwards: bool) -> None:
    names = reversed(HEADERS) if backwards else HEADERS
    text = "".join(f"#include <{name}>\n" for name in ["sys/param.h", *names])
    assert cc(text, machine, "headers", (*FLAGS[api], "-Werror")).exists()


@pytest.mark.parametrize("api", FLAGS)
def test_the_device_switch_after_file_systems(cc: Compile, machine: str, api: str) -> None:
    """Both have a type for their caller."""
    text = "#include <sys/param.h>\n#include <sys/systm.h>\n#include <sys/mount.h>\n#include <sys/conf.h>\n"
    assert cc(text, machine, "orders", (*FLAGS[api], "-Werror")).exists()


PROGRAMS = (
    "a.out ctype dirent err errno fcntl inttypes limits nlist signal stdint stdio stdlib string time unistd"
)


@pytest.mark.parametrize("api", FLAGS)
def test_headers_of_programs_in_a_module(cc: Compile, machine: str, api: str) -> None:
    """What a module gets of them is the kernel's."""
    text = "".join(f"#include <{name}.h>\n" for name in ["sys/param", "sys/systm", *PROGRAMS.split()])
    text += "int f(void);\nint f(void) { return sizeof(struct dirent) > UCHAR_MAX ? O_NONBLOCK : EINTR; }\n"
    assert cc(text, machine, "programs", (*FLAGS[api], "-Werror")).exists()


NETWORK = """
#include <sys/mbuf.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <sys/protosw.h>
#include <netinet/in.h>
#include <netinet/ip6.h>

extern struct protosw inetsw[];
extern u_char ip_protox[];

static void (*before)(struct mbuf *, ...);
static int bytes;

static void
count(struct mbuf *m, ...)
{
	struct ip6_hdr *ip6;

	IP6_EXTHDR_GET(ip6, struct ip6_hdr *, m, 0, sizeof(*ip6));
	bytes += ip6->ip6_vfc == IPV6_VERSION ? m->m_len : -1000;
}

int probe_wrap(void);
int
probe_wrap(void)
{
	static struct ip6_hdr ip6 = { .ip6_vfc = IPV6_VERSION };
	static struct mbuf m;
	struct protosw *udp = &inetsw[ip_protox[IPPROTO_UDP]], *tcp = &inetsw[ip_protox[IPPROTO_TCP]];

	if (udp->pr_protocol != IPPROTO_UDP || tcp->pr_protocol != IPPROTO_TCP || sizeof(ip6) != 40)
		return -1;
	before = udp->pr_input;
	udp->pr_input = count;
	m.m_data = (void *)&ip6;
	m.m_len = sizeof(ip6);
	(*udp->pr_input)(&m, 20);
	udp->pr_input = before;
	return before == NULL ? bytes : -2;
}

int probe_socket(void);
int
probe_socket(void)
{
	struct socket *so = NULL;

#if __LKM_API < 500
	return socreate(AF_UNIX, &so, SOCK_STREAM, 0);
#else
	return socreate(AF_UNIX, &so, SOCK_STREAM, 0, curlwp, NULL);
#endif
}
"""


@pytest.mark.parametrize("api", FLAGS)
def test_protocols_without_a_network(lab: Lab, api: str) -> None:
    """A module may put its function before pr_input; a socket is none of the kernel's."""
    lab.load(NETWORK, flags=(*FLAGS[api], "-Werror"))
    assert lab.call("int probe_wrap(void)") == 40
    assert "socreate" in lab.panics(lambda: lab.call("int probe_socket(void)")).reason
