// Everything works without this file; it moves the focus to what changed, which also says so to a screen reader.
(() => {
  const show = () => {
    const place = document.getElementById("fault-summary") || document.getElementById("notice");
    if (place) place.focus();
  };
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("htmx:after:swap", show);
  // A form that is on its way is not sent a second time by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "yes";
    setTimeout(() => { delete form.dataset.sent; }, 10000);
  });
})();
