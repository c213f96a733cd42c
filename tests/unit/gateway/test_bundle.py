"""Modules put into one keep names apart and order right; what is not understood is refused."""

from __future__ import annotations

import pytest

from appliance.web.bundle import NotUnderstood, bundle, smaller

MAIN = """\
import { twice,
  thrice as often } from "./sums.js";
const BASE = 1;
say(often(BASE));
"""
SUMS = """\
import { BASE } from "./base.js";
// A word.
export const twice = () => 2 * BASE;
export function thrice() {
  return 3;
}
"""
MODULES = {
    "main.js": MAIN,
    "sums.js": SUMS,
    "base.js": "/** Eight. */\nexport const BASE = 8;\n",
    "unused.js": "import anything;\n",
}
ONE = """\
const m0=(()=>{
const BASE = 8;
return {BASE};
})();
const m1=(()=>{
const {BASE}=m0;
const twice = () => 2 * BASE;
function thrice() {
return 3;
}
return {twice,thrice};
})();
const {twice,thrice:often}=m1;
const BASE = 1;
say(often(BASE));
"""


def test_what_is_needed_comes_first_and_keeps_its_names() -> None:
    assert bundle(MODULES, "main.js") == ONE


@pytest.mark.parametrize(
    "source",
    [
        'import whole from "./base.js";\n',
        "export default 3;\n",
        "export let changing = 3;\n",
        'const later = await import("./base.js");\n',
        'import { it } from "./nowhere.js";\n',
        'import { it } from "./main.js";\n',
    ],
)
def test_what_is_not_understood_is_refused(source: str) -> None:
    with pytest.raises(NotUnderstood, match=r"main\.js"):
        bundle({**MODULES, "main.js": source}, "main.js")


def test_comments_go() -> None:
    source = 'a("// b"); // c\n  // d\n/* e\n f */\n\n/* g */ h();\n/* i */\nlet j = 1 /* k */;\n'
    assert smaller(source) == 'a("// b");\n/* g */ h();\nlet j = 1 /* k */;\n'


def test_comments_behind_a_statement_go_and_texts_stay() -> None:
    kept = 'f("http://a // b");\ng(`wss://${h}`);\n'
    assert smaller(kept) == kept
    assert smaller("  let a = 1; // b\n  if (c) { // d\n") == "let a = 1;\nif (c) {\n"
    # A quotation mark behind might end a text: the line stays as it is.
    assert smaller("""let a = 1; // b's\n""") == """let a = 1; // b's\n"""


def test_a_text_over_several_lines_is_refused_for_its_indents_would_go() -> None:
    with pytest.raises(NotUnderstood, match="several lines"):
        smaller("let a = `b\n  c`;\n")
