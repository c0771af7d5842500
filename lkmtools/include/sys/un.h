/* <sys/un.h>: addresses of sockets that have names in the file system. */

#ifndef _SYS_UN_H_
#define _SYS_UN_H_

#include <sys/types.h>
#include <sys/socket.h>

struct sockaddr_un {
	uint8_t		sun_len;
	sa_family_t	sun_family;
	char		sun_path[104];
};

#define LOCAL_CREDS	0x0001
#define LOCAL_CONNWAIT	0x0002
#define LOCAL_PEEREID	0x0003

struct unpcbid {
	pid_t	unp_pid;
	uid_t	unp_euid;
	gid_t	unp_egid;
};

#endif
