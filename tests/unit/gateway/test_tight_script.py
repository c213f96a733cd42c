"""What only readers need goes; what a script means and what it says stays."""

from __future__ import annotations

import pytest

from appliance.web.tight_script import tight


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("if (a === b) {\nc ( );\n}\n", "if(a===b){c();}\n"),
        ("const f = async (a, b) => ({ c: [a, b] });\n", "const f=async(a,b)=>({c:[a,b]});"),
        ("return a\n? b\n: c;\n", "return a\n?b\n:c;"),
        ('say("a,  b : ( c", d);\n', 'say("a,  b : ( c",d);'),
        ("say('it\\'s { so }', \"an \\\" ( x\" );\n", "say('it\\'s { so }',\"an \\\" ( x\");"),
        ("put(`${ a } , b`, c);\n", "put(`${ a } , b`,c);"),
    ],
    ids=["statement", "arrow", "over-lines", "text", "escaped", "backquotes"],
)
def test_spaces_and_line_ends_go_and_texts_stay(written: str, left: str) -> None:
    assert tight(written) == left


@pytest.mark.parametrize(
    "line",
    [
        "x = y.replace(/ , {2}/g, z);\n",
        "x = (a + b) / (c);\n",
        "x = `a ${b ? `( c` : `d )`}`;\n",
        "f( a ); // it is {\n",
        "a = b - -c + +d\n",
        "a\n",
    ],
    ids=["regex", "division", "nested", "comment", "signs", "no-end"],
)
def test_a_line_that_is_not_plain_keeps_its_spaces_and_its_end(line: str) -> None:
    assert tight(line).endswith("\n")
    if not line.startswith("a"):
        assert tight(line) == line
