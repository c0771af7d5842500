/* <sys/socketvar.h>: sockets in the kernel. */

#ifndef _SYS_SOCKETVAR_H_
#define _SYS_SOCKETVAR_H_

#include <sys/types.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/selinfo.h>
#include <sys/socket.h>

struct lwp;
struct mbuf;
struct mowner;
struct protosw;
struct sockaddr;
struct socket;
struct uidinfo;
struct uio;

TAILQ_HEAD(soqhead, socket);

/* What a socket is to send, or has received. */
struct sockbuf {
	struct selinfo	 sb_sel;
	struct mowner	*sb_mowner;
	struct socket	*sb_so;
	kcondvar_t	 sb_cv;
	u_long		 sb_cc;		/* bytes in it, */
	u_long		 sb_hiwat;	/* and at most */
	u_long		 sb_mbcnt;	/* bytes of mbufs, */
	u_long		 sb_mbmax;	/* and at most */
	u_long		 sb_lowat;
	struct mbuf	*sb_mb;
	struct mbuf	*sb_mbtail;
	struct mbuf	*sb_lastrecord;
	int		 sb_flags;
	int		 sb_timeo;	/* ticks */
	u_long		 sb_overflowed;
};

#define SB_MAX		(256 * 1024)
#define SB_LOCK		0x01
#define SB_NOTIFY	0x04
#define SB_ASYNC	0x10
#define SB_UPCALL	0x20
#define SB_NOINTR	0x40
#define SB_KNOTE	0x100
#define SB_AUTOSIZE	0x800

struct so_accf;

struct socket {
	kmutex_t * volatile	 so_lock;
	kcondvar_t		 so_cv;
	short			 so_type;
	short			 so_options;
	u_short			 so_linger;
	short			 so_state;
	int			 so_nbio;
	void			*so_pcb;
	const struct protosw	*so_proto;
	struct socket		*so_head;	/* the socket that listens */
	struct soqhead		*so_onq;
	struct soqhead		 so_q0;		/* connections that are not complete, */
	struct soqhead		 so_q;		/* and those that are */
	TAILQ_ENTRY(socket)	 so_qe;
	short			 so_q0len;
	short			 so_qlen;
	short			 so_qlimit;
	short			 so_timeo;
	u_short			 so_error;
	u_short			 so_aborting;
	pid_t			 so_pgid;
	u_long			 so_oobmark;
	struct sockbuf		 so_snd;
	struct sockbuf		 so_rcv;
	void			*so_internal;
	void			(*so_upcall)(struct socket *, void *, int);
	void			*so_upcallarg;
	int			(*so_send)(struct socket *, struct mbuf *, struct uio *, struct mbuf *, struct mbuf *,
				    int, struct lwp *);
	int			(*so_receive)(struct socket *, struct mbuf **, struct uio *, struct mbuf **,
				    struct mbuf **, int *);
	struct mowner		*so_mowner;
	struct uidinfo		*so_uidinfo;
	gid_t			 so_egid;
	pid_t			 so_cpid;
	struct so_accf		*so_accf;
};

/* so_state */
#define SS_NOFDREF		0x001
#define SS_ISCONNECTED		0x002
#define SS_ISCONNECTING		0x004
#define SS_ISDISCONNECTING	0x008
#define SS_CANTSENDMORE		0x010
#define SS_CANTRCVMORE		0x020
#define SS_RCVATMARK		0x040
#define SS_ISABORTING		0x080
#define SS_ISDISCONNECTED	0x800
#define SS_ASYNC		0x100
#define SS_ISCONFIRMING		0x200
#define SS_MORETOCOME		0x400
#define SS_ISAPIPE		0x1000

/* An option that is asked for or set. */
struct sockopt {
	int	 sopt_level;
	int	 sopt_name;
	size_t	 sopt_size;
	void	*sopt_data;
	uint8_t	 sopt_buf[sizeof(int)];
};

#ifdef _KERNEL
#define soreadable(so)	((so)->so_rcv.sb_cc >= (so)->so_rcv.sb_lowat || \
	((so)->so_state & SS_CANTRCVMORE) || (so)->so_qlen || (so)->so_error)
#define sbspace(sb) \
	((long)MIN((sb)->sb_hiwat - (sb)->sb_cc, (sb)->sb_mbmax - (sb)->sb_mbcnt))
#define sorwakeup(so)	sowakeup((so), &(so)->so_rcv, POLL_IN)
#define sowwakeup(so)	sowakeup((so), &(so)->so_snd, POLL_OUT)

#if __LKM_API < 500
/* Their parameters were others in each system; none is written. */
int	socreate();
int	sobind();
int	solisten();
int	soconnect();
int	sosend();
int	soreceive();
#else
int	socreate(int dom, struct socket **aso, int type, int proto, struct lwp *l, struct socket *lockso);
int	sobind(struct socket *so, struct mbuf *nam, struct lwp *l);
int	solisten(struct socket *so, int backlog, struct lwp *l);
int	soconnect(struct socket *so, struct mbuf *nam, struct lwp *l);
int	sosend(struct socket *so, struct mbuf *addr, struct uio *uio, struct mbuf *top, struct mbuf *control, int flags,
	    struct lwp *l);
int	soreceive(struct socket *so, struct mbuf **paddr, struct uio *uio, struct mbuf **mp0, struct mbuf **controlp,
	    int *flagsp);
#endif
int	soclose(struct socket *so);
int	soaccept(struct socket *so, struct mbuf *nam);
int	sodisconnect(struct socket *so);
int	soshutdown(struct socket *so, int how);
int	soreserve(struct socket *so, u_long sndcc, u_long rcvcc);
void	sorflush(struct socket *so);
void	soisconnected(struct socket *so);
void	soisconnecting(struct socket *so);
void	soisdisconnected(struct socket *so);
void	soisdisconnecting(struct socket *so);
void	socantrcvmore(struct socket *so);
void	socantsendmore(struct socket *so);
struct socket	*sonewconn(struct socket *head, int connstatus);
void	sowakeup(struct socket *so, struct sockbuf *sb, int code);
void	sbappend(struct sockbuf *sb, struct mbuf *m);
int	sbappendaddr(struct sockbuf *sb, const struct sockaddr *asa, struct mbuf *m0, struct mbuf *control);
void	sbappendrecord(struct sockbuf *sb, struct mbuf *m0);
void	sbdrop(struct sockbuf *sb, int len);
void	sbflush(struct sockbuf *sb);
int	sbreserve(struct sockbuf *sb, u_long cc, struct socket *so);
int	sbwait(struct sockbuf *sb);
int	sockargs(struct mbuf **mp, const void *bf, size_t buflen, int type);
int	sockopt_get(const struct sockopt *sopt, void *buf, size_t len);
int	sockopt_getint(const struct sockopt *sopt, int *value);
int	sockopt_set(struct sockopt *sopt, const void *buf, size_t len);
int	sockopt_setint(struct sockopt *sopt, int value);
void	solock(struct socket *so);
void	sounlock(struct socket *so);
#endif

#endif
