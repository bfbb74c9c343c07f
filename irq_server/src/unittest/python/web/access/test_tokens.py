"""The text of a token file, and tokens that are presented."""

import hmac

import mock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irq_server.web.access.tokens import Token, find, parse_tokens

TEXT = """\
# the dashboard's
ro dashboard-token

rw operator-token
\t rw   other-operator
bare-token
"""


def right(text: str, presented: str) -> bool | None:
    token = find(parse_tokens(text), presented)
    return token.may_write if token else None


def test_each_token_may_what_its_line_says():
    tokens = ("dashboard-token", "operator-token", "other-operator", "bare-token")

    assert [right(TEXT, each) for each in tokens] == [False, True, True, True]


@pytest.mark.parametrize(
    "presented", ["", "ro", "dashboard-toke", "dashboard-token ", "Bare-token", "b\u00e4re-token"]
)
def test_nothing_else_is_a_token(presented: str):
    assert right(TEXT, presented) is None


@pytest.mark.parametrize(
    "text", ["s3cret-token", "s3cret-token\n", "s3cret-token\r\n", "\ufeffs3cret-token"]
)
def test_a_file_of_one_token_alone_lets_it_write(text: str):
    assert right(text, "s3cret-token") is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a token in a line"),
        ("# nothing\n\n", "a token in a line"),
        ("ro first-token\nrw\n", "in line 2"),
        ("ro", "in line 1"),
        ("admin first-token", "in line 1"),
        ("rw first-token second-token", "in line 1"),
        ("rw f\u00efrst-token", "in line 1"),
        ("rw first\x00token", "in line 1"),
        ("RW first-token", "in line 1"),
        ("first-token\nrw seven77", "at least 8 characters (line 2)"),
        ("ro first-token\nrw first-token", "each token once (line 2"),
    ],
)
def test_a_wrong_line_is_named_without_its_token(text: str, expected: str):
    with pytest.raises(ValueError, match=r"token|TOKEN") as caught:
        parse_tokens(text)

    assert expected in str(caught.value)
    assert not any(each in str(caught.value) for each in ("first-token", "seven77"))


def test_every_token_is_compared_whichever_it_is():
    tokens = parse_tokens(TEXT)
    for presented in ("dashboard-token", "bare-token", "unknown-token"):
        with mock.patch.object(hmac, "compare_digest", wraps=hmac.compare_digest) as compared:
            find(tokens, presented)
        assert compared.call_count == 4


def test_a_token_is_not_kept():
    assert "operator-token" not in repr(parse_tokens(TEXT))


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8))
def test_a_token_is_found_as_it_was_written(token: str):
    assert find(parse_tokens(f"ro {token}\n"), token) == Token(
        parse_tokens(f"ro {token}")[0].digest, may_write=False
    )
