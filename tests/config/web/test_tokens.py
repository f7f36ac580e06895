import re

import pytest

from config.web import STATIC

TEXT_CONTRAST_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA."""
CONTROL_CONTRAST_MIN = 3.0
"""WCAG 2.2, success criterion 1.4.11, level AA."""


def themes() -> dict[str, dict[str, str]]:
    text = (STATIC / "tokens.css").read_text("utf-8")
    light, dark = text.split(':root[data-theme="dark"]')
    token = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{6})")
    return {"light": dict(token.findall(light)), "dark": dict(token.findall(dark))}


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2, definition)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("surface", ["surface", "surface-raised", "surface-pressed"])
@pytest.mark.parametrize("colour", ["text", "text-muted", "p1", "p2", "p3", "p4", "ok", "accent"])
def test_words_can_be_read_on_every_surface(theme: str, surface: str, colour: str) -> None:
    tokens = themes()[theme]

    assert contrast(tokens[colour], tokens[surface]) >= TEXT_CONTRAST_MIN


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["text", "text-muted"])
def test_words_can_be_read_on_the_hatching(theme: str, colour: str) -> None:
    tokens = themes()[theme]

    assert contrast(tokens[colour], tokens["stale-stripe"]) >= TEXT_CONTRAST_MIN


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("priority", ["p1", "p2", "p3", "p4"])
def test_the_digit_in_a_priority_sign_can_be_read(theme: str, priority: str) -> None:
    tokens = themes()[theme]

    assert contrast(tokens["on-priority"], tokens[priority]) >= TEXT_CONTRAST_MIN


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_can_be_told_from_what_they_stand_on(theme: str) -> None:
    tokens = themes()[theme]

    assert contrast(tokens["control-line"], tokens["surface-raised"]) >= CONTROL_CONTRAST_MIN
    assert contrast(tokens["on-accent"], tokens["accent"]) >= TEXT_CONTRAST_MIN


def test_both_themes_have_the_same_colours() -> None:
    assert themes()["light"].keys() == themes()["dark"].keys()
