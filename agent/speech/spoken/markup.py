"""What is written for the eye: markdown, emoji, line breaks, quotation marks. The same in every language."""

from __future__ import annotations

import re
import unicodedata

from agent.speech.spoken.rules import rewrite, rule

_EMOJI = (
    "[\U0001f000-\U0001faff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2b00-\u2bff\u2122\u00a9\u00ae\ufe0e\ufe0f"
    "\u20e3\u200d\U000e0020-\U000e007f]"
)
_BLOCKS = [
    rule(r"\r\n?|[\v\f\x85\u2028\u2029]", "\n"),
    rule(r"^[ \t]{0,8}(?:```|~~~)[ \t]{0,8}[\w+#-]{0,20}[ \t]{0,8}$", "", re.MULTILINE),
    rule(r"```(?:[a-z]{1,12}\n)?", " "),
    rule(r"^[ \t]{0,8}\|?[ \t]{0,8}:?-{3,40}:?(?:[ \t]{0,8}\|[ \t]{0,8}:?-{3,40}:?){0,20}[ \t]{0,8}\|?[ \t]{0,8}$",
         "", re.MULTILINE),
    rule(r"^[ \t]{0,8}(?:[=*_-][ \t]?){3,80}$", "", re.MULTILINE),
]  # fmt: skip
_LINES = [
    rule(r"^[ \t]{0,40}(?:[-*+•‣◦▪–—#]{1,6}[ \t]+|>[ \t]{1,8}(?!\d))+(?:\[[ xX]\][ \t]+)?", "", re.MULTILINE),
    rule(r"^[ \t]{0,8}\|[ \t]{0,8}", "", re.MULTILINE),
    rule(r"[ \t]{0,8}\|[ \t]{0,8}$", "", re.MULTILINE),
    rule(r"[ \t]{0,8}\|[ \t]{0,8}", ", "),
    rule(r"[ \t]+#{1,6}[ \t]{0,8}$", "", re.MULTILINE),
]
_INLINE = [
    rule(r"!?\[([^\[\]\n]{1,200})\]\((?:[^()\n]{0,300})\)", r"\1"),
    rule(r"!?\[([^\[\]\n]{1,200})\]\[[^\[\]\n]{0,60}\]", r"\1"),
    rule(r"<(https?://[^<>\s]{1,300}|[^<>\s@]{1,60}@[^<>\s@]{1,100})>", r" \1 "),
    rule(r"</?[A-Za-z][a-z0-9]{0,12}(?: [^<>\n]{0,100})?/?>", " "),
    rule(r"&nbsp;", " "),
    rule(r"&amp;", "&"),
    rule(r"\\([*_`#\[\]()~|>-])", r"\1"),
    rule(r"(?<![\w*])\*{1,3}(?=[\w$€£\"'(\[])|(?<=[^\s*])\*{1,3}(?![\w*])|\*{2,}", ""),
    rule(r"(?<!\w)_{1,3}(?=[^\W_])|(?<=[^\W_])_{1,3}(?!\w)|_{2,}", ""),
    rule(r"~~|`+", ""),
    rule(r"(?<!\w)(?:[:;=]-?[)(DPp]|\^\^)(?!\w)", " "),
    rule(_EMOJI, " "),
    rule("[“”„‟«»\"]", ""),
    rule("[‘’‚‛´]", "'"),
    rule("[\u2010\u2011\u00ad]", lambda match: "" if match[0] == "\u00ad" else "-"),
    rule("\u2212", "-"),
]  # fmt: skip
_ENDS_CLAUSE = (".", "!", "?", ":", ";", ",", "…", "。", "！", "？")
_HEADING = re.compile(r"[ \t]{0,8}#{1,6}[ \t]")
_ITEM = re.compile(r"[ \t]{0,40}(?:[-*+•‣◦▪–—|][ \t]|\|.|\(?\d{1,2}[.)][ \t])")


def without_markup(text: str) -> str:
    """One line of plain text: list items and table rows end in a comma at least, headings in a full stop."""
    blocks = rewrite(_without_control_characters(text), _BLOCKS)
    said, before = "", ""
    for line in blocks.split("\n"):
        plain = " ".join(rewrite(line, _LINES).split())
        if not plain:
            continue
        if said and not said.endswith(_ENDS_CLAUSE):
            if _HEADING.match(before):
                said += "."
            elif _ITEM.match(before) or _ITEM.match(line):
                said += ","
        said = f"{said} {plain}"
        before = line
    return " ".join(rewrite(said, _INLINE).split())


def _without_control_characters(text: str) -> str:
    """Control, private, surrogate and invisible characters become spaces; line breaks and emoji joiners stay."""
    return "".join(
        " " if character not in "\n\r\u200d\u00ad" and unicodedata.category(character)[0] == "C" else character
        for character in text
    )
