/* <dirent.h>: <sys/dirent.h>, for kernel sources that include the header of programs. */

#include <sys/dirent.h>
