"""Handles, however they are written."""

import pytest

from positivity.errors import UsageError
from positivity.sources.handles import parse_handle


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("nasa", "nasa"),
        ("@NASA", "NASA"),
        ("  @nasa\n", "nasa"),
        ("＠nasa", "nasa"),
        ("_a_1", "_a_1"),
        ("x", "x"),
        ("@home", "home"),
        ("https://x.com/nasa", "nasa"),
        ("http://www.twitter.com/nasa/", "nasa"),
        ("https://mobile.twitter.com/nasa/status/12?s=20", "nasa"),
        ("https://m.x.com/@nasa#top", "nasa"),
        ("X.com/nasa", "nasa"),
        ("twitter.com/NASA/with_replies", "NASA"),
        ("https://x.com:443/nasa?lang=en", "nasa"),
    ],
)
def test_a_handle_is_found(text: str, handle: str) -> None:
    assert parse_handle(text) == handle


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "@@nasa",
        "two words",
        "na-sa",
        "sixteen_letters_",
        "nasä",
        "nasa\u202e",
        "١٢٣",
        "@nasa/extra",
        "https://x.com/",
        "https://x.com/home",
        "https://x.com/i/status/12",
        "https://x.com/search?q=nasa",
        "https://example.org/nasa",
        "https://x.com.example.org/nasa",
        "https://notx.com/nasa",
        "ftp://x.com/nasa",
        "https://[::1/nasa",
        "nasa@example.org",
    ],
)
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_handle(text)
    assert caught.value.exit_code == 2
    assert "is no handle; give one such as @handle" in str(caught.value)


def test_a_refused_text_is_shown_short_and_harmless() -> None:
    with pytest.raises(UsageError) as caught:
        parse_handle("\x1b[31m" + "a" * 5000)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200
