// The review queue by keyboard. Single keys work only while the focus is inside the list and not in a field
// (WCAG 2.1.4); without this file everything is reached by Tab and Enter. templates/review/_keys.html lists the keys.
(() => {
  const list = () => document.querySelector("[data-queue]");
  const items = () => [...document.querySelectorAll("[data-item]")];
  const link = (item) => item?.querySelector("[data-open]");
  const box = (item) => item?.querySelector("input[name=item]");
  const panel = (item) => item?.querySelector("[data-decide]");
  let wanted = null;  // what is to be focused in a row once it is unfolded

  const count = () => {
    const boxes = items().map(box).filter(Boolean);
    const ticked = boxes.filter((one) => one.checked).length;
    const all = document.getElementById("tick-all");
    if (all) {
      const text = document.getElementById("tick-all-text");  // what was decided in place has no box any more
      text.textContent = text.dataset.some.replace("{}", boxes.length);
      all.closest("label").hidden = boxes.length === 0;
      all.checked = boxes.length > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
    document.querySelectorAll("[data-ticked]").forEach((told) => { told.textContent = told.dataset.ticked.replace("{}", ticked); });
    const bar = document.getElementById("ticked-bar");
    if (!bar) return;
    const appears = bar.hidden && ticked > 0;
    bar.hidden = ticked === 0;
    // What has the focus may stand where the bar appears; scroll-padding in review.css keeps it free later on.
    if (appears && document.activeElement.closest("[data-queue]")) document.activeElement.scrollIntoView({ block: "nearest" });
  };

  const prepare = () => {
    document.querySelectorAll("[data-with-scripts]").forEach((element) => { element.hidden = false; });
    document.querySelectorAll("[data-open]:not([aria-expanded])").forEach((one) => one.setAttribute("aria-expanded", "false"));
    count();
  };

  const step = (item, by) => {
    const all = items();
    const place = all.indexOf(item);
    link(all[place < 0 ? 0 : Math.min(Math.max(place + by, 0), all.length - 1)])?.focus();
  };

  const unfold = (item, then) => {
    wanted = then;
    link(item)?.click();
  };

  const keys = {
    j: (item) => step(item, 1),
    k: (item) => step(item, -1),
    a: (item) => {
      const form = panel(item);
      if (form) form.requestSubmit(form.querySelector("[value=accepted]"));
      else unfold(item, null);  // nobody accepts what was not shown
    },
    r: (item) => {
      const reason = panel(item)?.querySelector("[data-reason]");
      if (reason) reason.focus();
      else unfold(item, "[data-reason]");
    },
    x: (item) => box(item)?.click(),
    "?": () => document.getElementById("keys")?.showModal(),
  };
  keys["？"] = keys["?"];

  document.addEventListener("keydown", (event) => {
    const key = keys[event.key];
    if (!key || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat && event.key === "a") return;
    const place = event.target;
    if (!place.closest?.("[data-queue]") || place.closest("dialog")) return;
    if (place.matches("textarea, select, input:not([type=checkbox])") || place.isContentEditable) return;
    const item = place.closest("[data-item]");
    if (!item && !["j", "k", "?", "？"].includes(event.key)) return;
    event.preventDefault();
    key(item);
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-keys]")) keys["?"]();
    if (event.target.closest?.("[data-to-several]")) {
      event.preventDefault();  // an address of its own would make "back" fetch the list anew, without the ticks
      const several = document.getElementById("several-panel");
      several.focus({ preventScroll: true });
      several.scrollIntoView({ block: "start" });
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "tick-all") items().map(box).filter(Boolean).forEach((one) => { one.checked = event.target.checked; });
    if (event.target.closest?.("[data-queue]")) count();
  });

  document.addEventListener("DOMContentLoaded", () => {
    prepare();
    // Listens behind duban.js, which moves the focus to what was swapped in.
    // The row that was decided says so (data-announce, by duban.js); the focus goes on to the next one that waits.
    document.addEventListener("htmx:after:swap", (event) => {
      if (!list()) return;
      prepare();
      const id = event.detail?.ctx?.target?.id;
      const swapped = id && document.getElementById(id);
      if (!swapped) return;
      if (swapped.matches(".item-decided")) {
        let next = swapped.nextElementSibling;
        while (next && !next.matches("[data-item]")) next = next.nextElementSibling;
        (link(next || items()[0]) || document.getElementById("queue-again"))?.focus();
      } else if (wanted) {
        swapped.querySelector(wanted)?.focus();
      }
      wanted = null;
    });
  });
})();
