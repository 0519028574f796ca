"""Which texts are most like those of a reference."""

from positivity.training.likeness import most_alike

REFERENCE = ["the match kicks off on sunday", "the derby on sunday", "kick off of the match"]


def test_those_that_share_words_come_first_and_keep_their_order() -> None:
    texts = [
        "i really want some more sleep now",
        "on sunday we watch the match together",
        "my cat is so very tired again",
        "the derby kicks off in an hour",
    ]
    assert most_alike(texts, REFERENCE, 2).tolist() == [1, 3]
    assert most_alike(texts, REFERENCE, 9).tolist() == [0, 1, 2, 3]


def test_short_texts_handles_and_links_do_not_count() -> None:
    texts = ["the match on sunday", "@the @match https://sunday.com the match on sunday", ""]
    assert most_alike(texts, REFERENCE, 3).tolist() == []
