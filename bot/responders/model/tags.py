"""The tags that models write around what is not their answer, by the names that are seen."""

from __future__ import annotations

import re

_THOUGHTS = ("think", "thinking", "thought", "thoughts", "reasoning", "seed:think", "antthinking")
OPENERS = frozenset(
    {*(f"<{name}>" for name in _THOUGHTS), "[think]", "◁think▷", "<|begin_of_thought|>", "<|start_thinking|>"}
    | {"<|channel>", "<|think|>"}
)
"""A thought begins."""
CLOSERS = frozenset(
    {*(f"</{name}>" for name in _THOUGHTS), "[/think]", "◁/think▷", "<|end_of_thought|>", "<|end_thinking|>"}
    | {"<channel|>", "<|/think|>"}
)
"""A thought ends, whichever began it."""
CALLS = {
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<|tool_call|>": "<|/tool_call|>",
    "<|tool_calls_section_begin|>": "<|tool_calls_section_end|>",
    "<|tool_call_begin|>": "<|tool_call_end|>",
    "<｜tool▁calls▁begin｜>": "<｜tool▁calls▁end｜>",
    "[tool_calls]": "",
    "<|python_tag|>": "",
}
"""A call begins, and what ends it; nothing where it goes on to the end."""
FUNCTION = "<function="
FUNCTION_END = "</function>"
HEADERS = frozenset({"<|start|>", "<|channel|>", "<|im_start|>", "<|start_header_id|>", "<start_of_turn>"})
"""What follows is a name, of who speaks or of what kind it is."""
HEADER_END = re.compile(r"<\|message\|>|<\|end_header_id\|>|\n", re.IGNORECASE)
LONGEST_HEADER = 120
RECIPIENT = re.compile(r"\bto=(?:functions\.)?([\w.-]{1,64})")
MESSAGE_ENDS = frozenset({"<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>"})
SPEAKING = ("assistant", "model", "final")
THINKING = ("analysis", "commentary", "thinking", "thought")
STRANGERS = ("user", "human", "system", "developer", "tool", "ipython", "observation")
OTHERS = frozenset({"<|user|>", "<|system|>", "<|observation|>"})
"""Somebody else's turn begins, which a model that does not stop makes up."""
STRUCK = "<s>"
UNSTRUCK = "</s>"
"""The end of a text to a tokenizer, and of what is struck out to HTML."""
_PLAIN = ("<eos>", "<bos>", "<pad>", "<end_of_turn>", "[inst]", "[/inst]", STRUCK, UNSTRUCK, *CALLS.values())
_EXACT = sorted({*OPENERS, *CLOSERS, *CALLS, *HEADERS, *OTHERS, *_PLAIN, FUNCTION_END} - {""}, key=len, reverse=True)
TAG = re.compile(
    "|".join(re.escape(tag) for tag in _EXACT) + r"|<function=[\w.-]{1,64}>|<\|[\w/▁-]{1,40}\|>|<｜[\w/▁-]{1,40}｜>",
    re.IGNORECASE,
)
PARTIAL = re.compile(r"(?:<(?:[|｜][\w/▁-]{0,40}[|｜]?|/?[\w:=.-]{0,75}\|?)|\[/?\w{0,20}|◁/?\w{0,8})\Z")
"""The end of a text that may become a tag."""
LONGEST_TAG = 90


def closer_of(name: str) -> str:
    """What would end a tag, if it is one that something ends."""
    return FUNCTION_END if name.startswith(FUNCTION) else f"{name[0]}/{name[1:]}"
