"""Would a set of objects load? Each is checked for itself (check.py); here they resolve one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lkmtools.modules.check import Problem, Report
from lkmtools.near import some


def resolve(reports: Sequence[Report]) -> list[Report]:
    """The reports of a set in which each object may need others, wherever they stand.

    What another one defines is not missing. An object that can be loaded in no order, because what it needs
    needs it, or something like it, has a problem of kind "order".
    """
    owners: dict[str, int] = {}
    for index, report in enumerate(reports):
        for name in report.exports:
            owners.setdefault(name, index)
    needs = [
        list(dict.fromkeys(owners[problem.text] for problem in report.missing if problem.text in owners))
        for report in reports
    ]
    stuck = _stuck(needs)
    out = []
    for index, report in enumerate(reports):
        problems = [p for p in report.problems if p.kind != "symbol" or p.text not in owners]
        paths = tuple(reports[other].path for other in needs[index])
        if index in stuck:
            others = some(reports[other].path for other in needs[index] if other in stuck)
            text = f"needs {others}, which cannot be loaded before it"
            problems.insert(0, Problem("order", text, hint="make one module of them with lkmcc -r"))
        out.append(report._replace(problems=tuple(problems), needs=paths))
    return out


def _stuck(needs: Sequence[Sequence[int]]) -> set[int]:
    """Which of some things can be placed in no order, each behind what it needs (Kahn's algorithm)."""
    waits = [len(row) for row in needs]
    users: list[list[int]] = [[] for _ in needs]
    for index, row in enumerate(needs):
        for other in row:
            users[other].append(index)
    ready = [index for index, count in enumerate(waits) if not count]
    for index in ready:  # grows
        for user in users[index]:
            waits[user] -= 1
            if not waits[user]:
                ready.append(user)
    return set(range(len(needs))) - set(ready)


def wanted(reports: Sequence[Report]) -> list[tuple[str, int]]:
    """The missing symbols and how many objects want each, the most wanted first."""
    counts = Counter(problem.text for report in reports for problem in report.missing)
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))
