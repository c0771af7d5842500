/* <uvm/uvm_param.h>: constants of virtual memory: pages, and the nodes of sysctl's vm. */

#ifndef _UVM_UVM_PARAM_H_
#define _UVM_UVM_PARAM_H_

#include <sys/param.h>
#include <machine/vmparam.h>

#define VM_METER	1	/* struct vmtotal */
#define VM_LOADAVG	2	/* struct loadavg */
#define VM_UVMEXP	3
#define VM_NKMEMPAGES	4
#define VM_UVMEXP2	5

#define UBC_WINSHIFT	13
#define UBC_NWINS	1024

#endif
