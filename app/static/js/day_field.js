// A calendar beside a field for a day: the field takes any spelling, the calendar fills it in. Without scripts, the field.
(() => {
  // The spellings that the server understands, as the calendar wants them; "" for anything else.
  const iso = (text) => {
    const found = text.trim().match(/^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/) || text.trim().match(/^(\d{4})(\d\d)(\d\d)$/);
    return found ? [found[1], found[2].padStart(2, "0"), found[3].padStart(2, "0")].join("-") : "";
  };

  const add = (field) => {
    if (field.dataset.calendar === "there") return;
    const calendar = document.createElement("input");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "second calendar-button";
    button.textContent = field.dataset.calendar;
    calendar.type = "date";
    calendar.max = field.dataset.max || "";
    calendar.className = "calendar-value";
    calendar.tabIndex = -1;
    calendar.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => {
      calendar.value = iso(field.value);
      try { calendar.showPicker(); } catch { field.focus(); }
    });
    calendar.addEventListener("change", (event) => {
      event.stopPropagation();  // the form listens to the field
      if (!calendar.value) return;
      field.value = calendar.value;
      field.focus();
      field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    field.dataset.calendar = "there";
    field.after(button, calendar);
  };
  const addAll = () => document.querySelectorAll("[data-calendar]").forEach(add);
  document.addEventListener("DOMContentLoaded", addAll);
  document.addEventListener("htmx:after:swap", addAll);
})();
