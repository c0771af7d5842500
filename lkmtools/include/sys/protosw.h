/* <sys/protosw.h>: the table of protocols, and what their functions are asked. */

#ifndef _SYS_PROTOSW_H_
#define _SYS_PROTOSW_H_

#include <sys/types.h>

struct domain;
struct lwp;
struct mbuf;
struct sockaddr;
struct socket;
struct sockopt;

struct protosw {
	int		  pr_type;	/* SOCK_STREAM ... */
	struct domain	 *pr_domain;
	short		  pr_protocol;
	short		  pr_flags;
	void		(*pr_input)(struct mbuf *, ...);
	int		(*pr_output)(struct mbuf *, ...);
	void		*(*pr_ctlinput)(int, const struct sockaddr *, void *);
	int		(*pr_ctloutput)(int, struct socket *, struct sockopt *);
	int		(*pr_usrreq)(struct socket *, int, struct mbuf *, struct mbuf *, struct mbuf *, struct lwp *);
	void		(*pr_init)(void);
	void		(*pr_fasttimo)(void);	/* every 200 ms */
	void		(*pr_slowtimo)(void);	/* every 500 ms */
	void		(*pr_drain)(void);
};

#define PR_SLOWHZ	2
#define PR_FASTHZ	5

/* pr_flags */
#define PR_ATOMIC	0x01
#define PR_ADDR		0x02
#define PR_CONNREQUIRED	0x04
#define PR_WANTRCVD	0x08
#define PR_RIGHTS	0x10
#define PR_LISTEN	0x20
#define PR_LASTHDR	0x40
#define PR_ABRTACPTDIS	0x80

/* What pr_usrreq is asked. */
#define PRU_ATTACH	0
#define PRU_DETACH	1
#define PRU_BIND	2
#define PRU_LISTEN	3
#define PRU_CONNECT	4
#define PRU_ACCEPT	5
#define PRU_DISCONNECT	6
#define PRU_SHUTDOWN	7
#define PRU_RCVD	8
#define PRU_SEND	9
#define PRU_ABORT	10
#define PRU_CONTROL	11
#define PRU_SENSE	12
#define PRU_RCVOOB	13
#define PRU_SENDOOB	14
#define PRU_SOCKADDR	15
#define PRU_PEERADDR	16
#define PRU_CONNECT2	17
#define PRU_FASTTIMO	18
#define PRU_SLOWTIMO	19
#define PRU_PROTORCV	20
#define PRU_PROTOSEND	21
#define PRU_PURGEIF	22
#define PRU_NREQ	23

/* What pr_ctlinput is asked. */
#define PRC_IFDOWN		0
#define PRC_ROUTEDEAD		1
#define PRC_QUENCH2		3
#define PRC_QUENCH		4
#define PRC_MSGSIZE		5
#define PRC_HOSTDEAD		6
#define PRC_HOSTUNREACH		7
#define PRC_UNREACH_NET		8
#define PRC_UNREACH_HOST	9
#define PRC_UNREACH_PROTOCOL	10
#define PRC_UNREACH_PORT	11
#define PRC_UNREACH_SRCFAIL	13
#define PRC_REDIRECT_NET	14
#define PRC_REDIRECT_HOST	15
#define PRC_REDIRECT_TOSNET	16
#define PRC_REDIRECT_TOSHOST	17
#define PRC_TIMXCEED_INTRANS	18
#define PRC_TIMXCEED_REASS	19
#define PRC_PARAMPROB		20
#define PRC_NCMDS		21
#define PRC_IS_REDIRECT(cmd)	((cmd) >= PRC_REDIRECT_NET && (cmd) <= PRC_REDIRECT_TOSHOST)

/* What pr_ctloutput is asked. */
#define PRCO_GETOPT	0
#define PRCO_SETOPT	1
#define PRCO_NCMDS	2

#ifdef _KERNEL
const struct protosw	*pffindproto(int family, int protocol, int type);
const struct protosw	*pffindtype(int family, int type);
struct domain	*pffinddomain(int family);
void	pfctlinput(int cmd, const struct sockaddr *sa);
#endif

#endif
