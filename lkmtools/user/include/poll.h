/* <poll.h> */

#include <sys/poll.h>

int	poll(struct pollfd *, nfds_t, int);
