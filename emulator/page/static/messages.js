// A message as it is drawn: `look` says what is known of the chat around it, `does` what can be done with it.

import {button, formatted, link, make} from "./elements.js";
import {shown} from "./files.js";

const EMOJI = ["👍", "👎", "❤", "🔥", "🤔", "🎉"];

const time = date => new Date(date * 1000).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"});
export const day = date => new Date(date * 1000).toLocaleDateString([], {weekday: "long", day: "numeric", month: "long"});
export const tone = id => `tone${Math.abs(id) % 6}`;

export function item(message, look, does) {
  if (message.service) return make("li", {className: "service"}, message.service);
  const {author, own} = message;
  return make("li", {className: own ? "own" : "other", tabIndex: -1},
    message.newDay ? make("p", {className: "day"}, message.newDay) : "",
    make("div", {className: "bubble"}, tools(message, look, does),
      make("p", {className: look.group && !own ? `name ${tone(author.id)}` : "unseen"}, own ? "You" : author.name),
      message.topic && !look.topic ? make("p", {className: "topic"}, `# ${message.topic.name}`) : "",
      message.forwarded ? make("p", {className: "topic"}, `Forwarded from ${message.forwarded}`) : "",
      message.reply ? quote(message.reply, does) : "",
      message.media ? make("p", {className: "media"}, `[${message.media}]`) : "",
      message.file ? shown(message.file) : "",
      make("div", {className: "text"}, ...formatted(message.text, message.entities, `${look.chat}/${message.id}`, does.say)),
      make("p", {className: "foot"}, chips(message, does),
        look.finds ? button("show", "Show in the chat", () => does.go(message.id), {className: "link"}) : "",
        make("span", {className: "when"}, message.edited ? "edited " : "", make("time", {dateTime: new Date(message.date * 1000).toISOString()}, time(message.date))))),
    message.buttons.length ? keyboard(message, does) : "");
}

const quote = (reply, does) => button("quote", make("span", {}, make("strong", {}, reply.name), make("span", {}, reply.text)),
  () => does.go(reply.id), {className: reply.quoted ? "quote words" : "quote"});

// Some emoji are drawn as letters unless they are told not to be.
const drawn = emoji => /^[\u2600-\u27bf]$/.test(emoji) ? `${emoji}\ufe0f` : emoji;

function chips(message, does) {
  return make("span", {className: "chips"}, ...message.reactions.map(({emoji, type, count, mine, by}) =>
    button(`r${emoji}`, `${drawn(emoji)}${count > 1 ? ` ${count}` : ""}`, () => does.react(message.id, type),
      {className: "chip", ariaPressed: String(mine), title: by.join(", "), ariaLabel: `${emoji} by ${by.join(", ")}`})));
}

function tools(message, look, does) {
  const held = new Set(message.held.map(each => each?.emoji));
  const tool = (key, text, name, act, more = {}) => button(key, text, act, {"aria-label": name, title: name, ...more});
  const away = event => { if (event.detail) event.target.blur(); };  // for a pointer it has done its work
  const keep = event => { if (!getSelection().isCollapsed) event.preventDefault(); };  // the words to quote
  return make("div", {className: "tools", onclick: away, onmousedown: keep}, make("div", {role: "group", ariaLabel: "Act on this message"},
    ...EMOJI.map(emoji => tool(`t${emoji}`, drawn(emoji), `React with ${emoji}`, () => does.react(message.id, {type: "emoji", emoji}), {ariaPressed: String(held.has(emoji))})),
    look.writable ? tool("reply", "↩", "Reply", () => does.write("reply", message)) : "",
    look.writable && message.quotable ? tool("words", "❝", "Quote", () => does.write("quote", message), {className: "large"}) : "",
    message.editable ? tool("edit", "✎", "Edit", () => does.write("edit", message)) : ""));
}

function keyboard(message, does) {
  const key = (each, name) => {
    if (each.url) return make("span", {className: "key"}, link(each.url, [each.text]), make("small", {className: "address"}, ` ${each.url}`));
    const waits = message.waits.includes(name);
    return button(name, each.text, () => does.press(message, each, name), {className: "key", disabled: each.data === null, ariaBusy: String(waits)});
  };
  return make("div", {className: "keyboard"}, ...message.buttons.map((row, y) =>
    make("div", {}, ...row.map((each, x) => key(each, `${message.id}/${y}/${x}`)))));
}
