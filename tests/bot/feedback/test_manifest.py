"""The list of what is in a dataset, and of what was."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.feedback.manifest import lines, listed, listing, withdrawn
from tests import examples

LISTED = st.dictionaries(
    st.integers(0, 20).map(lambda number: f"kto/{number:02x}"), st.sampled_from(["a" * 64, "b" * 64])
)


def listings(of: dict[str, str]) -> list[str]:
    """In order."""
    return [listing(name, digest) for name, digest in sorted(of.items())]


@examples(50)
@given(former=LISTED, present=LISTED)
def test_what_is_gone_is_what_was_there_and_is_not(former: dict[str, str], present: dict[str, str]) -> None:
    """With the digest of its line as it was; a line that has changed is not gone."""
    gone = list(withdrawn(listings(former), listings(present)))
    assert gone == listings({name: digest for name, digest in former.items() if name not in present})


@examples(20)
@given(present=LISTED, gone=LISTED)
def test_a_manifest_is_json_that_is_read_again(present: dict[str, str], gone: dict[str, str]) -> None:
    """Whatever it holds."""
    read = json.loads("\n".join(lines({"people": 2}, listings(present), listings(gone))))
    assert read == {"people": 2, "lines": present, "withdrawn": gone}


def test_a_former_manifest_is_read_however_it_is_laid_out(tmp_path: Path) -> None:
    """What is there and what was gone already; no manifest, or an empty one, lists nothing."""
    path = tmp_path / "manifest.json"
    assert list(listed(path)) == []
    path.write_text("")
    assert list(listed(path)) == []
    of = {"lines": {"kto/0a": "a" * 64}, "withdrawn": {"openai-dpo/0b": "b" * 64}}
    for laid_out in (json.dumps(of), json.dumps(of, indent=4), json.dumps(of, separators=(",", ":"))):
        path.write_text(laid_out)
        assert list(listed(path)) == [listing("kto/0a", "a" * 64), listing("openai-dpo/0b", "b" * 64)]
