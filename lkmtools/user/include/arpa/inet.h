/* <arpa/inet.h>: addresses of the Internet and their text. */

#ifndef _ARPA_INET_H_
#define _ARPA_INET_H_

#include <netinet/in.h>

in_addr_t	inet_addr(const char *);
int	inet_aton(const char *, struct in_addr *);
char	*inet_ntoa(struct in_addr);

#endif
