/* <sys/unistd.h>: constants of access(2), lseek(2) and pathconf(2). */

#ifndef _SYS_UNISTD_H_
#define _SYS_UNISTD_H_

#include <sys/cdefs.h>

#define F_OK		0
#define X_OK		1
#define W_OK		2
#define R_OK		4

#define SEEK_SET	0
#define SEEK_CUR	1
#define SEEK_END	2
#define L_SET		SEEK_SET
#define L_INCR		SEEK_CUR
#define L_XTND		SEEK_END

#define _PC_LINK_MAX		1
#define _PC_MAX_CANON		2
#define _PC_MAX_INPUT		3
#define _PC_NAME_MAX		4
#define _PC_PATH_MAX		5
#define _PC_PIPE_BUF		6
#define _PC_CHOWN_RESTRICTED	7
#define _PC_NO_TRUNC		8
#define _PC_VDISABLE		9
#define _PC_SYNC_IO		10
#define _PC_FILESIZEBITS	11
#define _PC_SYMLINK_MAX		12
#define _PC_2_SYMLINKS		13

#ifndef _POSIX_VDISABLE
#define _POSIX_VDISABLE	((unsigned char)'\377')
#endif

#endif
