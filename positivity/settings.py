"""Where our files live on this machine."""

import os
from pathlib import Path


def home() -> Path:
    """The folder of this user's own models: `POSITIVITY_HOME`, else where the system keeps data."""
    chosen = os.environ.get("POSITIVITY_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path

    return user_data_path("positivity", appauthor=False)
