"""What reports on several files are called."""

import pytest

from positivity.cli.subjects import subjects_of_files, told_apart, without_common_folder


@pytest.mark.parametrize(
    ("paths", "short"),
    [
        ([], []),
        (["/data/of/ada.zip"], ["ada.zip"]),
        (["/data/of/ada.zip", "/data/of/bob.zip"], ["ada.zip", "bob.zip"]),
        (["/data/2025/a.csv", "/data/2026/a.csv"], ["2025/a.csv", "2026/a.csv"]),
        (["/data/of/a.csv", "/data/offers/a.csv"], ["of/a.csv", "offers/a.csv"]),
        (["/a.csv", "/b/a.csv"], ["a.csv", "b/a.csv"]),
        (["a.csv", "/data/a.csv"], ["a.csv", "/data/a.csv"]),
        (["s3://pail/one.csv", "s3://pail/two.csv"], ["one.csv", "two.csv"]),
        (["standard input", "a.csv"], ["standard input", "a.csv"]),
        (["/data/@ada.csv", "/data/b.csv"], ["./@ada.csv", "b.csv"]),
    ],
)
def test_the_folder_that_all_have_in_common_says_nothing(
    paths: list[str], short: list[str]
) -> None:
    assert without_common_folder(paths) == short


def test_files_are_named_by_whose_tweets_they_hold() -> None:
    files = [("/x/a.zip", "@ada"), ("/x/b.csv", None), ("/x/c.zip", "@cem")]
    assert subjects_of_files(files) == ["@ada", "b.csv", "@cem"]


def test_a_handle_that_others_have_too_names_nobody() -> None:
    files = [("/x/a1.csv", "@ada"), ("/x/a2.csv", "@Ada"), ("/x/c.zip", "@cem")]
    assert subjects_of_files(files) == ["a1.csv", "a2.csv", "@cem"]
    assert subjects_of_files(files, taken=["@CEM"]) == ["a1.csv", "a2.csv", "c.zip"]


def test_no_two_have_one_name() -> None:
    names = ["a.csv", "b.csv", "a.csv", "a.csv (2)", "a.csv"]
    assert told_apart(names) == ["a.csv", "b.csv", "a.csv (2)", "a.csv (2) (2)", "a.csv (3)"]
