"""Jobs as programs word them, with how they close their loops; of squares, one above the other."""

from __future__ import annotations

import numpy as np

LAYERS = 30


def as_prusaslicer() -> bytes:
    """Points without zeros, speeds on lines of their own, loops that stop before their end."""
    lines = ["G21", "G90", "M83", "G28"]
    for k in range(LAYERS):
        lines += [f"G1 Z{_short(0.2 * k + 0.2)} F7800", "G1 E-2 F2400"]
        for side in (8.55, 9.0, 9.45):
            at = _ring(side, gap=0.06)
            lines += [f"G1 X{_short(at[0][0])} Y{_short(at[0][1])} F7800", "G1 E2 F2400", "G1 F1800"]
            lines += [f"G1 X{_short(x)} Y{_short(y)} E{_short(0.59123)}" for x, y in at[1:]]
            lines += ["G1 E-2 F2400"]
    return "\n".join([*lines, "M104 S0", "M84", ""]).encode()


def as_cura() -> bytes:
    """G0 for travels, the speed first, loops that close."""
    lines = ["G21", "G90", "M82", "G28", "G92 E0"]
    total = 0.0
    for k in range(LAYERS):
        for n, side in enumerate((8.6, 9.0, 9.4)):
            at = _ring(side, gap=0)
            height = f" Z{_trimmed(0.2 * k + 0.27)}" if n == 0 else ""
            lines += [f"G1 F1500 E{_trimmed(total - 5, 5)}"]
            lines += [
                f"G0 F7200 X{_trimmed(at[0][0])} Y{_trimmed(at[0][1])}{height}",
                f"G1 F1500 E{_trimmed(total, 5)}",
            ]
            for j, (x, y) in enumerate(at[1:]):
                total += 0.0367 * float(np.hypot(x - at[j][0], y - at[j][1]))
                speed = "F1800 " if j == 0 else ""
                lines.append(f"G1 {speed}X{_trimmed(x)} Y{_trimmed(y)} E{_trimmed(total, 5)}")
    return "\n".join([*lines, "M104 S0", "M84", ""]).encode()


def as_nobody() -> bytes:
    """All words on each line, four digits, one nothing like another."""
    lines = ["G21", "G90", "M83"]
    for k in range(LAYERS):
        for side in (8.6, 9.0, 9.4):
            at = _ring(side, gap=0)[::-1]
            z = f"Z{0.2 * k + 0.2:.4f}"
            lines.append(f"G1 X{at[0][0]:.2f} Y{at[0][1]:.2f} {z} F4800.0")
            lines += [f"G1 X{x:.2f} Y{y:.2f} {z} F1800.0 E0.591" for x, y in at[1:]]
    return "\n".join([*lines, "M84", ""]).encode()


def _ring(side: float, gap: float) -> list[tuple[float, float]]:
    """Around, counter-clockwise; sides are irregular, for digits to vary."""
    angles = np.linspace(0, 2 * np.pi, 25)
    radius = side * (1 + 0.05 * np.sin(3 * angles))
    points = np.stack([50 + radius * np.cos(angles), 50 + radius * np.sin(angles)], axis=1)
    last = points[-1] - points[-2]
    points[-1] -= last / np.linalg.norm(last) * gap
    return [(float(x), float(y)) for x, y in points]


def _trimmed(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _short(value: float) -> str:
    text = (
        f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.5f}".rstrip("0").rstrip(".")
    )
    return text.replace("0.", ".", 1) if text.startswith("0.") else text
