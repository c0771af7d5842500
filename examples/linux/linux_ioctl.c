/* linux_ioctl.c: commands of files and terminals. */

#include "linux_emul.h"

#include <sys/filio.h>
#include <sys/termios.h>

/* A pair of bits that mean the same: Linux's and ours. */
struct bits {
	uint32_t	foreign;
	uint32_t	native;
};

static const struct bits input_bits[] = {
	{ 0000001, IGNBRK }, { 0000002, BRKINT }, { 0000004, IGNPAR }, { 0000010, PARMRK }, { 0000020, INPCK },
	{ 0000040, ISTRIP }, { 0000100, INLCR }, { 0000200, IGNCR }, { 0000400, ICRNL }, { 0002000, IXON },
	{ 0004000, IXANY }, { 0010000, IXOFF }, { 0020000, IMAXBEL },
};
static const struct bits output_bits[] = {
	{ 0000001, OPOST }, { 0000004, ONLCR }, { 0000010, OCRNL }, { 0000020, ONOCR }, { 0000040, ONLRET },
	{ 0014000, OXTABS },
};
static const struct bits control_bits[] = {	/* eight bits are six and seven in both */
	{ 0000020, CS6 }, { 0000040, CS7 }, { 0000100, CSTOPB }, { 0000200, CREAD }, { 0000400, PARENB },
	{ 0001000, PARODD }, { 0002000, HUPCL }, { 0004000, CLOCAL },
};
static const struct bits local_bits[] = {
	{ 0000001, ISIG }, { 0000002, ICANON }, { 0000010, ECHO }, { 0000020, ECHOE }, { 0000040, ECHOK },
	{ 0000100, ECHONL }, { 0000200, NOFLSH }, { 0000400, TOSTOP }, { 0001000, ECHOCTL }, { 0002000, ECHOPRT },
	{ 0004000, ECHOKE }, { 0010000, FLUSHO }, { 0040000, PENDIN }, { 0100000, IEXTEN },
};

/* Where Linux has the characters, by our places; -1: it has not. */
static const signed char places[NCCS] = {
	[VEOF] = 4, [VEOL] = 11, [VEOL2] = 16, [VERASE] = 2, [VWERASE] = 14, [VKILL] = 3, [VREPRINT] = 12, [7] = -1,
	[VINTR] = 0, [VQUIT] = 1, [VSUSP] = 10, [VDSUSP] = -1, [VSTART] = 8, [VSTOP] = 9, [VLNEXT] = 15,
	[VDISCARD] = 13, [VMIN] = 6, [VTIME] = 5, [VSTATUS] = -1, [19] = -1,
};

/* Speeds by Linux's codes: 0 to 15, and from 010001 on. */
static const int speeds[] = { 0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const int fast_speeds[] = { 57600, 115200, 230400 };
#define LINUX_CBAUD	0010017
#define LINUX_CBAUDEX	0010000

static uint32_t
foreign_bits(uint32_t native, const struct bits *bits, size_t count)
{
	uint32_t foreign = 0;

	for (size_t i = 0; i < count; i++)
		if ((native & bits[i].native) == bits[i].native)
			foreign |= bits[i].foreign;
	return foreign;
}

/* Bits that Linux has no word for stay as they are. */
static uint32_t
native_bits(uint32_t foreign, uint32_t native, const struct bits *bits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		native &= ~bits[i].native;
		if ((foreign & bits[i].foreign) == bits[i].foreign)
			native |= bits[i].native;
	}
	return native;
}

static uint32_t
speed_code(int speed)
{
	for (size_t i = 0; i < __arraycount(speeds); i++)
		if (speeds[i] == speed)
			return i;
	for (size_t i = 0; i < __arraycount(fast_speeds); i++)
		if (fast_speeds[i] == speed)
			return LINUX_CBAUDEX + 1 + i;
	return 0;
}

static int
speed_of(uint32_t flags)
{
	u_int code = flags & LINUX_CBAUD;

	if (code < __arraycount(speeds))
		return speeds[code];
	code -= LINUX_CBAUDEX + 1;
	return code < __arraycount(fast_speeds) ? fast_speeds[code] : 0;
}

