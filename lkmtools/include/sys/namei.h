/* <sys/namei.h>: path lookup; what a module needs in order to name it. */

#ifndef _SYS_NAMEI_H_
#define _SYS_NAMEI_H_

struct nameidata;
struct componentname;

#endif
