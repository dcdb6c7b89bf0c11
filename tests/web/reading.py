"""What axe-core does not look at: is the focus always seen, and does nothing break when the reader spaces the text?"""

from playwright.sync_api import Page

# WCAG 2.2, 2.4.7 and 2.4.11: whatever can have the focus shows it, and nothing that sticks to an edge covers it.
_FOCUS = """() => {
    const faults = [];
    const reached = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"], audio, video';
    for (const element of document.querySelectorAll(reached)) {
        if (element.disabled || element.tabIndex < 0 || !element.checkVisibility({visibilityProperty: true})) continue;
        element.focus({focusVisible: true});
        const name = `${element.tagName} ${(element.innerText || element.ariaLabel || element.id).trim().slice(0, 30)}`;
        if (document.activeElement !== element) { faults.push(`${name} cannot have the focus`); continue; }
        const style = getComputedStyle(element);
        if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push(`${name} shows no focus`);
        const box = element.getClientRects()[0];
        if (!box) continue;
        const x = Math.min(Math.max(box.left, 0) + Math.min(8, box.width / 2), innerWidth - 1);
        const hit = document.elementFromPoint(x, box.top + Math.min(8, box.height / 2));
        if (!hit || !element.contains(hit))
            faults.push(`${name} has the focus, and in its place is ${hit ? hit.outerHTML.slice(0, 60) : "nothing"}`);
    }
    document.activeElement.blur();
    scrollTo(0, 0);
    return faults;
}"""

# WCAG 2.2, 1.4.12: the distances that a reader may set.
_SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
        p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets.push(sheet);
    const faults = [];
    if (document.scrollingElement.scrollWidth > innerWidth) faults.push("spaced text makes the page scroll sideways");
    for (const element of document.querySelectorAll("main *")) {
        const style = getComputedStyle(element);
        const cut = ["hidden", "clip"].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 2;
        if (cut && style.position !== "absolute" && element.innerText?.trim())
            faults.push(`spaced text is cut off in ${element.outerHTML.slice(0, 80)}`);
    }
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    return faults;
}"""


def focus_faults(page: Page) -> list[str]:
    """Puts the focus on everything that can have it, one after the other."""
    found: list[str] = page.evaluate(_FOCUS)
    return found


def spacing_faults(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_SPACING)
    return found
