"""Handing in and reviewing in a real browser: files dropped and watched, decisions by keyboard, the 3D view.

With PARTWATCH_SCREENSHOTS=folder the pages are also saved there as pictures, to be looked at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.samples import all_samples
from examples.service import PLAN, WAITING, Shown, make_home, serving

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# What chromium's software WebGL says of its own speed; not the page's doing.
HARMLESS = ("GPU stall due to ReadPixels", "willReadFrequently")
KEYS = {"passed", "confirmed", "held", "edited", "unreadable", "asked", "archive"}
WIDE, PHONE = {"width": 1180, "height": 820}, {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=alert(1)>\u202elts.gnp"
Open = Callable[..., Any]


class Policed:
    """The application with the policy that it is served under."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message["headers"] if pair[0] != b"content-security-policy"]
                message["headers"] = [*others, (b"content-security-policy", CSP.encode())]
            await send(message)

        await self._app(scope, receive, sending)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """A home with submissions in several states, made once."""
    whole = bool(os.environ.get("PARTWATCH_SCREENSHOTS"))
    plan = [one for one in PLAN if whole or one.key in KEYS]
    return make_home(tmp_path_factory.mktemp("service") / "home", plan, WAITING if whole else ())


@pytest.fixture(scope="module")
def address(shown: Shown) -> Iterator[str]:
    """Where it is served, with a desk that screens."""
    with serving(shown.home, shown.settings, around=Policed) as found:
        yield found


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Open]:
    """Opens a page; at the end, nothing may have been logged, refused by the policy, or asked of others."""
    complaints: list[str] = []
    contexts = []

    def complain(message: Any, refused: str) -> None:
        if refused and f"status of {refused}" in message.text:
            return
        # A stream of events that is not served: the page asks every few seconds instead.
        if not any(one in message.text for one in HARMLESS) and "/events" not in message.location["url"]:
            complaints.append(f"{message.type}: {message.text}")

    def asked(request: Any) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            complaints.append(f"fetched {request.url}")

    def goes(path: str, viewport: dict[str, int] = WIDE, refused: str = "", **options: Any) -> Any:
        """refused: a status that the test means to be answered with; browsers log each."""
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(45_000)
        page.on("console", lambda message: complain(message, refused))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", asked)
        page.goto(address + path)
        return page

    yield goes
    for context in contexts:
        context.close()
    assert complaints == []


def pictured(page: Any, name: str, **options: Any) -> None:
    """Save it where pictures are wanted."""
    if folder := os.environ.get("PARTWATCH_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/service-{name}.png", **options)


def sample(name: str) -> bytes:
    return next(one for one in all_samples() if one.name == name).content()


def drop(page: Any, files: dict[str, bytes]) -> None:
    """Drop files as a hand does."""
    page.evaluate(
        """async (files) => {
          const carried = new DataTransfer();
          for (const [name, bytes] of Object.entries(files)) {
            carried.items.add(new File([Uint8Array.from(bytes)], name));
          }
          const place = document.getElementById("drop");
          for (const kind of ["dragenter", "dragover", "drop"]) {
            const told = { dataTransfer: carried, bubbles: true, cancelable: true };
            place.dispatchEvent(new DragEvent(kind, told));
          }
        }""",
        {name: list(content) for name, content in files.items()},
    )


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_files_are_dropped_and_watched_until_they_are_screened(opened: Open) -> None:
    page = opened("/submissions/new")
    page.get_by_label("Your reference").fill("job 4720")
    drop(page, {"housing-half.stl": sample("housing-half.stl"), HOSTILE: b"no model"})
    page.get_by_role("button", name="Take out housing-half.stl").wait_for()
    pictured(page, "submit")
    assert "2 files chosen" in page.locator("#status").text_content()
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="It is held until a person has looked at it").wait_for()
    assert "held until a person" in page.locator("#told").text_content()
    said = page.locator("main").inner_text()
    assert "What could not be read" in said
    assert "\\u202elts.gnp" in said
    assert "housing /" not in said


def test_a_form_without_script_does_the_same(opened: Open) -> None:
    page = opened("/submissions/new", java_script_enabled=False)
    page.locator("#files").set_input_files(
        [{"name": "wheel.stl", "mimeType": "model/stl", "buffer": sample("clock-wheel.stl")}]
    )
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/submissions/*")
    assert "wheel.stl" in page.locator("main").inner_text()
    assert "Load the page again" in page.locator("main").inner_text()


def test_what_can_be_taken_out_again_is_and_an_error_is_said(opened: Open) -> None:
    page = opened("/submissions/new", refused="429")
    drop(page, {"a.stl": b"1", "b.stl": b"2"})
    page.get_by_role("button", name="Take out a.stl").press("Enter")
    assert page.locator("#chosen li").count() == 1
    assert page.evaluate("document.activeElement.id") == "files"
    page.locator("#reference").evaluate(
        "(field) => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(300); }"
    )
    page.route("**/submissions/new", lambda route: route.fulfill(status=429, body="no"))
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("alert").get_by_text("too much comes at once").wait_for()
    page.unroute("**/submissions/new")


