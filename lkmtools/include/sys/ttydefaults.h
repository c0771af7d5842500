/* <sys/ttydefaults.h>: the settings of a terminal that has just been opened. */

#ifndef _SYS_TTYDEFAULTS_H_
#define _SYS_TTYDEFAULTS_H_

#include <sys/termios.h>

#define TTYDEF_IFLAG	(BRKINT | ICRNL | IMAXBEL | IXON | IXANY)
#define TTYDEF_OFLAG	(OPOST | ONLCR | OXTABS)
#define TTYDEF_LFLAG	(ECHO | ICANON | ISIG | IEXTEN | ECHOE | ECHOKE | ECHOCTL)
#define TTYDEF_CFLAG	(CREAD | CS8 | HUPCL)
#define TTYDEF_SPEED	9600

#define CTRL(c)		((c) & 0x1f)
#define CEOF		CTRL('d')
#define CEOL		((unsigned char)0xff)
#define CERASE		0177
#define CINTR		CTRL('c')
#define CSTATUS		CTRL('t')
#define CKILL		CTRL('u')
#define CMIN		1
#define CQUIT		034
#define CSUSP		CTRL('z')
#define CTIME		0
#define CDSUSP		CTRL('y')
#define CSTART		CTRL('q')
#define CSTOP		CTRL('s')
#define CLNEXT		CTRL('v')
#define CDISCARD	CTRL('o')
#define CWERASE		CTRL('w')
#define CREPRINT	CTRL('r')
#define CEOT		CEOF

#endif
