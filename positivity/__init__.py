"""Is a Twitter/X account mainly positive or mainly negative? See `Analyzer`."""

__version__ = "0.1.0"
