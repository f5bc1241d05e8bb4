// Making elements, and texts with entities. Texts of others become text nodes only; nothing here makes HTML.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== ""));
  return element;
}

// `key` tells which one it is, so that it keeps the focus when it is made anew.
export const button = (key, content, act, more = {}) =>
  make("button", {type: "button", "data-focus": key, onclick: act, ...more}, content);

// Bring the children of a list up to date, touching only what has changed, so that focus and selection stay.
export function sync(parent, items, key, render) {
  const names = new Set(items.map(item => String(key(item))));
  for (const child of [...parent.children]) if (!names.has(child.dataset.key)) child.remove();
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item)), state = JSON.stringify(item);
    let node = old.get(name);
    if (!node || node.state !== state) {
      const fresh = render(item);
      fresh.dataset.key = name;
      fresh.state = state;
      if (node) {
        if (node === place) place = fresh;
        exchange(node, fresh);
      }
      node = fresh;
    }
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
}

function exchange(node, fresh) {
  const focus = node.contains(document.activeElement) ? document.activeElement : null;
  for (const old of node.querySelectorAll("audio, video, img")) {  // what plays goes on, what is drawn stays
    [...fresh.querySelectorAll(old.localName)].find(each => each.src === old.src)?.replaceWith(old);
  }
  node.replaceWith(fresh);
  if (!focus) return;
  const again = [...fresh.querySelectorAll("[data-focus]")].find(each => each.dataset.focus === focus.dataset.focus);
  fresh.focus({preventScroll: true});  // first, as some buttons are hidden unless the focus is within
  again?.focus({preventScroll: true});
}

// Texts with entities, whose offsets count UTF-16 units as JavaScript does

// `where` names the text; `command` is called with a command that is pressed in it.
export function formatted(text, entities, where, command = null) {
  const usable = entities.filter(e => Number.isInteger(e.offset) && e.length > 0 && e.offset >= 0)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  return piece(text, usable, 0, text.length, {where, command});
}

function piece(text, entities, start, end, about) {
  const parts = [];
  let at = start, i = 0;
  while (i < entities.length) {
    const entity = entities[i++], from = Math.max(entity.offset, at), to = Math.min(entity.offset + entity.length, end);
    if (from >= to) continue;
    const inner = [];
    while (i < entities.length && entities[i].offset < to) inner.push(entities[i++]);
    parts.push(text.slice(at, from), styled(entity, text.slice(from, to), piece(text, inner, from, to, about), about));
    at = BLOCKS.has(entity.type) && text[to] === "\n" ? to + 1 : to;
  }
  parts.push(text.slice(at, end));
  return parts;
}

const TAGS = new Map(Object.entries({bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", expandable_blockquote: "blockquote"}));
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

function styled(entity, text, inner, {where, command}) {
  const {type} = entity;
  if (TAGS.has(type)) return make(TAGS.get(type), {}, ...inner);
  if (type === "pre") {
    const code = make("pre", {tabIndex: 0, "data-focus": `p${entity.offset}`}, make("code", {}, ...inner));
    return make("span", {className: "pre"}, entity.language ? make("small", {}, entity.language) : "", code);
  }
  if (type === "spoiler") return spoiler(`${where}:${entity.offset}`, inner);
  if (type === "bot_command" && command) return button(`c${entity.offset}`, text, () => command(text), {className: "link"});
  if (type === "url") return link(text, inner);
  if (type === "text_link") return make("span", {}, link(entity.url, inner), make("small", {className: "address"}, ` ${entity.url}`));
  return make("span", {className: "mention"}, ...inner);
}

export function link(address, inner) {
  if (!/^https?:\/\//i.test(address)) return make("span", {className: "mention"}, ...inner);
  return make("a", {href: address, target: "_blank", rel: "noopener noreferrer", "data-focus": `a${address}`}, ...inner);
}

const revealed = new Set();              // spoilers

function spoiler(key, inner) {
  const hidden = make("span", {className: "spoiler"}, ...inner);
  if (revealed.has(key)) return hidden;
  const uncover = () => { revealed.add(key); cover.replaceWith(hidden); };
  const cover = button(key, make("span", {ariaHidden: "true"}, hidden.textContent), uncover,
    {className: "cover", "aria-label": "Hidden text: show"});
  return cover;
}
