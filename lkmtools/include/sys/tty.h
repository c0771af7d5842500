/* <sys/tty.h>: terminals, their queues of characters, and what line disciplines do with both. */

#ifndef _SYS_TTY_H_
#define _SYS_TTY_H_

#include <sys/types.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/param.h>
#include <sys/queue.h>
#include <sys/select.h>
#include <sys/signal.h>
#include <sys/termios.h>
#include <sys/selinfo.h>

struct knote;
struct linesw;
struct lwp;
struct pgrp;
struct session;
struct tty;
struct uio;

/* Characters: cf to cl of the ring cs to ce, which c_cq has a bit for each character that is quoted. */
struct clist {
	u_char	*c_cf;
	u_char	*c_cl;
	u_char	*c_cs;
	u_char	*c_ce;
	u_char	*c_cq;
	int	 c_cc;	/* characters in it, */
	int	 c_cn;	/* and at most */
};

enum ttysigtype {
	TTYSIG_PG1,
	TTYSIG_PG2,
	TTYSIG_LEADER,
	TTYSIG_COUNT
};

struct tty {
	TAILQ_ENTRY(tty)	 tty_link;
	struct clist		 t_rawq;	/* input as it came */
	long			 t_rawcc;
	kcondvar_t		 t_rawcv;
	kcondvar_t		 t_rawcvf;
	struct clist		 t_canq;	/* lines */
	long			 t_cancc;
	kcondvar_t		 t_cancv;
	kcondvar_t		 t_cancvf;
	struct clist		 t_outq;
	long			 t_outcc;
	kcondvar_t		 t_outcv;
	kcondvar_t		 t_outcvf;
	callout_t		 t_rstrt_ch;
	struct linesw		*t_linesw;
	dev_t			 t_dev;
	int			 t_state;
	int			 t_wopen;	/* opens that wait */
	int			 t_flags;
	struct pgrp		*t_pgrp;
	struct session		*t_session;
	struct selinfo		 t_rsel;
	struct selinfo		 t_wsel;
	struct termios		 t_termios;
	struct winsize		 t_winsize;
	void			(*t_oproc)(struct tty *);	/* start output */
	int			(*t_param)(struct tty *, struct termios *);
	int			(*t_hwiflow)(struct tty *, int);
	void			*t_sc;
	short			 t_column;
	short			 t_rocount;
	short			 t_rocol;
	short			 t_hiwat;
	short			 t_lowat;
	short			 t_gen;
	sigset_t		 t_sigs[TTYSIG_COUNT];
	int			 t_sigcount;
	TAILQ_ENTRY(tty)	 t_sigqueue;
};
TAILQ_HEAD(ttylist_head, tty);

#define t_cc		t_termios.c_cc
#define t_cflag		t_termios.c_cflag
#define t_iflag		t_termios.c_iflag
#define t_ispeed	t_termios.c_ispeed
#define t_lflag		t_termios.c_lflag
#define t_oflag		t_termios.c_oflag
#define t_ospeed	t_termios.c_ospeed

#define TTIPRI		25
#define TTOPRI		26
#define TTMASK		15
#define OBUFSIZ		100
#define TTYHOG		1024

#ifdef _KERNEL
#define TTMAXHIWAT	roundup(2048, 64)
#define TTMINHIWAT	roundup(100, 64)
#define TTMAXLOWAT	256
#define TTMINLOWAT	32
#endif

/* t_state */
#define TS_SIGINFO	0x00001
#define TS_ASYNC	0x00002
#define TS_BUSY		0x00004
#define TS_CARR_ON	0x00008
#define TS_DIALOUT	0x00010
#define TS_FLUSH	0x00020
#define TS_ISOPEN	0x00040
#define TS_TBLOCK	0x00080
#define TS_TIMEOUT	0x00100
#define TS_TTSTOP	0x00200
#define TS_XCLUDE	0x00400
#define TS_BKSL		0x01000
#define TS_CNTTB	0x02000
#define TS_ERASE	0x04000
#define TS_LNCH		0x08000
#define TS_TYPEN	0x10000
#define TS_LOCAL	(TS_BKSL | TS_CNTTB | TS_ERASE | TS_LNCH | TS_TYPEN)

