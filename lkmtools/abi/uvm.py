"""<uvm/uvm_extern.h>: address spaces, of which modules only get pointers; flags of uvm_km_alloc()."""

from lkmtools.abi.datamodel import Placed

UVM_KMF_WIRED = 0x1
UVM_KMF_PAGEABLE = 0x2
UVM_KMF_VAONLY = 0x4
UVM_KMF_TYPEMASK = UVM_KMF_VAONLY | UVM_KMF_PAGEABLE | UVM_KMF_WIRED
UVM_KMF_CANFAIL = 0x8
UVM_KMF_ZERO = 0x10
UVM_KMF_EXEC = 0x20
UVM_KMF_TRYLOCK = 0x200000
UVM_KMF_NOWAIT = 0x400000
UVM_KMF_WAITVA = 0x1000000

vmspace = Placed("vmspace", (368, 212), "struct pmap *vm_map.pmap 0/0; int vm_refcnt 288/160")
# What a memory of wired pages has to say; the rest is 0.
uvmexp = Placed(
    "uvmexp",
    (312, 312),
    """int pagesize 0/0; int pagemask 4/4; int pageshift 8/8; int npages 12/12; int free 16/16;
       int wired 24/24; int ncolors 28/28""",
)
