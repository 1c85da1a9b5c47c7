// data-passkey="get" or "create" on a form: submitting it asks the device for a passkey and sends the answer in its field
// `credential`. data-passkey-options is where the challenge comes from. Names and values are WebAuthn's (W3C, level 2).
const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const named = (list = []) => list.map((one) => ({ ...one, id: decode(one.id) }));

function readable(options) {
  const read = { ...options, challenge: decode(options.challenge) };
  if (options.user) read.user = { ...options.user, id: decode(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  return read;
}

function sendable(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: encode(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) answer[part] = encode(response[part]);
  }
  return {
    id: credential.id,
    rawId: encode(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ceremony(form) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
  const answer = await fetch(form.dataset.passkeyOptions, { method: "POST", body });
  if (!answer.ok) throw new Error(`no options: ${answer.status}`);
  const { publicKey } = await answer.json();
  return navigator.credentials[form.dataset.passkey]({ publicKey: readable(publicKey) });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey || form.elements.credential.value) return;
  event.preventDefault();
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(sendable(await ceremony(form)));
    form.submit();
  } catch {
    problem.hidden = false; // refused, taken back, or not possible here
  }
}, true);

for (const form of document.querySelectorAll("[data-passkey]")) form.hidden = !window.PublicKeyCredential;
