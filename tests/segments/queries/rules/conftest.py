from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _files_of_its_own(settings, tmp_path: Path) -> None:
    """Rows of a test are rolled back, files are not."""
    settings.VAR_DIR = tmp_path
