"""Is a Twitter/X account mainly positive or mainly negative?

>>> from positivity import Analyzer
>>> Analyzer().score(["What a lovely day!"]).label[0]
'positive'

`Analyzer` is imported at first use: it brings torch with it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from positivity.account.report import Report
    from positivity.analyzer import Analyzer

__version__ = "0.1.0"
__all__ = ["Analyzer", "Report", "__version__"]

_HOMES = {"Analyzer": "positivity.analyzer", "Report": "positivity.account.report"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
