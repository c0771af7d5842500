"""modstat --tree: which module is linked against which. Drawn by rich on a terminal, in ASCII elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.modules import Module
    from lkmtools.modules.refs import Refs


class TreeNode(NamedTuple):
    """A module and what is linked against it. One that needs several modules stands under each of them."""

    text: str
    children: list[TreeNode]


def forest(rows: list[Module], refs: dict[int, Refs]) -> list[TreeNode]:
    """A tree for each module of `rows` that needs none of the others."""
    shown = {row.id for row in rows}
    names = {row.id: row.name for row in rows}

    def node(ident: int) -> TreeNode:
        users = [user.id for user in refs[ident].users if user.id in shown]
        return TreeNode(label(names[ident], ident, refs[ident]), [node(user) for user in users])

    return [node(row.id) for row in rows if not any(use.id in shown for use in refs[row.id].uses)]


def label(name: str, ident: int, refs: Refs) -> str:
    """A line of the tree: name, id, its holders, and the processes in its code."""
    parts = [f"{name} (ID {ident})"]
    if refs.holds:
        parts.append(
            "held by " + ", ".join(f"{row.name or 'the kernel'} ({row.times})" for row in refs.holds)
        )
    if refs.calls:
        parts.append("called by " + ", ".join(f"{row.name} (pid {row.id})" for row in refs.calls))
    return ", ".join(parts)


def plain(nodes: list[TreeNode]) -> Iterator[str]:
    """The lines of a forest in ASCII."""
    for tree in nodes:
        yield tree.text
        yield from _below(tree.children, "")


def _below(nodes: list[TreeNode], indent: str) -> Iterator[str]:
    for at, tree in enumerate(nodes, 1):
        last = at == len(nodes)
        yield f"{indent}{'`-- ' if last else '|-- '}{tree.text}"
        yield from _below(tree.children, indent + ("    " if last else "|   "))


def draw(nodes: list[TreeNode]) -> None:
    """The same on a terminal."""
    import os

    from rich.console import Console
    from rich.tree import Tree

    plain_text = bool(os.environ.get("NO_COLOR"))
    console = Console(
        color_system=None if plain_text else "auto",
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )

    def add(tree: Tree, nodes: list[TreeNode]) -> None:
        for node in nodes:
            add(tree.add(node.text), node.children)

    for node in nodes:
        root = Tree(node.text)
        add(root, node.children)
        console.print(root)
