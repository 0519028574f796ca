"""The mark at the end of a tweet that says nothing of its feeling.

Whether somebody ends a tweet with a full stop, or a question with its mark, is a habit of writing.
A model that was trained to take a tweet for the same with it and without need not read it: then no
score hangs on it. An exclamation mark or three dots say something and stay, and so does the mark
that makes a question of what else would be none ("really?").
"""

import re

# A question by its words: "what time is it", not "what a day" and not "when I woke".
QUESTION = re.compile(
    r"(?:(?:who|whose|which|why|where) "
    r"|(?:what|when|how) (?:\w+ )?(?:is|are|was|were|do|does|did|can|will|should) "
    r"|(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have) "
    r"(?:i|you|he|she|it|we|they|the|this|that|these|those|my|your|there|any\w*) )"
    r"[^.!?,;:]+"
)
_STOP, _LINK = " .", " <url>"


def without_last_mark(text: str) -> str:
    """A normalized tweet without the full stop, or the mark of a question, at its end.

    Links at the end stay, with full stops between them or not: they often follow what is said.
    """
    end, links = len(text), 0
    while text.endswith((_STOP, _LINK), 0, end):
        if text.endswith(_LINK, 0, end):
            links += 1
        end = text.rindex(" ", 0, end)
    said = text[:end]
    if not links and said.endswith(" ?"):
        asked = said.removesuffix(" ?")
        return asked if QUESTION.fullmatch(asked) else said
    return said + links * _LINK
