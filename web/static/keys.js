/* Keys at the desk: for people who want them, and only where nobody is typing. Everything they do is also a link, a
   field or a button of the page; without this script, or switched off, nothing is missing (WCAG 2.1.4). */
"use strict";
(() => {
  const panel = document.getElementById("keys");
  if (!panel) return;
  const choice = panel.querySelector("input[type=checkbox]");
  const store = { read: () => { try { return localStorage.getItem("keys"); } catch { return null; } },
    write: (value) => { try { localStorage.setItem("keys", value); } catch { /* this page only */ } } };
  choice.checked = store.read() !== "off";
  choice.addEventListener("change", () => store.write(choice.checked ? "on" : "off"));
  document.querySelectorAll("[data-keys]").forEach((one) => { one.hidden = false; });

  const isTyping = (target) => target.isContentEditable
    || (target.matches && target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, audio, video"));
  const focus = (target) => {
    if (!target) return false;
    const folded = target.closest("details:not([open])");
    if (folded) folded.open = true;
    target.focus();
    target.scrollIntoView({ block: "nearest" });
    return true;
  };
  const step = (by) => {
    const lines = [...document.querySelectorAll(".queue .what a, .tickets > li > a, .timeline article")];
    lines.filter((one) => one.tagName === "ARTICLE").forEach((one) => { one.tabIndex = -1; });
    const here = lines.findIndex((one) => one === document.activeElement || one.contains(document.activeElement));
    return focus(lines[here < 0 ? (by > 0 ? 0 : lines.length - 1) : Math.min(Math.max(here + by, 0), lines.length - 1)]);
  };
  const write = (kind) => {
    const radio = document.querySelector(`input[name=as][value=${kind}]`);
    if (radio && radio.type === "radio") radio.checked = true;
    const only = document.querySelector("form[action$='/act'] input[type=hidden][name=as]");
    return !(kind === "reply" && only) && focus(document.querySelector("textarea[name=text]"));
  };
  const press = (button) => {
    if (button) button.click();
    return Boolean(button);
  };
  const help = () => {
    if (panel.open) { panel.close(); } else { panel.showModal(); }
    return true;
  };
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    "/": () => focus(document.getElementById("q")),
    r: () => write("reply"),
    n: () => write("note"),
    t: () => press(document.querySelector("input[name=take] ~ button")),
    "?": help,
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (isTyping(event.target) || !choice.checked || (panel.open && event.key !== "?")) return;
    const act = Object.hasOwn(acts, event.key) && acts[event.key];
    if (act && act()) event.preventDefault();
  });
  document.querySelectorAll("[data-keys]").forEach((one) => one.addEventListener("click", help));
})();
