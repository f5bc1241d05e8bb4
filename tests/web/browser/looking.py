"""What a browser says of a page: what it asked for, what went wrong, what is too wide, what is hard to use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
"""The rule that is of a colour scheme and of a width at once; all others are of the one or of the other."""
# The rows of a list are alike; those after the twentieth would only take time.
_CHECK = """rules => axe.run({exclude: ["tr:nth-child(n + 21)", "li:nth-child(n + 21)"]}, rules)
  .then(results => results.violations)"""
_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", e => console.error("policy: " + e.violatedDirective + " " + e.blockedURI));
"""
_TOO_WIDE = """() => document.documentElement.scrollWidth - document.documentElement.clientWidth"""
_CUT = """() => [...document.querySelectorAll("body *")].filter(element => {
  const style = getComputedStyle(element);
  return /hidden|clip/.test(style.overflowX) && element.scrollWidth > element.clientWidth && element.clientWidth > 1;
}).map(element => element.outerHTML.slice(0, 200))"""
_FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    name: (element.getAttribute("aria-label") || element.textContent).trim(),
    tag: element.tagName.toLowerCase(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth + 1 && box.top < innerHeight,
  };
}"""


class Look(NamedTuple):
    """A way to look at a page."""

    scheme: Literal["light", "dark"]
    width: int
    height: int


NARROWEST = Look("light", 320, 568)
"""A window of 1280 pixels at a zoom of 400 %."""
LOOKS = tuple(Look(scheme, *size) for size in ((1280, 800), (390, 844)) for scheme in ("light", "dark"))


@dataclass(frozen=True, slots=True)
class Focused:
    """The element that keys go to."""

    name: str
    tag: str
    outlined: bool
    inside: bool


class Witness:
    """A tab, and what it has noticed since it was opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("requestfailed", self._note_failure)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)

    def _note_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the browser's own wish, as where a page is left or closed
            self.complaints.append(f"failed: {request.url}")

    @classmethod
    async def open(cls, context: BrowserContext) -> Witness:
        """A new tab."""
        page = await context.new_page()
        await page.add_init_script(_TELL_VIOLATIONS)
        return cls(page)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    async def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    async def leave(self) -> None:
        """Look at no page, which ends what the last one does; to load one after this takes a new process."""
        await self.page.goto("about:blank")

    async def forget(self) -> None:
        """Be as a new tab, but for the page, which stays until the next: no cookie, nothing noticed, a usual size."""
        await self.page.context.clear_cookies()
        await self.page.emulate_media(media="null", color_scheme="null", reduced_motion="null")
        await self.page.set_viewport_size({"width": 1280, "height": 720})
        self.requested.clear()
        self.complaints.clear()

    async def go(self, url: str, look: Look | None = None) -> int:
        """Load a page, and return its status."""
        if look is not None:
            await self.turn_to(look)
        response = await self.page.goto(url)
        assert response is not None
        return response.status

    async def turn_to(self, look: Look) -> None:
        """Look at the page in another way."""
        await self.page.emulate_media(color_scheme=look.scheme)
        await self.page.set_viewport_size({"width": look.width, "height": look.height})

    async def text(self) -> str:
        """What a person reads on the page."""
        return await self.page.inner_text("body")

    async def problems(self, rules: Mapping[str, list[str]] = RULES) -> list[str]:
        """What makes the page hard to use for somebody, as these rules have it."""
        found = [*self.complaints, *await self.layout()]
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE_SCRIPT)
        return found + list(_told(await self.page.evaluate(_CHECK, rules)))

    async def layout(self) -> list[str]:
        """What does not fit into the page's width."""
        too_wide: int = await self.page.evaluate(_TOO_WIDE)
        found = [f"{too_wide} pixels too wide"] if too_wide else []
        cut: list[str] = await self.page.evaluate(_CUT)
        return found + [f"cut off: {html}" for html in cut]

    async def focus(self) -> Focused:
        """Where the keys go now."""
        return Focused(**await self.page.evaluate(_FOCUS))

    def strangers(self, origin: str) -> list[str]:
        """Requests to anywhere else."""
        return [url for url in self.requested if not url.startswith(f"{origin}/")]


def _told(violations: list[dict[str, Any]]) -> Iterator[str]:
    for violation in violations:
        for node in violation["nodes"]:
            yield f"{violation['id']}: {violation['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
