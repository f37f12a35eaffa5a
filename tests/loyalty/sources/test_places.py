"""An address opens only what the administrator opened, and never keeps a secret."""

import pytest

from loyalty.services.sources.doors import door_of
from loyalty.services.sources.edits import check_address
from loyalty.services.sources.places import PlaceRefused, place_of, public_addresses


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://shop.example.com/orders", "Files cannot be fetched from ftp://"),
        ("http://shop.example.com/orders.csv", "Files cannot be fetched from http://"),
        ("memory://orders", "Files cannot be fetched from memory://"),
        ("simplecache::s3://bucket/orders", "names no folder or bucket"),
        ("s3://bucket/orders::file:///etc", "This address cannot be read"),
        ("s3://key:secret@bucket/orders", "holds a password or a key"),
        ("sftp://joe:secret@shop.example.com/orders", "holds a password or a key"),
        ("https://joe@shop.example.com/orders.csv", "holds a password or a key"),
        ("https://shop.example.com/orders.csv?sig=abc", "holds a password or a key"),
        ("https://shop.example.com/orders.csv?X-Amz-Signature=abc", "holds a password or a key"),
        ("orders", "Write the whole address"),
        ("s3:orders", "names no folder or bucket"),
        ("https://[::1/orders", "This address cannot be read"),
        ("https://shop.example.com:many/orders", "This address cannot be read"),
        ("/srv/exports", "Folders of this machine are closed"),
        ("file:///srv/exports", "Folders of this machine are closed"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_sentence(url, sentence):
    with pytest.raises(PlaceRefused, match=sentence):
        place_of(url)


@pytest.mark.parametrize(
    "url", ["s3://bucket/orders", "abfs://orders@account.dfs.core.windows.net/new", "https://shop.example.com/o.csv"]
)
def test_what_is_allowed_is_kept_as_written(url):
    assert place_of(url).url == url


def test_only_what_lies_below_an_opened_folder_is_read(settings, tmp_path):
    settings.IMPORT_ROOTS = [str(tmp_path / "exports")]
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "out").symlink_to(tmp_path)

    assert place_of(str(tmp_path / "exports" / "new")).url == str(tmp_path / "exports" / "new")
    for path in (tmp_path, tmp_path / "exports" / ".." / "secret", tmp_path / "exports" / "out", "/etc"):
        with pytest.raises(PlaceRefused, match="Files are taken only from below"):
            place_of(str(path))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_machine_of_the_inner_network_is_closed_until_it_is_named(settings, host):
    with pytest.raises(PlaceRefused, match="closed to imports"):
        public_addresses(host, 443)
    settings.IMPORT_PRIVATE_HOSTS = [host]
    assert public_addresses(host, 443)


def test_a_machine_that_does_not_exist_is_told():
    with pytest.raises(PlaceRefused, match="There is no machine called"):
        public_addresses("no-such-machine.invalid", 443)


@pytest.mark.parametrize(
    ("url", "pattern", "sentence"),
    [
        ("s3://bucket/*.csv", "*.csv", "the field of its own"),
        ("s3://bucket", "../*.csv", "below the folder"),
        ("s3://bucket", "/etc/passwd", "below the folder"),
    ],
)
def test_a_pattern_stays_below_its_folder(url, pattern, sentence):
    with pytest.raises(PlaceRefused, match=sentence):
        check_address(url, pattern)


def test_a_driver_that_is_not_installed_is_told():
    with pytest.raises(PlaceRefused, match="The driver for abfs:// is not installed here"):
        door_of(place_of("abfs://orders@account.dfs.core.windows.net/new"))
