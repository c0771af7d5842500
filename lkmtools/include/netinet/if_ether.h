/* <netinet/if_ether.h>: everything is in <net/if_ether.h>. */

#include <net/if_ether.h>
