/* <sys/file.h>: open files; their members are the kernel's own. */

#ifndef _SYS_FILE_H_
#define _SYS_FILE_H_

#include <sys/fcntl.h>
#include <sys/unistd.h>

struct file;
struct fileops;

#define DTYPE_VNODE	1
#define DTYPE_SOCKET	2
#define DTYPE_PIPE	3
#define DTYPE_KQUEUE	4
#define DTYPE_MISC	5

#endif
