/* <arpa/inet.h>, and of <sys/socket.h> what is no system call. */

#include "library.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

WEAK(inet_aton) WEAK(inet_addr) WEAK(inet_ntoa) WEAK(send) WEAK(recv)

/* One to four numbers; the last has all bytes that are left. */
int
inet_aton(const char *text, struct in_addr *to)
{
	uint32_t value = 0;
	int n;

	for (n = 0; ; text++, n++) {
		char *end;
		unsigned long part = strtoul(text, &end, 0);

		if (!isdigit((u_char)*text))
			return 0;
		text = end;
		if (*text != '.') {
			if (*text != '\0' && !isspace((u_char)*text))
				return 0;
			if (n > 0 && part >> (32 - 8 * n))
				return 0;
			to->s_addr = htonl(value | (uint32_t)part);
			return 1;
		}
		if (n == 3 || part > 255)
			return 0;
		value |= (uint32_t)part << (24 - 8 * n);
	}
}

in_addr_t
inet_addr(const char *text)
{
	struct in_addr in;

	return inet_aton(text, &in) ? in.s_addr : (in_addr_t)-1;
}

char *
inet_ntoa(struct in_addr in)
{
	static char text[16];
	uint32_t a = ntohl(in.s_addr);

	snprintf(text, sizeof(text), "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	return text;
}

ssize_t send(int s, const void *buf, size_t n, int flags) { return sendto(s, buf, n, flags, NULL, 0); }
ssize_t recv(int s, void *buf, size_t n, int flags) { return recvfrom(s, buf, n, flags, NULL, NULL); }
