import pytest


@pytest.fixture(autouse=True)
def private_folder(settings, tmp_path):
    """Files of a test go to a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
