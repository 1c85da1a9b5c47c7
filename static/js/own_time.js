// time[data-own-time]: the page writes times in a brand's zone, data-zone. Behind them a reader in another zone reads their own.
const { lang } = document.documentElement;
const locale = navigator.languages.find((one) => one.startsWith(lang)) ?? lang;
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;

function written(when, timeZone) {
  return when.toLocaleString(locale, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone });
}

function complete(part) {
  for (const time of part.querySelectorAll("[data-own-time]")) {
    const when = new Date(time.dateTime);
    const text = time.dataset.ownTime.replace("{time}", written(when, own));
    if (written(when, own) !== written(when, time.dataset.zone)) time.after(` (${text})`);
    delete time.dataset.ownTime;
  }
}

complete(document);
// What came later, by js/live.js, lies in a row that is opened.
document.addEventListener("toggle", (event) => complete(event.target), true);
