"""<uvm/uvm_extern.h>: address spaces, of which modules only get pointers."""

from lkmtools.abi.datamodel import Placed

vmspace = Placed("vmspace", (368, 212), "struct pmap *vm_map.pmap 0/0; int vm_refcnt 288/160")
