// Reports: says when a draft could not be saved, and goes on to the next item of many when one was sent.
(() => {
  const failed = (event) => {
    const target = event.detail?.ctx?.target;
    const place = typeof target === "string" ? document.querySelector(target) : target;
    if (place?.dataset?.failed) place.textContent = place.dataset.failed;
  };
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail?.ctx?.response?.raw?.status >= 500) failed(event);
  });

  // What was sent has become one line; the form to go on with is the next that is left, or the first.
  document.addEventListener("htmx:after:swap", (event) => {
    const sent = document.getElementById(event.detail?.ctx?.target?.id);
    if (!sent?.classList.contains("batch-done")) return;
    const left = [...document.querySelectorAll(".batch-item:not(.batch-done)")];
    const behind = left.find((item) => sent.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING);
    const next = behind || left[0];
    if (!next) { sent.tabIndex = -1; sent.focus(); return; }
    next.querySelector("details").open = true;
    next.querySelector("h2").focus();
    next.scrollIntoView({ block: "start" });
  });
})();
