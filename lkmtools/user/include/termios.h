/* <termios.h>: the functions of <sys/termios.h>. */

#ifndef _TERMIOS_H_
#define _TERMIOS_H_

#include <sys/termios.h>

#define TCSANOW		0
#define TCSADRAIN	1
#define TCSAFLUSH	2
#define TCSASOFT	0x10

speed_t	cfgetispeed(const struct termios *);
speed_t	cfgetospeed(const struct termios *);
void	cfmakeraw(struct termios *);
int	cfsetispeed(struct termios *, speed_t);
int	cfsetospeed(struct termios *, speed_t);
int	cfsetspeed(struct termios *, speed_t);
int	tcgetattr(int, struct termios *);
int	tcsetattr(int, int, const struct termios *);

#endif
