"""Files handed to a command: from any editor, or refused with the cure."""

import codecs

import pytest

from config.commands import Declined, read_text


def test_the_mark_that_editors_of_windows_write_is_not_text(tmp_path):
    file = tmp_path / "district.toml"
    file.write_bytes(codecs.BOM_UTF8 + '[district]\nname = "区"\n'.encode())
    assert read_text(file).startswith("[district]")


def test_another_encoding_is_refused_with_its_cure(tmp_path):
    file = tmp_path / "district.toml"
    file.write_bytes('name = "示范区"'.encode("gbk"))
    with pytest.raises(Declined, match="Save the file as UTF-8"):
        read_text(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Declined, match=r"gone\.toml"):
        read_text(tmp_path / "gone.toml")
