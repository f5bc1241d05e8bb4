// The menu of commands that fit what is being written.

import {make, sync} from "./elements.js";

// `fill` puts a text into the box.
export function menu(box, list, fill) {
  let matches = [], chosen = 0;
  const complete = each => fill(`/${each.command} `);

  function suggest(commands) {
    const word = /^\/(\w*)$/.exec(box.value);
    matches = word ? commands.filter(each => each.command.startsWith(word[1].toLowerCase())) : [];
    chosen = Math.min(chosen, Math.max(0, matches.length - 1));
    draw();
  }

  function draw() {
    list.hidden = !matches.length;
    sync(list, matches.map((each, i) => ({...each, chosen: i === chosen})), each => each.command, each =>
      make("li", {id: `command-${each.command}`, role: "option", ariaSelected: String(each.chosen), onclick: () => { complete(each); box.focus(); }},
        make("strong", {}, `/${each.command}`), make("span", {}, each.description)));
    if (matches.length) box.setAttribute("aria-activedescendant", `command-${matches[chosen].command}`);
    else box.removeAttribute("aria-activedescendant");
    list.querySelector("[aria-selected=true]")?.scrollIntoView({block: "nearest"});
  }

  // True if the key was for the menu.
  function takes({key, shiftKey}) {
    if (!matches.length) return false;
    const exact = box.value === `/${matches[chosen].command}`;
    if (key === "ArrowDown" || key === "ArrowUp") {
      chosen = (chosen + (key === "ArrowDown" ? 1 : matches.length - 1)) % matches.length;
      draw();
    } else if (!shiftKey && (key === "Tab" || (key === "Enter" && !exact))) complete(matches[chosen]);
    else return false;
    return true;
  }

  return {suggest, takes, get isOpen() { return matches.length > 0; }};
}
