// Runs the page's script in a browser that is none: what it asks the server for, and where it goes.
//   node browser_page.mjs SCRIPT URL STATUS
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [script, url, status] = process.argv.slice(2);
const place = new URL(url);
const element = () => ({ hidden: true, value: "", listeners: {}, focus() {}, addEventListener(on, act) { this.listeners[on] = act; } });
const elements = { form: element(), said: element(), token: element() };
const seen = { asked: [], went: null, shown: [] };
const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

vm.runInNewContext(readFileSync(script, "utf8"), {
  URLSearchParams,
  document: { getElementById: (id) => elements[id] },
  location: { hash: place.hash, pathname: place.pathname, replace: (to) => { seen.went = to; } },
  history: { replaceState: (state, title, to) => seen.shown.push(to) },
  fetch: async (to, options) => {
    seen.asked.push([to, options.headers]);
    return { ok: status === "204" };
  },
});
await settled();
if (!elements.form.hidden) {
  elements.token.value = " typed ";
  elements.form.listeners.submit({ preventDefault() { seen.prevented = true; } });
  await settled();
}
console.log(JSON.stringify({ ...seen, form: !elements.form.hidden, said: elements.said.textContent ?? "", left: elements.token.value }));
