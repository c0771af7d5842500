/* <sys/exec_script.h>: programs whose first line names their interpreter. */

#ifndef _SYS_EXEC_SCRIPT_H_
#define _SYS_EXEC_SCRIPT_H_

#include <sys/param.h>

#define EXEC_SCRIPT_MAGIC	"#!"
#define EXEC_SCRIPT_MAGICLEN	2

/* The line: the magic, blanks, a path, blanks, an argument, and the newline. */
#define SCRIPT_HDR_SIZE		(EXEC_SCRIPT_MAGICLEN + 3 * MAXPATHLEN + 8)

#ifdef _KERNEL
struct lwp;
struct exec_package;

int	exec_script_makecmds(struct lwp *l, struct exec_package *epp);
#endif

#endif
