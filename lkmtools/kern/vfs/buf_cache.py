"""The buffers: those in use, and those whose content is kept (vfs_bio.c, its LRU).

At most LIMIT bytes are kept; the block that was used longest ago is dropped first.
"""

from __future__ import annotations

from lkmtools.tuples import NamedTuple

LIMIT = 2 << 20  # bytes


class Block(NamedTuple):
    """Whose block a buffer is: a vnode's address or "dev_t", which of them, and the number."""

    kind: str
    owner: int
    number: int


class Held(NamedTuple):
    """What a module must not change of a buffer in use: its block, its memory, and the size of that."""

    block: Block | None
    data: int
    size: int


class Kept(NamedTuple):
    """A buffer that is not in use: its struct buf, its memory, and whether that must still be written."""

    bp: int
    data: int
    size: int
    dirty: bool


class Buffers:
    """The buffers in use, by block and by address; and the others, by block."""

    def __init__(self) -> None:
        self.busy: dict[Block, int] = {}
        self.made: dict[int, Held] = {}
        self.kept: dict[Block, Kept] = {}  # the longest unused first
        self.unused: set[int] = set()  # their struct bufs
        self._bytes = 0

    def keep(self, block: Block, kept: Kept) -> None:
        """Add a buffer that is no longer in use."""
        self.kept[block] = kept
        self.unused.add(kept.bp)
        self._bytes += kept.size

    def take(self, block: Block) -> Kept:
        """Remove a buffer that is in use again, or freed."""
        kept = self.kept.pop(block)
        self.unused.discard(kept.bp)
        self._bytes -= kept.size
        return kept

    def over(self) -> Block | None:
        """The block to drop next when more than LIMIT bytes are kept, otherwise None."""
        return next(iter(self.kept)) if self._bytes > LIMIT else None

    def of(self, kind: str, owner: int) -> list[Block]:
        """What is kept of a vnode or device; without `kind`, of all."""
        return [block for block in self.kept if not kind or (block.kind, block.owner) == (kind, owner)]

    def disown(self, kind: str, owner: int) -> None:
        """Buffers of it that are in use no longer belong to a block."""
        for block in [block for block in self.busy if (block.kind, block.owner) == (kind, owner)]:
            bp = self.busy.pop(block)
            self.made[bp] = self.made[bp]._replace(block=None)