static void
foreign_termios(const struct termios *t, struct linux_termios *out)
{
	memset(out, 0, sizeof(*out));
	out->c_iflag = foreign_bits(t->c_iflag, input_bits, __arraycount(input_bits));
	out->c_oflag = foreign_bits(t->c_oflag, output_bits, __arraycount(output_bits));
	out->c_cflag = foreign_bits(t->c_cflag, control_bits, __arraycount(control_bits)) | speed_code(t->c_ospeed);
	out->c_lflag = foreign_bits(t->c_lflag, local_bits, __arraycount(local_bits));
	for (int i = 0; i < NCCS; i++)
		if (places[i] >= 0)
			out->c_cc[places[i]] = t->c_cc[i];
}

static void
native_termios(const struct linux_termios *in, struct termios *t)
{
	t->c_iflag = native_bits(in->c_iflag, t->c_iflag, input_bits, __arraycount(input_bits));
	t->c_oflag = native_bits(in->c_oflag, t->c_oflag, output_bits, __arraycount(output_bits));
	t->c_cflag = native_bits(in->c_cflag, t->c_cflag, control_bits, __arraycount(control_bits));
	t->c_lflag = native_bits(in->c_lflag, t->c_lflag, local_bits, __arraycount(local_bits));
	t->c_ispeed = t->c_ospeed = speed_of(in->c_cflag);
	for (int i = 0; i < NCCS; i++)
		if (places[i] >= 0)
			t->c_cc[i] = in->c_cc[places[i]];
}

/* TCGETS, and TCSETS with its like: the native struct goes through the stack gap. */
static int
terminal(struct lwp *l, int fd, u_long set, void *uaddr)
{
	void *sg = stackgap_init(l->l_proc, 0);
	struct termios *ut = stackgap_alloc(l->l_proc, &sg, sizeof(*ut)), t;
	struct linux_termios foreign;
	register_t rval[2];
	int error;

	if (ut == NULL)
		return ENOMEM;
	if ((error = NATIVE(sys_ioctl, l, rval, fd, TIOCGETA, W(ut))) != 0)
		return error;
	if ((error = copyin(ut, &t, sizeof(t))) != 0)
		return error;
	if (set == 0) {
		foreign_termios(&t, &foreign);
		return copyout(&foreign, uaddr, sizeof(foreign));
	}
	if ((error = copyin(uaddr, &foreign, sizeof(foreign))) != 0)
		return error;
	native_termios(&foreign, &t);
	if ((error = copyout(&t, ut, sizeof(t))) != 0)
		return error;
	return NATIVE(sys_ioctl, l, rval, fd, set, W(ut));
}

/* Commands whose argument is the same in both. */
static const struct {
	u_int	foreign;
	u_long	native;
} commands[] = {
	{ LINUX_TIOCGPGRP, TIOCGPGRP },
	{ LINUX_TIOCSPGRP, TIOCSPGRP },
	{ LINUX_TIOCGWINSZ, TIOCGWINSZ },
	{ LINUX_TIOCSWINSZ, TIOCSWINSZ },
	{ LINUX_FIONREAD, FIONREAD },
	{ LINUX_FIONBIO, FIONBIO },
	{ LINUX_FIOCLEX, FIOCLEX },
	{ LINUX_FIONCLEX, FIONCLEX },
};

/* ioctl(file, command, argument): the others are the native drivers', whose users know their numbers. */
LINUX_CALL(ioctl)
{
	u_int command = ARG(1, u_int);

	switch (command) {
	case LINUX_TCGETS:
		return terminal(l, ARG(0, int), 0, ARG(2, void *));
	case LINUX_TCSETS:
		return terminal(l, ARG(0, int), TIOCSETA, ARG(2, void *));
	case LINUX_TCSETSW:
		return terminal(l, ARG(0, int), TIOCSETAW, ARG(2, void *));
	case LINUX_TCSETSF:
		return terminal(l, ARG(0, int), TIOCSETAF, ARG(2, void *));
	}
	for (size_t i = 0; i < __arraycount(commands); i++)
		if (commands[i].foreign == command)
			return NATIVE(sys_ioctl, l, retval, ARG(0, register_t), commands[i].native, ARG(2, register_t));
	return NATIVE(sys_ioctl, l, retval, ARG(0, register_t), command, ARG(2, register_t));
}
