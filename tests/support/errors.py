"""How an action fails: the error, or its errno."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError


def failure(action: Callable[..., object], *args: Any, **options: Any) -> KernelError:
    """The kernel's error with which `action` fails, which of a load is its cause."""
    with pytest.raises((KernelError, LoadError)) as caught:
        action(*args, **options)
    error = caught.value.__cause__ if isinstance(caught.value, LoadError) else caught.value
    assert isinstance(error, KernelError)
    return error


def errno_of(action: Callable[..., object], *args: Any, **options: Any) -> int:
    """The errno with which `action` fails; 0 when it succeeds."""
    try:
        action(*args, **options)
    except (KernelError, LoadError) as error:
        cause = error.__cause__ if isinstance(error, LoadError) else error
        assert isinstance(cause, KernelError)
        return cause.errno
    return 0
