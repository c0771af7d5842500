"""The types of C prototypes: scalars by their C spelling, everything else by its being a pointer."""

from __future__ import annotations

import re
from functools import cache

from lkmtools.abi.datamodel import DataModel, scalar
from lkmtools.tuples import NamedTuple

# C spelling -> the name abi.datamodel knows; what the headers typedef to a pointer; enums are ints.
_SPELLINGS = {
    "unsigned": "u_int",
    "unsigned int": "u_int",
    "unsigned char": "u_char",
    "unsigned short": "u_short",
    "unsigned long": "u_long",
    "long long": "int64_t",
    "unsigned long long": "uint64_t",
    "quad_t": "int64_t",
    "u_quad_t": "uint64_t",
    "longlong_t": "int64_t",
    "bool": "u_char",
    "u_int8_t": "uint8_t",
    "u_int16_t": "uint16_t",
    "u_int32_t": "uint32_t",
    "u_int64_t": "uint64_t",
    "uintptr_t": "u_long",
    "intptr_t": "long",
    "pri_t": "int",
    "krw_t": "int",
    "kmutex_type_t": "int",
    "km_flag_t": "u_int",
    "kauth_action_t": "uint32_t",
    "devmajor_t": "int",
    "devminor_t": "int",
    "lwpid_t": "int",
    "clockid_t": "int",
    "kauth_cred_t": "pointer",
    "caddr_t": "pointer",
    "wchan_t": "pointer",
    "sa_family_t": "uint8_t",
    "socklen_t": "uint32_t",
    "specificdata_domain_t": "pointer",
    "specificdata_key_t": "u_int",
    "specificdata_dtor_t": "pointer",
    "device_t": "pointer",
    "pool_cache_t": "pointer",
    "xcfunc_t": "pointer",
    "sysctlfn": "pointer",
    "vsize_t": "vaddr_t",
    "bus_addr_t": "u_long",
    "bus_size_t": "u_long",
    "bus_space_tag_t": "int",
    "bus_space_handle_t": "u_long",
    "bus_dma_tag_t": "pointer",
    "bus_dmamap_t": "pointer",
    "pci_chipset_tag_t": "pointer",
    "pci_intr_handle_t": "int",
    "pcireg_t": "uint32_t",
    "pcitag_t": "uint32_t",  # a union of one word: as an argument it is that word
    "in_addr": "uint32_t",  # a struct of one word: the same
    "n_time": "uint32_t",
    "percpu_callback_t": "pointer",
    "uvm_flag_t": "u_int",
    "ifm_change_cb_t": "pointer",
    "ifm_stat_cb_t": "pointer",
    "kauth_listener_t": "pointer",
    "kauth_scope_callback_t": "pointer",
    "kauth_scope_t": "pointer",
    "usbd_callback": "pointer",
    "usbd_device_handle": "pointer",
    "usbd_interface_handle": "pointer",
    "usbd_pipe_handle": "pointer",
    "usbd_private_handle": "pointer",
    "usbd_status": "u_int",
    "usbd_xfer_handle": "pointer",
}
_ANY = DataModel("any", 8, 8, "little")
_QUALIFIERS = re.compile(r"\b(const|volatile|restrict|register|struct|union|enum)\b")


class CType(NamedTuple):
    """A parameter or result type: a name of abi.datamodel, "void", "va_list" or "bool"."""

    name: str

    def size(self, dm: DataModel) -> int:
        """Bytes; 0 for void."""
        if self.name == "void":
            return 0
        return scalar("pointer" if self.name == "va_list" else self.name, dm).size

    def signed(self, dm: DataModel) -> bool:
        """Is it a signed integer?"""
        return self.name not in ("void", "va_list") and scalar(self.name, dm).signed


@cache
def ctype(text: str) -> CType:
    """The type `text` spells; ValueError when it is none we know."""
    tagged = bool(re.search(r"\b(struct|union)\b", text))
    enum = "enum " in text
    words = " ".join(_QUALIFIERS.sub(" ", text).split())
    if "*" in words or "(" in words or words.endswith("]"):
        return CType("pointer")
    if enum:
        return CType("int")
    name = _SPELLINGS.get(words, words)
    if name not in ("void", "va_list"):
        try:
            scalar(name, _ANY)
        except KeyError:
            kind = "a struct by value" if tagged else "an unknown type"
            raise ValueError(f"{kind} in a prototype: {text!r}") from None
    return CType(name)
