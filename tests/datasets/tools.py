"""`python tools.py FOLDER`, in the environment of `make datasets`: reads a dataset as those who train do.

Prints what it has found as JSON; whatever a tool refuses ends it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import datasets
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import PreTrainedTokenizerFast
from trl.data_utils import apply_chat_template, is_conversational, maybe_unpair_preference_dataset

# As templates of many models are: roles take turns, and the system comes first.
TEMPLATE = """\
{%- if messages[0]['role'] == 'system' %}<s>{{ messages[0]['content'] }}</s>{% set messages = messages[1:] %}{% endif %}
{%- for message in messages %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must take turns') }}{% endif %}
{{- '<' + message['role'] + '>' + message['content'] + '</>' }}
{%- endfor %}
{%- if add_generation_prompt %}<assistant>{% endif %}"""


def tokenizer() -> Any:
    """One that needs no file; it knows no word."""
    made = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", chat_template=TEMPLATE)


def read(folder: Path, form: str) -> dict[str, Any]:
    """A form, by its files and by the card: the same rows, none of whose columns is without a type."""
    files = {split: str(path) for split in ("train", "test") if (path := folder / f"{form}-{split}.jsonl").exists()}
    by_file = datasets.load_dataset("json", data_files=files)
    by_card = datasets.load_dataset(str(folder), form)
    for split, rows in by_file.items():
        assert rows.to_list() == by_card[split].to_list(), (form, split)
        assert "null" not in str(rows.features), rows.features
    return dict(by_card)


def main(folder: Path) -> None:
    """All forms."""
    labels = datasets.load_dataset("json", data_files=str(folder.parent / "labels.jsonl"))["train"]
    assert "null" not in str(labels.features), labels.features
    forms = {form: read(folder, form) for form in ("kto", "dpo", "sft", "openai-dpo", "promptfoo")}
    rows = {form: {split: len(rows) for split, rows in splits.items()} for form, splits in forms.items()}
    trained = {}
    for form in ("kto", "dpo", "sft"):
        kept = forms[form]["train"]
        assert all(is_conversational(row) for row in kept), form
        trained[form] = apply_chat_template(kept[0], tokenizer())
        kept.map(apply_chat_template, fn_kwargs={"processing_class": tokenizer()})
    unpaired = maybe_unpair_preference_dataset(forms["dpo"]["train"].select_columns(["prompt", "chosen", "rejected"]))
    assert all(is_conversational(row) for row in unpaired)
    told = {
        "rows": rows,
        "trained": trained,
        "unpaired": {"columns": sorted(unpaired.column_names), "labels": sorted(unpaired["label"])},
        "labels": {split: labels["split"].count(split) for split in ("train", "test")},
        "features": {form: sorted(splits["train"].column_names) for form, splits in forms.items()},
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
