"""Drawings are rewritten: what they need stays, what they try does not."""

import base64
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from central.plans.drawing import DrawingError, read_drawing
from tests.central.plans.drawings import ROOM, svg

LINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
ACTIVE = re.compile(
    r"script|on\w+=|https?:(?!//www\.w3\.org/2000/svg)|javascript|foreign|file:", re.I
)


def refusal(drawing: str) -> str:
    with pytest.raises(DrawingError) as refused:
        read_drawing(drawing)
    return refused.value.code


def picture(size: tuple[int, int] = (4, 3)) -> str:
    stream = io.BytesIO()
    Image.new("1", size).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


def test_what_is_drawn_stays() -> None:
    drawing = read_drawing(svg(f'<g transform="translate(2 3)">{ROOM}<text x="5">A-101</text></g>'))

    assert (drawing.width, drawing.height, drawing.left_out) == (400, 200, {})
    for kept in ('stroke="#333"', 'transform="translate(2 3)"', ">A-101<", 'viewBox="0 0 400 200"'):
        assert kept in drawing.content


def test_what_classes_and_style_attributes_say_becomes_plain_attributes() -> None:
    sheet = "<style>/* x */ .wall,.door{fill:none;stroke:#111} @import url(http://a/b);</style>"
    drawing = read_drawing(svg(f'{sheet}<path class="wall" style="stroke-width:2" d="M0 0h9"/>'))

    for said in ('fill="none"', 'stroke="#111"', 'stroke-width="2"'):
        assert said in drawing.content
    assert "style" not in drawing.content
    assert "class" not in drawing.content


def test_a_drawing_of_an_old_program_with_a_doctype_is_read() -> None:
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    old = svg().replace("?>", f"?>{doctype}", 1)

    assert "svg11" not in read_drawing(old).content


def test_its_size_may_be_said_without_a_view_box() -> None:
    drawing = read_drawing('<svg xmlns="http://www.w3.org/2000/svg" width="30mm" height="20mm"/>')

    assert (drawing.width, drawing.height) == (30, 20)
    assert drawing.content.count("xmlns") == 1


def test_a_scanned_plan_within_the_drawing_stays() -> None:
    drawing = read_drawing(svg(f'<image width="9" height="9" href="{picture()}"/>'))

    assert "data:image/png;base64," in drawing.content


HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "a script in a group": "<g><script>alert(1)</script></g>",
    "a script by another prefix": '<s:script xmlns:s="http://www.w3.org/2000/svg">x()</s:script>',
    "something that runs when it is loaded": '<rect onload="alert(1)" width="1" height="1"/>',
    "something that runs at a click": '<g onclick="alert(1)"><rect/></g>',
    "foreign markup": '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml" '
    'onload="alert(1)"/></foreignObject>',
    "a frame": '<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:alert(1)"/>',
    "a link that runs": f'<a {LINK} xlink:href="javascript:alert(1)"><text>x</text></a>',
    "an animation that changes a link": '<animate attributeName="href" to="javascript:alert(1)"/>',
    "a change of an attribute": '<set attributeName="onmouseover" to="alert(1)"/>',
    "a picture elsewhere": '<image href="http://evil.example/p.png" width="1" height="1"/>',
    "a picture of the machine": '<image href="file:///etc/passwd" width="1" height="1"/>',
    "a drawing in a drawing": '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
    "parts from elsewhere": f'<use {LINK} xlink:href="http://evil.example/p.svg#a"/>',
    "a paint from elsewhere": '<rect fill="url(http://evil.example/p.svg#a)" width="1"/>',
    "a paint beside it": '<rect fill="url(evil.svg#a)" width="1"/>',
    "a paint in capitals": '<rect fill="URL(//evil.example/a)" width="1"/>',
    "a style with an address": '<rect style="fill:url(http://evil.example/a)" width="1"/>',
    "a style with an escape": r'<rect style="fill:\75rl(http://evil.example/a)" width="1"/>',
    "a sheet from elsewhere": "<style>@import url(http://evil.example/a.css);</style>",
    "a font from elsewhere": "<style>@font-face{font-family:a;src:url(http://evil.example)}</style>",
    "a filter": '<filter id="f"><feImage href="http://evil.example/a"/></filter>',
    "a base": '<rect xml:base="http://evil.example/" width="1"/>',
    "a handler of its own": '<handler type="text/javascript">alert(1)</handler>',
}


@pytest.mark.parametrize("inside", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_drawing_cannot_smuggle(inside: str) -> None:
    drawing = read_drawing(svg(ROOM + inside))

    assert ACTIVE.findall(drawing.content) == []
    assert "evil" not in drawing.content
    assert "<rect x=" in drawing.content, "what is drawn beside it stays"


def test_whoever_uploads_is_told_what_was_left_out() -> None:
    left_out = read_drawing(svg("<script/><script/><rect onload='x()'/>")).left_out

    assert left_out == {"script": 2, "@onload": 1}


def test_a_bomb_of_entities_is_refused() -> None:
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

    assert refusal(svg("<text>&b;</text>").replace("?>", f"?>{bomb}", 1)) == "drawing_declares"


def test_a_file_of_the_machine_is_not_read_as_an_entity() -> None:
    outside = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'

    assert refusal(svg("<text>&e;</text>").replace("?>", f"?>{outside}", 1)) == "drawing_declares"


def test_a_bomb_of_references_is_refused() -> None:
    uses = (
        f'<g id="g{n}">{f"<use href={chr(34)}#g{n - 1}{chr(34)}/>" * 10}</g>' for n in range(1, 9)
    )

    assert refusal(svg(f'<rect id="g0"/>{"".join(uses)}')) == "drawing_too_complex"


def test_a_drawing_that_refers_to_itself_is_refused() -> None:
    assert refusal(svg('<g id="a"><use href="#a"/></g>')) == "drawing_too_complex"


def test_a_drawing_that_is_too_deep_is_refused() -> None:
    assert refusal(svg("<g>" * 500 + "</g>" * 500)) == "drawing_too_complex"


def test_a_drawing_with_too_many_elements_is_refused_before_it_is_read_to_its_end() -> None:
    assert refusal(svg("<g/>" * 50_001 + "<")) == "drawing_too_complex"


def test_a_drawing_that_is_too_large_is_refused() -> None:
    assert refusal(svg(" " * 4_000_001)) == "too_large"


def test_a_picture_that_unfolds_to_too_many_pixels_is_left_out() -> None:
    drawing = read_drawing(svg(f'<image href="{picture((9_000, 10))}"/>'))

    assert "image" not in drawing.content
    assert drawing.left_out == {"image": 1}


@pytest.mark.parametrize(
    "size", ['viewBox="0 0 0 5"', 'viewBox="0 0 nan 5"', 'viewBox="0 0 1e9 5"', 'width="1..2"', ""]
)
def test_a_drawing_without_a_size_is_refused(size: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>'

    assert refusal(drawing) == "drawing_without_size"


@pytest.mark.parametrize("text", ["", "no drawing", "<svg", "<html/>", "<svg/>"])
def test_what_is_no_drawing_is_refused(text: str) -> None:
    assert refusal(text).startswith("drawing_")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/=\"'&;svgrectuonload#:()![]- \0é", max_size=80))
def test_whatever_a_file_holds_nothing_but_a_refusal_comes_out(inside: str) -> None:
    try:
        content = read_drawing(svg(inside)).content
    except DrawingError:
        return
    assert "onload=" not in content
