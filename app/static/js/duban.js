// Everything works without this file; it moves the focus to what changed and says so.
(() => {
  const announce = (text) => {
    const place = document.getElementById("announcer");
    if (!place) return;
    place.textContent = "";
    setTimeout(() => { place.textContent = text; }, 50);
  };
  const show = (root) => {
    const place = root.querySelector("#fault-summary") || root.querySelector("#notice");
    if (!place) return;
    place.focus();
    announce(place.textContent.trim());
  };
  document.addEventListener("DOMContentLoaded", () => show(document));
  document.addEventListener("htmx:after:swap", () => show(document));
  // A form that is on its way is not sent a second time by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 10000);
  });
})();