def test_a_decision_needs_a_keyboard_and_nothing_else(opened: Open, shown: Shown) -> None:
    page = opened("/review")
    first = page.locator("#queue tbody th a").first
    first.focus()
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert first.evaluate("(link) => link === document.activeElement")
    wanted = page.locator(f'#queue a[href="/review/{shown.ids["archive"]}"]')
    for _ in range(30):
        if wanted.evaluate("(link) => link === document.activeElement"):
            break
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{shown.ids['archive']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    for _ in range(60):
        if page.evaluate("document.activeElement.id") == "reason":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("Shown to the customer; a spare part of a pump of theirs.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "release"
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Released.").wait_for()
    assert "Released" in page.locator(".timeline").inner_text()


def test_a_question_that_says_too_much_comes_back(opened: Open, shown: Shown) -> None:
    page = opened(f"/review/{shown.ids['unreadable']}", refused="422")
    page.get_by_label("Reason, or the question").fill("It coincides to 98 %.")
    page.get_by_role("button", name="Ask the submitter").click()
    page.get_by_role("alert").get_by_text("a measurement").wait_for()
    assert page.get_by_label("Reason, or the question").input_value() == "It coincides to 98 %."


def test_the_body_turns_by_keys_by_buttons_and_by_dragging_and_is_never_blank(
    opened: Open, shown: Shown
) -> None:
    page = opened(f"/review/{shown.ids['edited']}")
    pictures = page.locator(".shots img")
    assert pictures.count() == 2
    for n in range(2):
        pictures.nth(n).scroll_into_view_if_needed()
        complete = "(image) => image.complete && image.naturalWidth === 720"
        until(page, complete, pictures.nth(n).element_handle())
        assert "of this body's surface" in pictures.nth(n).get_attribute("alt")
    page.get_by_role("button", name="Turn it around in 3D").press("Enter")
    canvas = page.locator(".viewer canvas")
    canvas.wait_for()
    assert canvas.evaluate("(one) => one === document.activeElement")
    seen = [drawn(canvas)]
    assert len(set(seen[0])) > 50, "the canvas is blank"

    def turned(act: Callable[[], None]) -> None:
        act()
        two_frames(page)
        seen.append(drawn(canvas))
        assert seen[-1] not in seen[:-1]

    turned(lambda: page.keyboard.press("ArrowLeft"))
    turned(lambda: page.keyboard.press("+"))
    turned(lambda: page.get_by_role("button", name="Turn up").click())

    def dragged() -> None:
        box = canvas.bounding_box()
        page.mouse.move(box["x"] + 200, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + 290, box["y"] + 220, steps=3)
        page.mouse.up()

    turned(dragged)
    page.get_by_role("button", name="Begin anew").click()
    two_frames(page)
    assert drawn(canvas) == seen[0]
    pictured(page, "review-3d")
    page.get_by_role("button", name="Close the 3D view").click()
    assert page.locator(".viewer canvas").count() == 0


def two_frames(page: Any) -> None:
    """Until what was asked for is drawn."""
    page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")


def drawn(canvas: Any) -> bytes:
    """What is on it, as bytes of a small picture."""
    pixels = canvas.evaluate(
        """(canvas) => {
          const small = document.createElement("canvas");
          [small.width, small.height] = [64, 48];
          const brush = small.getContext("2d", { willReadFrequently: true });
          brush.drawImage(canvas, 0, 0, 64, 48);
          return [...brush.getImageData(0, 0, 64, 48).data];
        }"""
    )
    return bytes(pixels)


def test_the_listed_part_is_drawn_where_a_keeper_of_the_list_asks(opened: Open, shown: Shown) -> None:
    page = opened(f"/review/{shown.ids['edited']}")
    page.get_by_role("link", name="Draw the listed parts as well").click()
    page.get_by_text("That you see them is noted").wait_for()
    page.get_by_role("button", name="Turn it around in 3D").click()
    canvas = page.locator(".viewer canvas")
    canvas.wait_for()
    assert len(set(drawn(canvas))) > 50


def test_an_answer_and_an_appeal_are_sent(opened: Open, shown: Shown) -> None:
    page = opened(f"/submissions/{shown.ids['asked']}")
    page.get_by_label("Your answer").fill("Of a hand-cranked coffee mill.")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_role("heading", name="It is held until a person has looked at it").wait_for()
    page = opened(f"/submissions/{shown.ids['confirmed']}")
    page.get_by_label("Your reason").fill("It is my own design.")
    page.get_by_role("button", name="Appeal").click()
    page.get_by_role("heading", name="It is held until a person has looked at it").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_on_a_phone_in_light_and_dark(opened: Open, shown: Shown, scheme: str) -> None:
    for path in (
        "/submissions",
        "/submissions/new",
        f"/submissions/{shown.ids['confirmed']}",
        "/review",
        f"/review/{shown.ids['held']}",
    ):
        page = opened(path, PHONE, color_scheme=scheme)
        assert fits(page), path
        assert page.locator("h1").count() == 1
        unnamed = page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
            ".filter((one) => !one.labels.length).length"
        )
        assert unnamed == 0, path
    page = opened("/review", PHONE, color_scheme="light")
    pictured(page, "phone")


def test_pictures_for_the_docs(opened: Open, shown: Shown) -> None:
    if not os.environ.get("PARTWATCH_SCREENSHOTS"):
        pytest.skip("PARTWATCH_SCREENSHOTS names no folder")
    pictured(opened("/review"), "queue")
    page = opened(f"/review/{shown.ids['edited']}", {"width": 1180, "height": 1000})
    page.locator(".shots img").first.scroll_into_view_if_needed()
    until(page, "() => [...document.querySelectorAll('.shots img')].every((one) => one.naturalWidth)")
    page.evaluate("window.scrollTo(0, 150)")
    pictured(page, "review")
