"""<machine/vmparam.h> and <uvm/uvm_param.h>: pages, of the same size on every machine."""

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT


def trunc_page(x: int) -> int:
    """The page boundary at or below `x`."""
    return x & -PAGE_SIZE


def round_page(x: int) -> int:
    """The page boundary at or above `x`."""
    return x + PAGE_SIZE - 1 & -PAGE_SIZE
