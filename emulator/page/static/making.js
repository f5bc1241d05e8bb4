// The dialog in which people, chats and topics are named.

import {make} from "./elements.js";

const $ = id => document.getElementById(id);

// `others` are the people to choose members from, where there are members; `made` gets {name, kind, members}.
export function dialog(title, made, {others = null, kinds = false} = {}) {
  const form = $("ask").querySelector("form");
  form.reset();
  $("ask-title").textContent = title;
  $("ask-kinds").hidden = !kinds;
  $("ask-members").hidden = !others;
  $("ask-members").replaceChildren(make("legend", {}, "Members, besides you and the bot"), ...(others ?? []).map(person =>
    make("label", {}, make("input", {type: "checkbox", name: "member", value: person.id}), ` ${person.name}`)), others?.length ? "" : "Nobody else is here yet.");
  form.onsubmit = async event => {
    event.preventDefault();
    const given = new FormData(form);
    $("ask").close();
    await made({name: given.get("name").trim() || "Nameless", kind: given.get("kind"), members: given.getAll("member").map(Number)});
  };
  $("ask").showModal();
  $("ask-name").focus();
}

$("ask-no").onclick = () => $("ask").close();
