/* <net/bpf.h>: bpf(4): programs that choose packets, and how drivers show theirs. */

#ifndef _NET_BPF_H_
#define _NET_BPF_H_

#include <sys/types.h>
#include <sys/ioccom.h>
#include <sys/time.h>
#include <net/dlt.h>

struct ifnet;
struct mbuf;

typedef int	bpf_int32;
typedef u_int	bpf_u_int32;

#define BPF_ALIGNMENT		sizeof(long)
#define BPF_WORDALIGN(x)	(((x) + (BPF_ALIGNMENT - 1)) & ~(BPF_ALIGNMENT - 1))
#define BPF_MAXINSNS		512
#define BPF_MAXBUFSIZE		0x10000
#define BPF_MINBUFSIZE		32
#define BPF_MAJOR_VERSION	1
#define BPF_MINOR_VERSION	1

struct bpf_insn {
	uint16_t	code;
	u_char		jt;
	u_char		jf;
	uint32_t	k;
};

struct bpf_program {
	u_int		 bf_len;
	struct bpf_insn	*bf_insns;
};

struct bpf_hdr {
	struct timeval	bh_tstamp;
	uint32_t	bh_caplen;
	uint32_t	bh_datalen;
	uint16_t	bh_hdrlen;
};

#define BPF_STMT(code, k)		{ (uint16_t)(code), 0, 0, k }
#define BPF_JUMP(code, k, jt, jf)	{ (uint16_t)(code), jt, jf, k }

#define BPF_CLASS(code)	((code) & 0x07)
#define BPF_LD		0x00
#define BPF_LDX		0x01
#define BPF_ST		0x02
#define BPF_STX		0x03
#define BPF_ALU		0x04
#define BPF_JMP		0x05
#define BPF_RET		0x06
#define BPF_MISC	0x07

#ifdef _KERNEL
struct bpf_if;

void	bpf_tap(void *arg, u_char *pkt, u_int pktlen);
void	bpf_mtap(void *arg, struct mbuf *m);
void	bpf_mtap2(void *arg, void *data, u_int dlen, struct mbuf *m);
void	bpf_mtap_af(void *arg, uint32_t af, struct mbuf *m);
void	bpfattach(struct ifnet *ifp, u_int dlt, u_int hdrlen);
void	bpfattach2(struct ifnet *ifp, u_int dlt, u_int hdrlen, void *driverp);
void	bpfdetach(struct ifnet *ifp);
void	bpf_change_type(struct ifnet *ifp, u_int dlt, u_int hdrlen);
u_int	bpf_filter(struct bpf_insn *pc, u_char *p, u_int wirelen, u_int buflen);
#endif

#endif
