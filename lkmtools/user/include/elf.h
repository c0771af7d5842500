/* <elf.h> */

#ifndef _ELF_H_
#define _ELF_H_

#include <sys/types.h>
#include <sys/exec_elf.h>

#endif
