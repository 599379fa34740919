/* How far the files are: without this script the form is sent all the same, and the browser shows it in its own way. */
"use strict";
document.querySelectorAll("form[enctype='multipart/form-data']").forEach((form) => {
  form.addEventListener("submit", (event) => {
    const files = form.querySelector("input[type=file]");
    if (!files || !files.files.length || !window.FormData) return;
    // A button of another kind goes elsewhere with a name of its own: the browser knows both, this script neither.
    if (event.submitter && (event.submitter.name || event.submitter.hasAttribute("formaction"))) return;
    event.preventDefault();
    const button = form.querySelector("button:not([name])");
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.setAttribute("aria-label", button.textContent);
    button.after(bar);
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.onprogress = (step) => { if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total; };
    request.onload = () => {
      history.replaceState(null, "", request.responseURL);
      document.open();
      document.write(request.responseText);
      document.close();
    };
    request.onerror = () => { bar.remove(); button.disabled = false; form.submit(); };
    request.send(new FormData(form));
  });
});
