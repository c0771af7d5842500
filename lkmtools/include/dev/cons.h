/* <dev/cons.h>: consoles. */

#ifndef _DEV_CONS_H_
#define _DEV_CONS_H_

#include <sys/types.h>

struct lwp;
struct tty;

struct consdev {
	void	(*cn_probe)(struct consdev *);
	void	(*cn_init)(struct consdev *);
	int	(*cn_getc)(dev_t);
	void	(*cn_putc)(dev_t, int);
	void	(*cn_pollc)(dev_t, int);
	void	(*cn_bell)(dev_t, u_int, u_int, u_int);
	void	(*cn_halt)(dev_t);
	void	(*cn_flush)(dev_t);
	dev_t	  cn_dev;
	int	  cn_pri;
};

#define CN_DEAD		0
#define CN_NULL		1
#define CN_NORMAL	2
#define CN_INTERNAL	3
#define CN_REMOTE	4

#ifdef _KERNEL
extern struct consdev	*cn_tab;

void	cninit(void);
int	cngetc(void);
void	cnputc(int c);
void	cnpollc(int on);
void	cnflush(void);
void	cnhalt(void);
int	cngetsn(char *cp, int size);
#endif

#endif
