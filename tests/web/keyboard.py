"""Walks through a page as somebody does who has no mouse."""

from dataclasses import dataclass, field
from itertools import pairwise

from playwright.sync_api import Page, expect

# What has the focus: is its outline drawn, is it in sight and not covered, and how far down the page is it?
_LOOK = """() => {
    const element = document.activeElement;
    const box = element.getClientRects()[0] || element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const x = Math.max(0, box.left) + Math.min(8, box.width / 2);
    const hit = document.elementFromPoint(x, box.top + Math.min(8, box.height / 2));
    return {
        nothing: element === document.body,
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inSight: hit !== null && (hit === element || element.contains(hit)),
        top: box.top + scrollY,
    };
}"""


@dataclass(frozen=True)
class Stop:
    """`said` begins with role and name, e.g. `- link "规划"`; `top` is in pixels from the top of the page."""

    said: str
    top: float


@dataclass
class Keyboard:
    page: Page
    stops: list[Stop] = field(default_factory=list)

    def tab(self) -> Stop:
        """One press of Tab. Wherever it leads, one must see where that is."""
        self.page.keyboard.press("Tab")
        return self._look()

    def tab_to(self, said: str, most: int = 40) -> list[Stop]:
        """Presses Tab until the focus is on what is called so; the stops on the way, this one included."""
        way: list[Stop] = []
        while len(way) < most:
            way.append(self.tab())
            if said in way[-1].said:
                return way
        raise AssertionError(f"{said} was not reached: {[stop.said for stop in way]}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def skip_to_main(self) -> None:
        """The first stop of a page leads past its head; the focus goes there a moment after the key was pressed."""
        assert "跳到正文" in self.tab().said
        self.press("Enter")
        expect(self.page.locator("main")).to_be_focused()

    def follow(self, key: str = "Enter") -> None:
        """Presses the link or button that has the focus, and waits for the page that it leads to."""
        with self.page.expect_navigation():
            self.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def _look(self) -> Stop:
        seen = self.page.evaluate(_LOOK)
        assert not seen["nothing"], f"the focus is nowhere after {self.stops[-1:]}"
        said = self.page.locator(":focus").aria_snapshot().splitlines()[0]
        assert seen["outlined"], f"the focus cannot be seen on {said}"
        assert seen["inSight"], f"{said} has the focus and is out of sight"
        self.stops.append(Stop(said, seen["top"]))
        return self.stops[-1]


def goes_down(stops: list[Stop]) -> bool:
    """Whether the focus follows the page from top to bottom; things side by side may be a few pixels off."""
    return all(after.top >= before.top - 12 for before, after in pairwise(stops))
