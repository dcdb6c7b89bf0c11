// Everything works without this file; it moves the focus to what changed and says to a screen reader what happened.
(() => {
  const say = (text) => {
    const place = document.getElementById("announcement");
    if (!place) return;
    place.textContent = "";
    requestAnimationFrame(() => { place.textContent = text; });  // the same sentence twice is said twice
  };

  // A notice or a list of faults takes the focus, which reads it out; where nothing asks for the focus it stays,
  // and the first element with data-announce says what is on the page now.
  const show = (part) => {
    const place = part.querySelector("#fault-summary, #notice, [data-focus]");
    if (place) place.focus();
    else if (part !== document) {
      const told = part.matches?.("[data-announce]") ? part : part.querySelector("[data-announce]");
      if (told) say(told.dataset.announce);
    }
  };
  document.addEventListener("DOMContentLoaded", () => show(document));
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    const above = document.getElementById("above");
    if (above && target !== above && target !== "#above") above.replaceChildren();  // what it said is over
    // An outer swap takes the target away; what stands in its place bears the same id.
    const id = typeof target === "string" ? target.replace("#", "") : target?.id;
    show((target?.isConnected && target) || (id && document.getElementById(id)) || document.getElementById("main"));
  });

  // Without an answer there is nothing to show: say so where errors are said. Drafts say it themselves, beside the form.
  document.addEventListener("htmx:error", (event) => {
    const above = document.getElementById("above");
    if (!above || event.detail?.ctx?.response || event.detail?.ctx?.request?.method !== "GET") return;
    const box = Object.assign(document.createElement("div"), { className: "beside" });
    box.setAttribute("role", "alert");
    box.append(Object.assign(document.createElement("p"), { textContent: above.dataset.cutOff }));
    above.replaceChildren(box);
  });

  // A form that is on its way is not sent a second time by a second click; caught before htmx hears of it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 10000);
  }, true);
  document.addEventListener("htmx:finally:request", (event) => { delete event.target.dataset?.sent; });
})();
