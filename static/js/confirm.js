// data-confirm="What will happen" on a button or a form asks once, in a dialog. data-confirm-label names the button that does it.
let confirmed = null;

function part(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function ask(text, label, isDanger) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "confirm-text");
  const question = part("p", "", text);
  question.id = "confirm-text";
  const no = part("button", "button button-secondary", "Cancel");
  const yes = part("button", `button button-${isDanger ? "danger" : "primary"}`, label);
  const foot = part("div", "dialog-foot", "");
  foot.append(no, yes);
  dialog.append(question, foot);
  document.body.append(dialog);
  return new Promise((resolve) => {
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => dialog.close("yes"));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    dialog.showModal();
  });
}

function words(asker, submitter) {
  const form = asker.closest("form");
  const checked = form?.dataset.allChosen ?? form?.querySelectorAll("[data-select]:checked").length ?? 0;
  const text = asker.dataset.confirm.replaceAll("{count}", String(checked));
  const label = asker.dataset.confirmLabel ?? submitter?.textContent.trim() ?? "Continue";
  return [text, label];
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const asker = submitter?.closest("[data-confirm]") ?? (form.matches("[data-confirm]") ? form : null);
  if (!asker) return;
  if (confirmed === form) {
    confirmed = null;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const [text, label] = words(asker, submitter);
  const isDanger = asker.dataset.confirmKind === "danger" || Boolean(submitter?.matches(".button-danger, .danger"));
  if (!(await ask(text, label, isDanger))) return;
  confirmed = form;
  form.requestSubmit(submitter);
}, { capture: true });
