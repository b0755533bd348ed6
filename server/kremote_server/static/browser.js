// A token stands behind "#": browsers keep that part to themselves, so no server, proxy or log sees it.
"use strict";

const form = document.getElementById("form");
const said = document.getElementById("said");
const field = document.getElementById("token");

async function enter(token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const reply = await fetch("v1/browser", { headers, cache: "no-store" });
  if (reply.ok) {
    location.replace("docs");
    return;
  }
  said.textContent = token ? "This server does not know that token, or it has expired." : "";
  form.hidden = false;
  field.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(field.value.trim());
  field.value = "";
});

const given = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);
enter(given);