/* What output does to the column. */
#define ORDINARY	0
#define CONTROL		1
#define BACKSPACE	2
#define NEWLINE		3
#define TAB		4
#define VTAB		5
#define RETURN		6

struct speedtab {
	int	sp_speed;
	int	sp_code;
};

/* Modem control. */
#define DMSET		0
#define DMBIS		1
#define DMBIC		2
#define DMGET		3

/* Beside a character, for l_rint. */
#define TTY_CHARMASK	0x000000ff
#define TTY_QUOTE	0x00000100
#define TTY_ERRORMASK	0xff000000
#define TTY_FE		0x01000000
#define TTY_PE		0x02000000

#define isctty(p, tp)		((p)->p_session == (tp)->t_session && ((p)->p_lflag & PL_CONTROLT))
#define isbackground(p, tp)	(isctty((p), (tp)) && (p)->p_pgrp != (tp)->t_pgrp)

#ifdef _KERNEL
extern int			tty_count;
extern struct ttylist_head	ttylist;
extern kmutex_t			tty_lock;

int	b_to_q(const u_char *cp, int count, struct clist *clp);
void	catq(struct clist *from, struct clist *to);
int	clalloc(struct clist *clp, int size, int quot);
void	clfree(struct clist *clp);
u_char	*firstc(struct clist *clp, int *c);
int	getc(struct clist *clp);
void	ndflush(struct clist *clp, int count);
int	ndqb(struct clist *clp, int flag);
u_char	*nextc(struct clist *clp, u_char *cp, int *c);
int	putc(int c, struct clist *clp);
int	q_to_b(struct clist *clp, u_char *cp, int count);
int	unputc(struct clist *clp);

struct tty	*ttymalloc(void);
void	ttyfree(struct tty *tp);
void	tty_attach(struct tty *tp);
void	tty_detach(struct tty *tp);
int	ttbreakc(int c, struct tty *tp);
int	ttcompat(struct tty *tp, u_long com, void *data, int flag, struct lwp *l);
int	ttioctl(struct tty *tp, u_long com, void *data, int flag, struct lwp *l);
int	ttkqfilter(dev_t dev, struct knote *kn);
int	ttpoll(struct tty *tp, int events, struct lwp *l);
int	ttread(struct tty *tp, struct uio *uio, int flag);
void	ttrstrt(void *v);
int	ttsleep(struct tty *tp, kcondvar_t *cv, bool catch, int timo);
int	ttspeedtab(int speed, const struct speedtab *table);
int	ttstart(struct tty *tp);
void	ttwakeup(struct tty *tp);
int	ttwrite(struct tty *tp, struct uio *uio, int flag);
int	ttycheckoutq(struct tty *tp, int wait);
void	ttychars(struct tty *tp);
int	ttyclose(struct tty *tp);
void	ttyflush(struct tty *tp, int rw);
void	ttygetinfo(struct tty *tp, int fromsig, char *buf, size_t size);
int	ttyinput(int c, struct tty *tp);
int	ttylclose(struct tty *tp, int flag);
int	ttylopen(dev_t dev, struct tty *tp);
int	ttymodem(struct tty *tp, int flag);
int	ttyopen(struct tty *tp, int dialout, int nonblock);
int	ttyoutput(int c, struct tty *tp);
void	ttypend(struct tty *tp);
void	ttyretype(struct tty *tp);
void	ttyrub(int c, struct tty *tp);
void	ttysetwater(struct tty *tp);
void	ttysig(struct tty *tp, enum ttysigtype st, int sig);
int	ttywait(struct tty *tp);
int	ttywflush(struct tty *tp);
#endif

#endif
