"""Colours and their contrast."""

from __future__ import annotations

import re

MINIMUM_CONTRAST = 4.5
"""Contrast ratio for text of normal size: WCAG 2.1, success criterion 1.4.3, level AA (required by BITV 2.0)."""

PATTERN = r"^#[0-9a-fA-F]{6}$"
WHITE, BLACK = "#ffffff", "#000000"


def is_colour(text: str) -> bool:
    """Whether the text is a colour as #rrggbb."""
    return re.fullmatch(PATTERN, text, re.ASCII) is not None


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (#rrggbb), 1 to 21, as WCAG 2.1 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(background: str) -> str:
    """Black or white, which of them can be read better on a colour: the contrast is 4.58 at least."""
    return max(BLACK, WHITE, key=lambda text: contrast(text, background))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    # 0.04045 as in the sRGB standard (IEC 61966-2-1); WCAG 2.1 prints 0.03928, and no 8-bit value lies between
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
